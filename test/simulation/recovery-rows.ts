import { FAULTS } from './world.ts'

/** What must be met at least once over the seeds of a run: what happens, and what then tells of it. */
interface RecoveryRow {
  readonly happening: string
  readonly reached: readonly string[]
}

/** The table of recovery in the architecture, row by row, and where state comes from. */
const RECOVERY_ROWS: readonly RecoveryRow[] = [
  {
    happening: 'a retriable error: the same call again, or later',
    reached: ['same-call-again', 'retrying-KAFKA_UNAVAILABLE', 'exit-KAFKA_UNAVAILABLE'],
  },
  { happening: 'an abortable error: a rebalance', reached: ['generation-moved', 'aborted'] },
  { happening: 'a fenced producer', reached: ['recovering-PRODUCER_FENCED'] },
  { happening: 'a producer that cannot go on', reached: ['recovering-PRODUCER_FATAL'] },
  {
    happening: 'a transaction that the coordinator timed out',
    reached: ['transaction-timeout', 'fenced-by-timeout'],
  },
  {
    happening: 'no answer: it is found out what became of the unit',
    reached: [
      'recovering-COMMIT_UNCERTAIN',
      'recovered-committed',
      'recovered-aborted',
      'recovered-restored',
      'late-commit-arrived',
      'late-commit-fenced',
      'commit-overdue',
    ],
  },
  {
    happening: 'what no call can mend: the process ends',
    reached: ['exit-KAFKA_UNAUTHORIZED', 'exit-INVARIANT_BROKEN', 'exit-CONSUMER_FATAL'],
  },
  {
    happening: 'brokers out of reach: waited for in the group, as far as there is one',
    reached: ['request-in-outage', 'call-in-outage', 'held-in-outage'],
  },
  { happening: 'a registry out of reach', reached: ['registry-back'] },
  {
    happening: 'a record that cannot be used, or is late',
    reached: [
      'reason=empty-value',
      'reason=undecodable',
      'reason=invalid-event',
      'reason=unscorable',
      'reason=non-finite-score',
      'reason=late',
      'predicted',
    ],
  },
  { happening: 'a flood of dead letters', reached: ['breaker-tripped', 'breaker-closed'] },
  {
    happening: 'a rebalance',
    reached: ['revoked', 'drain-over', 'assignment-lost', 'answer-after-rebalance'],
  },
  {
    happening: 'the open transaction of an owner that died',
    reached: ['former-owner-fenced', 'former-owner-not-fenced'],
  },
  {
    happening: 'state that must come back',
    reached: ['restore', 'compaction', 'changelog-unusable', 'replay', 'committed-amid-replay'],
  },
  {
    happening: 'records or state that retention took',
    reached: [
      'gap-before-start',
      'gap-refused',
      'gap-accepted',
      'gap-without-state',
      'log-end-missing',
    ],
  },
  {
    happening: 'state that another specification wrote',
    reached: ['exit-STATE_MISMATCH', 'state-rebuilt'],
  },
  { happening: 'a stop', reached: ['ended-well'] },
]

/** What a run has not met, as lines to be read. */
export function unreached(reached: ReadonlySet<string> | ReadonlyMap<string, unknown>): string[] {
  const faults = FAULTS.filter((fault) => !reached.has(fault)).map((fault) => `fault ${fault}`)
  const rows = RECOVERY_ROWS.flatMap((row) =>
    row.reached.filter((what) => !reached.has(what)).map((what) => `${row.happening}: ${what}`),
  )
  return [...faults, ...rows]
}
