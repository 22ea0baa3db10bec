import { table, whole } from '../demo/screen.ts'
import type { Recovery } from './progress.ts'
import type { TortureResult } from './run.ts'

/** Nearest rank. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

interface Distribution {
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** Median, 95 % and longest of some times. */
function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: quantile(sorted, 1) }
}

/** The result as JSON has it: the recovery times also as distributions. */
export function summaryOf(result: TortureResult): object {
  const { recoveries } = result
  return { ...result, recovery: Object.fromEntries(byKind(recoveries)) }
}

/** The result for people. */
export function reportOf(result: TortureResult): string {
  const { faults, recoveries, verdict, longestStandstillMs, failures } = result
  const kinds = new Map(byKind(recoveries))
  const rows = ['all', ...Object.keys(faults).toSorted()].map((kind) => {
    const times = kinds.get(kind)
    const all = Object.values(faults).reduce((sum, count) => sum + count, 0)
    const count = kind === 'all' ? all : (faults[kind] ?? 0)
    return [kind, `${count}`, ...shown(times?.nextCommitMs), ...shown(times?.everyPartitionMs)]
  })
  const head = [
    'fault',
    'times',
    'next commit p50',
    'p95',
    'max',
    'all partitions p50',
    'p95',
    'max',
  ]
  const ends = Object.entries({ ...prefixed('ended by itself', result.ownEnds) })
  const facts = [
    ['longest standstill', `${whole(longestStandstillMs)} ms`],
    ...ends.map(([what, count]) => [what, `${count}`]),
    ...Object.entries(prefixed('stopped with', result.stops)).map(([what, count]) => [
      what,
      `${count}`,
    ]),
    ...(verdict === undefined
      ? []
      : [
          ['records', whole(verdict.records)],
          ['predicted', whole(verdict.predicted)],
          ['late', whole(verdict.late)],
          ['dead letters', whole(verdict.deadLetters)],
          ['keys with their state compared', whole(verdict.keys)],
          ['lost', whole(verdict.lost)],
          ['doubled', whole(verdict.doubled)],
          ['different from the oracle', whole(verdict.wrong)],
        ]),
  ]
  const differences = verdict?.differences ?? []
  const verdicts = failures.length === 0 ? ['holds'] : failures.map((each) => `FAILS: ${each}`)
  return [table([head, ...rows]), table(facts), ...differences, ...verdicts, ''].join('\n\n')
}

function byKind(
  recoveries: readonly Recovery[],
): [string, { readonly nextCommitMs: Distribution; readonly everyPartitionMs: Distribution }][] {
  const groups = new Map<string, readonly Recovery[]>([
    ['all', recoveries],
    ...Map.groupBy(recoveries, ({ kind }) => kind),
  ])
  return [...groups].map(([kind, own]) => [
    kind,
    {
      nextCommitMs: distributionOf(own.map(({ nextCommitMs }) => nextCommitMs)),
      everyPartitionMs: distributionOf(
        own.flatMap(({ everyPartitionMs }) => everyPartitionMs ?? []),
      ),
    },
  ])
}

function shown(times: Distribution | undefined): string[] {
  if (times === undefined || Number.isNaN(times.max)) return ['', '', '']
  return [times.p50, times.p95, times.max].map((ms) => `${whole(ms)} ms`)
}

function prefixed(
  prefix: string,
  counts: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(counts).map(([what, count]) => [`${prefix}: ${what}`, count]),
  )
}
