import { Random } from '../../test/simulation/random.ts'

/** Kafka's number of the request that ends a transaction. */
export const END_TXN = 26
/** Kafka's number of the request that commits offsets within a transaction. */
export const TXN_OFFSET_COMMIT = 28

/** Everything that is done to the service and what it needs. */
export const FAULT_KINDS = [
  'kill',
  'zombie',
  'swallow-end-txn',
  'swallow-txn-offsets',
  'swallow-and-kill',
  'cut',
  'delay',
  'broker-restart',
  'broker-kill',
  'registry-down',
  'add',
  'remove',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** One fault: after a pause, on a target by chance, for a while. */
export interface Fault {
  readonly kind: FaultKind
  /** Since the one before. */
  readonly afterMs: number
  /** How long what is broken stays so; what it means depends on the kind. */
  readonly lastsMs: number
  /** In [0, 1): picks the instance among those that can be hit at that moment. */
  readonly target: number
}

/** How long a run is and how often each kind of fault comes. */
export interface Size {
  readonly records: number
  /** The records are written evenly over this time. */
  readonly writeMs: number
  readonly counts: Readonly<Record<FaultKind, number>>
  /** Longest time without a commit before the run counts as failed. */
  readonly standstillMaxMs: number
}

/** Minutes: the run that a release goes through. */
export const FULL: Size = {
  records: 100_000,
  writeMs: 180_000,
  counts: {
    kill: 22,
    zombie: 2,
    'swallow-end-txn': 8,
    'swallow-txn-offsets': 6,
    'swallow-and-kill': 4,
    cut: 6,
    delay: 4,
    'broker-restart': 1,
    'broker-kill': 1,
    'registry-down': 2,
    add: 3,
    remove: 3,
  },
  standstillMaxMs: 90_000,
}

/** A minute and a half at most: an integration test. */
export const QUICK: Size = {
  records: 20_000,
  writeMs: 30_000,
  counts: {
    kill: 5,
    zombie: 1,
    'swallow-end-txn': 2,
    'swallow-txn-offsets': 2,
    'swallow-and-kill': 1,
    cut: 1,
    delay: 1,
    'broker-restart': 0,
    'broker-kill': 1,
    'registry-down': 1,
    add: 1,
    remove: 1,
  },
  standstillMaxMs: 45_000,
}

/** Shortest and longest, ms. A zombie outlives its session (6 s); a cut may outlive a transaction (4 s). */
const LASTS = {
  kill: [50, 1_500],
  zombie: [7_500, 10_000],
  'swallow-end-txn': [100, 5_000],
  'swallow-txn-offsets': [100, 5_000],
  'swallow-and-kill': [50, 1_000],
  cut: [0, 0],
  delay: [1_000, 4_000],
  'broker-restart': [0, 1_000],
  'broker-kill': [0, 2_000],
  'registry-down': [3_000, 7_000],
  add: [0, 0],
  remove: [0, 0],
} as const satisfies Record<FaultKind, readonly [number, number]>

/** What needs something to be committed before it happens. */
const WAITING: ReadonlySet<FaultKind> = new Set([
  'swallow-end-txn',
  'swallow-txn-offsets',
  'swallow-and-kill',
])
/** Of the faults, the last ones, which come when nothing may be left to commit. */
const LAST_SHARE = 0.25

/** The faults of a seed, in their order. They fill the time in which records are written. */
export function planFaults(seed: number, { counts, writeMs }: Size): readonly Fault[] {
  const random = new Random(seed)
  const kinds = FAULT_KINDS.flatMap((kind) => Array.from({ length: counts[kind] }, () => kind))
  for (let last = kinds.length - 1; last > 0; last--) swap(kinds, last, random.whole(0, last))
  const early = Math.ceil(kinds.length * (1 - LAST_SHARE))
  for (let late = early; late < kinds.length; late++) {
    if (!isWaiting(kinds[late])) continue
    const others = Array.from({ length: early }, (_, at) => at).filter(
      (at) => !isWaiting(kinds[at]),
    )
    swap(kinds, late, random.pick(others) ?? late)
  }
  const pauseMs = writeMs / (kinds.length + 1)
  return kinds.map((kind) => {
    const [least, most] = LASTS[kind]
    return {
      kind,
      afterMs: random.whole(Math.round(pauseMs * 0.2), Math.round(pauseMs * 1.2)),
      lastsMs: random.whole(least, most),
      target: random.next(),
    }
  })
}

/** What was planned and did not happen, in words; an instance more or one less is the same to the others. */
export function shortfall(
  planned: Size['counts'],
  happened: Readonly<Record<string, number>>,
): string[] {
  const groups: readonly (readonly FaultKind[])[] = [
    ['add', 'remove'],
    ...FAULT_KINDS.filter((kind) => kind !== 'add' && kind !== 'remove').map((kind) => [kind]),
  ]
  return groups.flatMap((kinds) => {
    const [wanted, done] = [planned, happened].map((counts) =>
      kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0),
    )
    if (wanted === undefined || done === undefined || done >= wanted) return []
    return [`${kinds.join(' or ')} happened ${done} times, ${wanted} were planned`]
  })
}

function isWaiting(kind: FaultKind | undefined): boolean {
  return kind !== undefined && WAITING.has(kind)
}

function swap(kinds: FaultKind[], one: number, other: number): void {
  const kept = kinds[one]
  kinds[one] = kinds[other] ?? 'kill'
  kinds[other] = kept ?? 'kill'
}
