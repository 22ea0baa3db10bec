import type { TestedOn } from '../machine.ts'
import { spreadOf } from '../statistics.ts'
import type { Spread } from '../statistics.ts'
import type { BacklogRun } from './backlog.ts'
import { CONTESTANTS } from './contestants.ts'
import type { ContestantName } from './contestants.ts'
import type { LatencyRun } from './latency.ts'

/** A measured comparison: the runs of each round, in the order in which they were made. */
export type Series = TestedOn &
  (
    | {
        readonly part: 'backlog'
        readonly events: number
        readonly rounds: readonly BacklogRun[][]
      }
    | {
        readonly part: 'latency'
        readonly rate: number
        readonly seconds: number
        readonly rounds: readonly LatencyRun[][]
      }
  )

/** What every peer's rows come to, by number of events. */
const KNOWN_DIGESTS: Readonly<Record<number, string>> = { 400_000: '557774cf' }
/** Scores may differ in the last bits of float32. */
const SCORE_TOLERANCE = 1e-6

/** The peers of a series, in order, with their runs. */
export function byPeer<Run extends { readonly peer: ContestantName }>(
  rounds: readonly (readonly Run[])[],
): ReadonlyMap<ContestantName, readonly Run[]> {
  const runs = new Map<ContestantName, Run[]>()
  for (const run of rounds.flat()) runs.set(run.peer, [...(runs.get(run.peer) ?? []), run])
  return runs
}

/** What load a series was measured under. */
export function titleOf(series: Series): string {
  return series.part === 'backlog'
    ? `Backlog of ${whole(series.events)} events`
    : `Latency at ${whole(series.rate)} events/s`
}

/** The series as a table, Markdown. */
export function seriesTable(series: Series): string {
  const rows = series.part === 'backlog' ? backlogRows(series.rounds) : latencyRows(series.rounds)
  const [head = [], ...body] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('')
}

function backlogRows(rounds: readonly BacklogRun[][]): string[][] {
  const head = [
    'peer',
    'events/s: median (all runs)',
    'Millrace is so many times as fast, in the same round: median (spread)',
    'CPU-s per million events',
    "broker's CPU-s per million",
    'peak MiB',
    'start to first record, s',
    'start to first commit, s',
    'correct',
  ]
  const body = [...byPeer(rounds)].map(([name, runs]) => {
    const of = (pick: (run: BacklogRun) => number): Spread => spreadOf(runs.map(pick))
    const rates = runs.map((run) => whole(run.eventsPerSecond)).join(', ')
    return [
      CONTESTANTS[name].title,
      `**${whole(of((run) => run.eventsPerSecond).median)}** (${rates})`,
      ratioText(rounds, name),
      of((run) => run.cpuSecondsPerMillion).median.toFixed(1),
      of((run) => run.brokerCpuSecondsPerMillion ?? Number.NaN).median.toFixed(1),
      whole(of((run) => run.peakResidentMiB).most),
      of((run) => run.firstRecordSeconds).median.toFixed(2),
      of((run) => run.firstCommitSeconds).median.toFixed(2),
      `${runs.filter((run) => run.isCorrect).length} of ${runs.length}`,
    ]
  })
  return [head, ...body]
}

/** How many times as fast as a peer ours is, round by round. */
export function ratios(rounds: readonly BacklogRun[][], name: ContestantName): readonly number[] {
  return rounds.flatMap((runs) => {
    const rateOf = (wanted: ContestantName): number | undefined =>
      runs.find((run) => run.peer === wanted)?.eventsPerSecond
    const [ours, theirs] = [rateOf('millrace'), rateOf(name)]
    return ours === undefined || theirs === undefined ? [] : [ours / theirs]
  })
}

function ratioText(rounds: readonly BacklogRun[][], name: ContestantName): string {
  const found = ratios(rounds, name)
  if (found.length === 0 || name === 'millrace') return ''
  const { median: middle, least, most } = spreadOf(found)
  return `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`
}

function latencyRows(rounds: readonly LatencyRun[][]): string[][] {
  const head = [
    'peer',
    'P50 ms: median (spread)',
    'P95 ms',
    'P99 ms: median (spread)',
    'max ms',
    'CPU, % of a core',
    "broker's CPU, %",
    'peak MiB',
    'missing / double',
    'correct',
  ]
  const body = [...byPeer(rounds)].map(([name, runs]) => {
    const of = (pick: (run: LatencyRun) => number): Spread => spreadOf(runs.map(pick))
    const all = (pick: (run: LatencyRun) => number): number =>
      runs.reduce((sum, run) => sum + pick(run), 0)
    return [
      CONTESTANTS[name].title,
      withSpread(of((run) => run.p50)),
      of((run) => run.p95).median.toFixed(1),
      withSpread(of((run) => run.p99)),
      of((run) => run.max).most.toFixed(1),
      of((run) => run.cpuPercent).median.toFixed(1),
      of((run) => run.brokerCpuPercent ?? Number.NaN).median.toFixed(1),
      whole(of((run) => run.peakResidentMiB).most),
      `${all((run) => run.missing)} / ${all((run) => run.duplicates)}`,
      `${runs.filter((run) => run.isCorrect).length} of ${runs.length}`,
    ]
  })
  return [head, ...body]
}

function withSpread({ median: middle, least, most }: Spread): string {
  return `**${middle.toFixed(1)}** (${least.toFixed(1)} to ${most.toFixed(1)})`
}

/** What is wrong with the outputs: of one run, or between peers, who must agree to the bit. */
export function problemsOf(series: Series): readonly string[] {
  const runs: readonly (BacklogRun | LatencyRun)[] = series.rounds.flat()
  const wrong = runs.filter((run) => !run.isCorrect)
  const problems = wrong.map((run) => `${run.peer}: outputs are missing, or there twice`)
  return series.part === 'latency' ? problems : [...problems, ...disagreements(series)]
}

function disagreements({
  events,
  rounds,
}: Extract<Series, { part: 'backlog' }>): readonly string[] {
  const read = rounds
    .flat()
    .flatMap(({ peer, outputs }) => ('audits' in outputs ? [{ peer, outputs }] : []))
  const [first] = read
  if (first === undefined) return []
  const known = KNOWN_DIGESTS[events] ?? first.outputs.auditDigest
  return read.flatMap(({ peer, outputs }) => {
    const { auditDigest, featuresDigest, scoreSum } = outputs
    const isSame =
      auditDigest === known &&
      featuresDigest === first.outputs.featuresDigest &&
      Math.abs(scoreSum / first.outputs.scoreSum - 1) < SCORE_TOLERANCE
    if (isSame) return []
    const found = `${auditDigest}, ${featuresDigest}, scores of ${scoreSum}`
    const wanted = `${known}, ${first.outputs.featuresDigest}, ${first.outputs.scoreSum}`
    return [`${peer}: features or scores are ${found} instead of ${wanted}`]
  })
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
