import { rmSync } from 'node:fs'
import { UsageError } from '../../scripts/options.ts'
import type { Command, OptionValues } from '../../scripts/options.ts'
import { startTestbed } from '../../scripts/testbed/testbed.ts'
import { EVENT_SCHEMA } from '../events.ts'
import { testedOn } from '../machine.ts'
import { namesOf } from '../options.ts'
import { format, Progress } from '../progress.ts'
import { registerSchema } from '../registry.ts'
import { record, withSeries } from '../results-file.ts'
import { fillInput, runBacklog } from './backlog.ts'
import type { BacklogRun } from './backlog.ts'
import { CONTESTANTS } from './contestants.ts'
import type { ContestantName } from './contestants.ts'
import { runLatency } from './latency.ts'
import type { LatencyRun } from './latency.ts'
import { problemsOf, seriesTable } from './report.ts'
import type { Series } from './report.ts'
import type { Stage } from './running.ts'
import { setUp } from './setup.ts'
import { peerVersions } from './versions.ts'

const NAMES = Object.keys(CONTESTANTS) as ContestantName[]
const USUAL = 'streams,streams-batch,plain,millrace'
const HELP = `Usage: npm run bench -- peers [options]

Runs what does the same work as Millrace (see bench/peers/README.md) on one broker, one after the other,
round by round, and compares. Sets up what is missing: needs python3 with venv, Maven and a JDK.

  --peers NAMES   comma-separated, of: ${NAMES.join(', ')}
                  (default ${USUAL})
  --part PART     backlog or latency                    (default backlog)
  --events N      events of a backlog                   (default 400000)
  --rounds N      rounds over all peers                 (default 3)
  --rate N        events/s of a latency run             (default 2000)
  --seconds N     measured seconds of a latency run     (default 30)
  --record        keeps the series in bench/results.json; \`npm run docs\` makes RESULTS.md of it
  --json          prints the series as JSON
  --help          prints this

A setting of the service in the environment, e.g. BATCH_MAX_RECORDS, holds for Millrace.
Exit status: 0 measured and correct; 1 a peer failed or its outputs are wrong; 2 wrong usage.
`
const OPTIONS = {
  peers: 'text',
  part: 'text',
  events: 'whole',
  rounds: 'whole',
  rate: 'whole',
  seconds: 'whole',
  record: 'flag',
  json: 'flag',
} as const

/** The comparison with others that do the same work. */
export const peersCommand: Command<typeof OPTIONS> = { help: HELP, options: OPTIONS, run }

async function run(values: OptionValues<typeof OPTIONS>): Promise<number> {
  const { rounds = 3, json } = values
  const names = namesOf('--peers', values.peers ?? USUAL, NAMES)
  const part = values.part ?? 'backlog'
  if (part !== 'backlog' && part !== 'latency') {
    throw new UsageError(`--part must be backlog or latency, got ${part}`)
  }
  const screen = new Progress()
  const tools = setUp()
  const testbed = await startTestbed()
  try {
    const schemaId = await registerSchema(testbed.registryUrl, 'peer-events', EVENT_SCHEMA)
    const stage: Stage = { testbed, tools, schemaId }
    const plan = { names, rounds, screen }
    const series: Series =
      part === 'backlog'
        ? await backlogs(stage, plan, values.events ?? 400_000)
        : await latencies(stage, plan, {
            rate: values.rate ?? 2_000,
            seconds: values.seconds ?? 30,
          })
    if (values.record) record((kept) => withSeries(kept, series))
    process.stdout.write(json ? `${JSON.stringify(series, undefined, 2)}\n` : seriesTable(series))
    const problems = problemsOf(series)
    for (const problem of problems) process.stdout.write(`NOT AS NEEDED: ${problem}\n`)
    return problems.length === 0 ? 0 : 1
  } finally {
    await testbed.stop()
    rmSync(tools.modelFolder, { recursive: true, force: true })
  }
}

interface SeriesPlan {
  readonly names: readonly ContestantName[]
  readonly rounds: number
  readonly screen: Progress
}

async function backlogs(stage: Stage, plan: SeriesPlan, events: number): Promise<Series> {
  const { screen } = plan
  screen.step(`filling a topic with ${format(events)} events`)
  const input = await fillInput(stage, events)
  const rounds = await eachRound(plan, async (name): Promise<BacklogRun> => {
    const result = await runBacklog(stage, name, { input, events })
    screen.step(`${name}: ${format(result.eventsPerSecond)} events/s`)
    return result
  })
  return { part: 'backlog', events, ...testedOn(peerVersions()), rounds }
}

async function latencies(
  stage: Stage,
  plan: SeriesPlan,
  load: { readonly rate: number; readonly seconds: number },
): Promise<Series> {
  const rounds = await eachRound(plan, async (name): Promise<LatencyRun> => {
    const result = await runLatency(stage, name, load)
    plan.screen.step(`${name}: P50 ${result.p50.toFixed(1)}, P99 ${result.p99.toFixed(1)} ms`)
    return result
  })
  return { part: 'latency', ...load, ...testedOn(peerVersions()), rounds }
}

/** All peers in turn, so that a noisy minute does not fall on one alone. */
async function eachRound<Result>(
  { names, rounds, screen }: SeriesPlan,
  measure: (name: ContestantName) => Promise<Result>,
): Promise<Result[][]> {
  const results: Result[][] = []
  for (let round = 1; round <= rounds; round++) {
    screen.step(`round ${round} of ${rounds}`)
    const measured: Result[] = []
    for (const name of names) measured.push(await measure(name))
    results.push(measured)
  }
  return results
}
