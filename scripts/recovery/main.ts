/**
 * Measures how long partitions stand still while instances come and go: see `--help`.
 */
import { rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Screen } from '../demo/screen.ts'
import { startOwn } from '../testbed/testbed.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { Cleanup } from '../torture/cleanup.ts'
import { measureOutage } from './outage.ts'
import { measureRebalances } from './rebalance.ts'
import { idleDistributions, outageReport, rebalanceReport, restartReport } from './report.ts'
import { ENDINGS, measureRestarts } from './restart.ts'

const RATE = 1_200
const ROUNDS = 5
const REBALANCE_PARTITIONS = 24
const RESTART_PARTITIONS = 6
const STEADY_MS = 3_000
const BOUNDS = { movedMs: 2_000, untouchedMs: 1_000 } as const
const ROLLING_MS = 3_000
const AWAY_SECONDS = 200
const OUTAGE_BOUNDS = { residentRiseMiB: 64, cpuShare: 0.25, backMs: 15_000 } as const
/** The service's default `SESSION_TIMEOUT_MS`, and what the recovery may take beyond it. */
const CRASH_MS = 8_000 + 3_000

const HELP = `Usage: node scripts/recovery/main.ts [rebalance|restart|outage]… [--rate N] [--rounds N] [--json]

Runs instances of the service on a broker and a registry of its own under steady load, and looks at their
commits as a read-committed reader does. Afterwards everything is compared with a sequential fold over the
input log: nothing may be lost or doubled.

  rebalance    ${REBALANCE_PARTITIONS} partitions, instances go 1 → 3 → 2 → 1: how long each partition is without a commit.
               At most: its restore + ${BOUNDS.movedMs} ms where it moves, ${BOUNDS.untouchedMs} ms where it does not
  restart      SIGTERM and a new process of the same name: at most ${ROLLING_MS} ms to its first commit, without a
               rebalance; SIGKILL and a new process, or a takeover: at most ${CRASH_MS} ms to a commit everywhere
  outage       the broker is killed, and comes back after a while: resident memory may rise by at most
               ${OUTAGE_BOUNDS.residentRiseMiB} MiB meanwhile, CPU time is at most ${OUTAGE_BOUNDS.cpuShare} of a core, and ${OUTAGE_BOUNDS.backMs} ms after
               its return every partition has a commit

  --away N     seconds the broker is away (default ${AWAY_SECONDS})
  --rate N     records a second (default ${RATE})
  --rounds N   times each ending is tried (default ${ROUNDS})
  --json       prints the result as JSON

Exit status: 0 all of it holds; 1 something does not; 2 wrong usage.
`

const NAMES = ['rebalance', 'restart', 'outage'] as const
type Name = (typeof NAMES)[number]

/** What is measured with. */
interface Common {
  readonly addresses: Testbed
  readonly rate: number
  readonly rounds: number
  readonly awayMs: number
  readonly signal: AbortSignal
  readonly screen: Screen
}

type Measure = (common: Common, cleanup: Cleanup) => Promise<Measured>

/** What a measurement came to. */
interface Measured {
  readonly text: string
  readonly json: object
  readonly failures: readonly string[]
  readonly logs: string
}

const MEASURES = { rebalance, restart, outage } as const satisfies Record<Name, Measure>

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
  const awayMs = Number(values.away ?? AWAY_SECONDS) * 1_000
  const isKnown = positionals.every((name) => NAMES.some((known) => known === name))
  if (!(rate > 0 && rounds > 0 && awayMs > 0 && isKnown)) {
    process.stderr.write(HELP)
    return 2
  }
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  process.once('SIGTERM', () => ending.abort())
  const names =
    positionals.length === 0 ? NAMES : NAMES.filter((each) => positionals.includes(each))
  const addresses = await startOwn()
  const screen = new Screen()
  const results: Record<string, object> = {}
  const failures: string[] = []
  try {
    for (const name of names) {
      if (ending.signal.aborted) break
      const common = { addresses, rate, rounds, awayMs, signal: ending.signal, screen }
      const measured = await run(name, common)
      results[name] = measured.json
      failures.push(...measured.failures)
    }
  } finally {
    await addresses.stop(failures.length > 0)
  }
  for (const failure of failures) screen.step(`FAILS: ${failure}`)
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ ...results, failures }, undefined, 2)}\n`)
  }
  return failures.length === 0 ? 0 : 1
}

/** One measurement; what it started has ended when it returns. */
async function run(name: Name, common: Common): Promise<Pick<Measured, 'json' | 'failures'>> {
  const { screen } = common
  screen.step(`${name}, load average ${loadAverage()}`)
  const cleanup = new Cleanup()
  const failures: string[] = []
  let json: object = {}
  try {
    const measured = await MEASURES[name](common, cleanup)
    ;({ json } = measured)
    failures.push(...measured.failures)
    screen.block(measured.text)
    if (failures.length === 0) rmSync(measured.logs, { recursive: true })
    else screen.step(`logs are kept in ${measured.logs}`)
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    failures.push(...(await cleanup.run()))
  }
  screen.step(`load average ${loadAverage()}`)
  return { json, failures }
}

/** Above the number of cores, times say more of the machine than of the service. */
function loadAverage(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}

async function rebalance(common: Common, cleanup: Cleanup): Promise<Measured> {
  const plan = { ...common, partitions: REBALANCE_PARTITIONS, bounds: BOUNDS, steadyMs: STEADY_MS }
  const result = await measureRebalances(plan, cleanup)
  const json = { ...result, distributions: idleDistributions(result) }
  return { ...result, text: rebalanceReport(result), json }
}

async function restart(common: Common, cleanup: Cleanup): Promise<Measured> {
  const result = await measureRestarts(
    {
      ...common,
      partitions: RESTART_PARTITIONS,
      endings: ENDINGS,
      bounds: { rollingMs: ROLLING_MS, crashMs: CRASH_MS },
      onRound: (round) => common.screen.step(JSON.stringify(round)),
    },
    cleanup,
  )
  return { ...result, text: restartReport(result), json: result }
}

async function outage(common: Common, cleanup: Cleanup): Promise<Measured> {
  const plan = { ...common, partitions: RESTART_PARTITIONS, bounds: OUTAGE_BOUNDS }
  const result = await measureOutage(plan, cleanup)
  return { ...result, text: outageReport(result), json: result }
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        away: { type: 'string' },
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
