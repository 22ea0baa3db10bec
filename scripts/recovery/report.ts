import { table, whole } from '../demo/screen.ts'
import type { OutageResult } from './outage.ts'
import type { RebalanceResult } from './rebalance.ts'
import type { RestartResult } from './restart.ts'

/** Nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Distribution of times, ms. */
interface Distribution {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Median, 90 %, 99 % and longest of some times, ms. */
function distributionOf(values: readonly number[]): Distribution {
  const [p50 = 0, p90 = 0, p99 = 0, max = 0] = [0.5, 0.9, 0.99, 1].map((share) =>
    quantile(values, share),
  )
  return { count: values.length, p50, p90, p99, max }
}

/** Idle times of a run of rebalances, by phase and kind of partition. */
export function idleDistributions(
  result: RebalanceResult,
): { readonly phase: string; readonly kind: string; readonly idle: Distribution }[] {
  return result.phases.flatMap(({ name, idle }) => {
    const of = (hasMoved: boolean) => idle.filter((each) => each.hasMoved === hasMoved)
    const moved = of(true)
    return [
      { phase: name, kind: 'moved', idle: distributionOf(moved.map(({ idleMs }) => idleMs)) },
      {
        phase: name,
        kind: 'moved, less its restore',
        idle: distributionOf(moved.map(({ idleMs, restoreMs }) => idleMs - restoreMs)),
      },
      {
        phase: name,
        kind: 'untouched',
        idle: distributionOf(of(false).map(({ idleMs }) => idleMs)),
      },
    ]
  })
}

/** A run of rebalances for people. */
export function rebalanceReport(result: RebalanceResult): string {
  const head = ['idle', 'partitions', 'p50', 'p90', 'p99', 'max']
  const rows = idleDistributions(result)
    .filter(({ idle }) => idle.count > 0)
    .map(({ phase, kind, idle }) => [`${phase}, ${kind}`, `${idle.count}`, ...shown(idle)])
  return [table([head, ...rows]), `  ${whole(result.records)} records verified`].join('\n\n')
}

/** Ends and what came after them for people. */
export function restartReport({ rounds, records }: RestartResult): string {
  const head = ['ending', 'times', 'p50', 'p90', 'p99', 'max']
  const rows = [...Map.groupBy(rounds, ({ ending }) => ending)].flatMap(([ending, own]) => {
    const first = distributionOf(own.map(({ firstCommitMs }) => firstCommitMs))
    const every = distributionOf(own.map(({ everyPartitionMs }) => everyPartitionMs))
    return [
      [`${ending}, first commit`, `${own.length}`, ...shown(first)],
      [`${ending}, every partition`, `${own.length}`, ...shown(every)],
    ]
  })
  return [table([head, ...rows]), `  ${whole(records)} records verified`].join('\n\n')
}

/** A broker's outage for people. */
export function outageReport(result: OutageResult): string {
  const { awayMs, residentRiseMiB, cpuShare, backMs, readiness, records } = result
  const facts = [
    ['broker away', `${whole(awayMs)} ms`],
    ['resident memory, rise', `${residentRiseMiB.toFixed(1)} MiB`],
    ['CPU time', `${cpuShare.toFixed(3)} of a core`],
    ['commits everywhere after its return', `${whole(backMs)} ms`],
    ['records verified', whole(records)],
  ]
  return [table(facts), ...readiness.map((text) => `  readiness: ${text.trim()}`)].join('\n\n')
}

function shown({ p50, p90, p99, max }: Distribution): string[] {
  return [p50, p90, p99, max].map((ms) => `${whole(ms)} ms`)
}
