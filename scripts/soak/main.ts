/**
 * Looks for what grows with time: see `--help`.
 */
import { Screen, table, whole } from '../demo/screen.ts'
import { runCommand } from '../options.ts'
import type { OptionValues } from '../options.ts'
import { soak } from './run.ts'
import type { SoakResult } from './run.ts'
import { RISE_MAX_PER_MINUTE } from './verdict.ts'

const MINUTES = 10
const RATE = 1_000
const REBALANCE_SECONDS = 30

const HELP = `Usage: node scripts/soak/main.ts [--minutes N] [--rate N] [--json]

Runs the service on a broker and a registry of its own under steady load, with commits as fast as they come
and a second instance that joins or leaves every ${REBALANCE_SECONDS} s. Each second resident memory, handles, threads and
event-loop delay of the first instance are sampled. After a warm-up of a third of the run, the slope of each
(Theil–Sen estimator: the median of the slopes between all pairs of samples) must stay under its bound:

  resident memory    ${RISE_MAX_PER_MINUTE.residentMiB} MiB a minute
  handles            ${RISE_MAX_PER_MINUTE.handles} a minute
  threads            ${RISE_MAX_PER_MINUTE.threads} a minute
  event-loop delay   ${RISE_MAX_PER_MINUTE.eventLoopDelayMs} ms a minute (of each second's 99th percentile)

  --minutes N  how long (default ${MINUTES}); below five, memory has not settled and may fail
  --rate N     records a second (default ${RATE})
  --json       prints the result with all samples as JSON

Exit status: 0 all of it holds; 1 something does not; 2 wrong usage.
`

const OPTIONS = { minutes: 'number', rate: 'number', json: 'flag' } as const

process.exit(await runCommand({ help: HELP, options: OPTIONS, run }))

async function run(options: OptionValues<typeof OPTIONS>): Promise<number> {
  const { minutes = MINUTES, rate = RATE } = options
  const screen = new Screen()
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  process.once('SIGTERM', () => ending.abort())
  const result = await soak({
    minutes,
    rate,
    rebalanceSeconds: REBALANCE_SECONDS,
    onStep: (text) => screen.step(text),
    signal: ending.signal,
  })
  const text = options.json ? JSON.stringify(result, undefined, 2) : reportOf(result)
  process.stdout.write(`${text}\n`)
  for (const folder of result.logs) screen.step(`logs are kept in ${folder}`)
  return result.failures.length === 0 ? 0 : 1
}

function reportOf(result: SoakResult): string {
  const { trends, failures } = result
  const head = ['figure', 'after warm-up', 'median', 'last', 'rise a minute', 'at most', '']
  const rows = trends.map((trend) => [
    trend.figure,
    ...[trend.first, trend.median, trend.last].map((value) => value.toFixed(1)),
    trend.risePerMinute.toFixed(3),
    `${trend.riseMaxPerMinute}`,
    trend.holds ? 'holds' : 'FAILS',
  ])
  const facts = [
    ['minutes', `${result.minutes}`],
    ['records', whole(result.records)],
    ['answered', whole(result.answered)],
    ['commits of the measured instance', whole(result.commits)],
    ['times the second instance came or went', whole(result.rebalances)],
    ['longest standstill', `${whole(result.longestStandstillMs)} ms`],
  ]
  const closing = failures.length === 0 ? ['holds'] : failures.map((each) => `FAILS: ${each}`)
  return [table([head, ...rows]), table(facts), ...closing].join('\n\n')
}
