/**
 * Measures how long partitions stand still while instances come and go: see `--help`.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Screen } from '../demo/screen.ts'
import { startOwn } from '../testbed/testbed.ts'
import { Cleanup } from '../torture/cleanup.ts'
import { measureRebalances } from './rebalance.ts'
import { idleDistributions, rebalanceReport, restartReport } from './report.ts'
import { ENDINGS, measureRestarts } from './restart.ts'

const RATE = 1_200
const ROUNDS = 5
const REBALANCE_PARTITIONS = 24
const RESTART_PARTITIONS = 6
const STEADY_MS = 3_000
const BOUNDS = { movedMs: 2_000, untouchedMs: 1_000 } as const
const ROLLING_MS = 3_000
/** The service's own default, and what the recovery may take beyond it. */
const CRASH_MS = 6_000 + 3_000

const HELP = `Usage: node scripts/recovery/main.ts [rebalance|restart]… [--rate N] [--rounds N] [--json]

Runs instances of the service on a broker and a registry of its own under steady load, and looks at their
commits as a read-committed reader does. Afterwards everything is compared with a sequential fold over the
input log: nothing may be lost or doubled.

  rebalance    ${REBALANCE_PARTITIONS} partitions, instances go 1 → 3 → 2 → 1: how long each partition is without a commit.
               At most: its restore + ${BOUNDS.movedMs} ms where it moves, ${BOUNDS.untouchedMs} ms where it does not
  restart      SIGTERM and a new process of the same name: at most ${ROLLING_MS} ms to its first commit, without a
               rebalance; SIGKILL and a new process, or a takeover: at most ${CRASH_MS} ms to a commit everywhere

  --rate N     records a second (default ${RATE})
  --rounds N   times each ending is tried (default ${ROUNDS})
  --json       prints the result as JSON

Exit status: 0 all of it holds; 1 something does not; 2 wrong usage.
`

type Measured = { readonly failures: readonly string[]; readonly logs: string }

process.exit(await main())

async function main(): Promise<number> {
  const read = options()
  if (read === undefined) return 2
  const { values, positionals } = read
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const rate = Number(values.rate ?? RATE)
  const rounds = Number(values.rounds ?? ROUNDS)
  const isKnown = positionals.every((name) => name === 'rebalance' || name === 'restart')
  if (!(rate > 0 && rounds > 0 && isKnown)) {
    process.stderr.write(HELP)
    return 2
  }
  const screen = new Screen()
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  process.once('SIGTERM', () => ending.abort())
  const isAsked = (name: 'rebalance' | 'restart'): boolean =>
    positionals.length === 0 || positionals.includes(name)
  const addresses = await startOwn()
  const common = { addresses, rate, signal: ending.signal }
  const results: Record<string, object> = {}
  const failures: string[] = []
  const run = async <Result extends Measured>(
    name: 'rebalance' | 'restart',
    measure: (cleanup: Cleanup) => Promise<Result>,
    report: (result: Result) => { readonly text: string; readonly json: object },
  ): Promise<void> => {
    if (!isAsked(name) || ending.signal.aborted) return
    screen.step(name)
    const cleanup = new Cleanup()
    try {
      const result = await measure(cleanup)
      const { text, json } = report(result)
      results[name] = json
      screen.block(text)
      failures.push(...result.failures)
      if (result.failures.length === 0) rmSync(result.logs, { recursive: true })
      else screen.step(`logs are kept in ${result.logs}`)
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      failures.push(...(await cleanup.run()))
    }
  }
  try {
    await run(
      'rebalance',
      (cleanup) =>
        measureRebalances(
          { ...common, partitions: REBALANCE_PARTITIONS, bounds: BOUNDS, steadyMs: STEADY_MS },
          cleanup,
        ),
      (result) => ({
        text: rebalanceReport(result),
        json: { ...result, distributions: idleDistributions(result) },
      }),
    )
    await run(
      'restart',
      (cleanup) =>
        measureRestarts(
          {
            ...common,
            partitions: RESTART_PARTITIONS,
            endings: ENDINGS,
            rounds,
            bounds: { rollingMs: ROLLING_MS, crashMs: CRASH_MS },
            onRound: (round) => screen.step(JSON.stringify(round)),
          },
          cleanup,
        ),
      (result) => ({ text: restartReport(result), json: result }),
    )
  } finally {
    await addresses.stop(failures.length > 0)
  }
  for (const failure of failures) screen.step(`FAILS: ${failure}`)
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ ...results, failures }, undefined, 2)}\n`)
  }
  return failures.length === 0 ? 0 : 1
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rate: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return undefined
  }
}
