import { DEAD_LETTER_REASONS } from '../domain/outcome.ts'
import type { DeadLetterReason } from '../domain/outcome.ts'
import type { CommittedUnit, LoopObserver, LoopStage } from '../loop/observer.ts'
import { FENCING_RESULTS } from '../loop/former-owners.ts'
import type { FencingResult } from '../loop/former-owners.ts'
import { RECOVERIES } from '../loop/recover.ts'
import type { Recovery } from '../loop/recover.ts'
import type { Histogram, RecentFigures } from '../loop/figures.ts'
import type { TracedUnit } from './bucket-exemplars.ts'
import type { BucketHistogram } from './bucket-histogram.ts'
import { LATENCY_SECONDS, SCORES } from './buckets.ts'
import { RecentSeconds } from './recent-seconds.ts'
import type { SampleTable } from './sample-table.ts'
import type { SpanIds } from './unit-spans.ts'

const STAGES: readonly LoopStage[] = [
  'poll',
  'decode',
  'features',
  'inference',
  'produce',
  'commit',
]

/** The topics whose counters exist before the first record. */
export interface MeteredTopics {
  readonly input: string
  readonly outputs: readonly string[]
}

/** Puts what the loop tells into the table. Per record: one bisection for each latency and score. */
export class LoopMeter implements LoopObserver {
  readonly #table: SampleTable
  readonly #inputTopic: string
  readonly #stages: ReadonlyMap<LoopStage, BucketHistogram>
  readonly #unitRecords: BucketHistogram
  readonly #inferenceRows: BucketHistogram
  readonly #scores: BucketHistogram
  readonly #eventLatency: BucketHistogram
  readonly #recordLatency: BucketHistogram
  readonly #receivedLatency: BucketHistogram
  readonly #recent: RecentSeconds
  readonly #spanOfUnit: () => SpanIds | undefined
  #newestEventMs: number | undefined

  /** @param spanOfUnit of the unit that is told of: whoever makes its span is told of it first */
  constructor(
    table: SampleTable,
    topics: MeteredTopics,
    spanOfUnit: () => SpanIds | undefined = () => undefined,
  ) {
    this.#table = table
    this.#inputTopic = topics.input
    this.#stages = new Map(
      STAGES.map((stage) => [stage, table.histogram('millrace_stage_duration_seconds', { stage })]),
    )
    this.#unitRecords = table.histogram('millrace_unit_records', {})
    this.#inferenceRows = table.histogram('millrace_inference_batch_rows', {})
    this.#scores = table.histogram('millrace_prediction_score', {})
    this.#eventLatency = table.histogram('millrace_event_to_commit_latency_seconds', {})
    this.#recordLatency = table.histogram('millrace_record_to_commit_latency_seconds', {})
    this.#receivedLatency = table.histogram('millrace_received_to_commit_latency_seconds', {})
    this.#recent = new RecentSeconds(this.#recordLatency, LATENCY_SECONDS)
    this.#spanOfUnit = spanOfUnit
    this.#beginAtZero(topics)
  }

  /** What the seconds before `nowMs` were like. */
  recent(nowMs: number): RecentFigures {
    return this.#recent.figures(nowMs)
  }

  /** First scores of all committed predictions. */
  scores(): Histogram {
    const cumulative = this.#scores.cumulative()
    return { bounds: SCORES, counts: cumulative.map((upTo, i) => upTo - (cumulative[i - 1] ?? 0)) }
  }

  /** Newest event time of the last unit that predicted, ms; `undefined` before the first. */
  get newestEventMs(): number | undefined {
    return this.#newestEventMs
  }

  stage(stage: LoopStage, durationMs: number): void {
    this.#stages.get(stage)?.observe(durationMs / 1_000)
  }

  received(topic: string, records: number, bytes: number): void {
    this.#table.add('millrace_records_received_total', { topic }, records)
    this.#table.add('millrace_received_bytes_total', { topic }, bytes)
  }

  inferenceBatch(rows: number): void {
    this.#inferenceRows.observe(rows)
  }

  unitCommitted(unit: CommittedUnit): void {
    this.#count(unit)
    this.#unitRecords.observe(unit.records)
    for (let i = 0; i < unit.predicted; i++) this.#scores.observe(unit.scores[i] ?? Number.NaN)
    this.#measureLatency(unit, this.#traced(unit))
    this.#recent.committed(unit.committedAtMs, unit.records)
  }

  unitAborted(): void {
    this.#table.add('millrace_transactions_total', { result: 'aborted' }, 1)
  }

  recovered(result: Recovery): void {
    this.#table.add('millrace_recoveries_total', { result }, 1)
  }

  formerOwner(result: FencingResult): void {
    this.#table.add('millrace_former_owners_total', { result }, 1)
  }

  #count(unit: CommittedUnit): void {
    const table = this.#table
    table.add('millrace_transactions_total', { result: 'committed' }, 1)
    table.add('millrace_records_processed_total', { topic: this.#inputTopic }, unit.records)
    table.add('millrace_outcomes_total', { outcome: 'predicted', reason: 'none' }, unit.predicted)
    table.add('millrace_outcomes_total', { outcome: 'late', reason: 'none' }, unit.late)
    table.add('millrace_outcomes_total', { outcome: 'skipped', reason: 'none' }, unit.skipped)
    table.add('millrace_late_total', {}, unit.late)
    for (const [reason, count] of unit.deadLetters) this.#countDeadLetters(reason, count)
    for (const [topic, { records, bytes }] of unit.outputs) {
      table.add('millrace_records_written_total', { topic }, records)
      table.add('millrace_written_bytes_total', { topic }, bytes)
    }
  }

  #countDeadLetters(reason: DeadLetterReason, count: number): void {
    this.#table.add('millrace_outcomes_total', { outcome: 'dead-letter', reason }, count)
    this.#table.add('millrace_dead_letters_total', { reason }, count)
  }

  /** One small object a unit; `undefined` where it has no span. */
  #traced({ committedAtMs }: CommittedUnit): TracedUnit | undefined {
    const span = this.#spanOfUnit()
    return span && { span, atMs: committedAtMs }
  }

  #measureLatency(unit: CommittedUnit, traced: TracedUnit | undefined): void {
    const { committedAtMs, eventTimesMs, recordTimestampsMs } = unit
    let newestEventMs = -Infinity
    for (let i = 0; i < unit.predicted; i++) {
      const eventTimeMs = eventTimesMs[i] ?? Number.NaN
      this.#eventLatency.observe(secondsBetween(eventTimeMs, committedAtMs), 1, traced)
      if (eventTimeMs > newestEventMs) newestEventMs = eventTimeMs
    }
    if (newestEventMs > -Infinity) this.#newestEventMs = newestEventMs
    for (let i = 0; i < unit.records; i++) {
      const timestampMs = recordTimestampsMs[i] ?? -1
      if (timestampMs < 0) continue
      this.#recordLatency.observe(secondsBetween(timestampMs, committedAtMs), 1, traced)
    }
    for (const { atMs, records } of unit.received) {
      this.#receivedLatency.observe(secondsBetween(atMs, committedAtMs), records, traced)
    }
  }

  /** A counter that appears only with its first increase hides that increase from `rate`. */
  #beginAtZero(topics: MeteredTopics): void {
    this.received(topics.input, 0, 0)
    this.#table.add('millrace_transactions_total', { result: 'committed' }, 0)
    this.#table.add('millrace_transactions_total', { result: 'aborted' }, 0)
    for (const result of FENCING_RESULTS) {
      this.#table.add('millrace_former_owners_total', { result }, 0)
    }
    for (const result of RECOVERIES) this.#table.add('millrace_recoveries_total', { result }, 0)
    this.#table.add('millrace_records_processed_total', { topic: topics.input }, 0)
    this.#table.add('millrace_outcomes_total', { outcome: 'predicted', reason: 'none' }, 0)
    this.#table.add('millrace_outcomes_total', { outcome: 'late', reason: 'none' }, 0)
    this.#table.add('millrace_outcomes_total', { outcome: 'skipped', reason: 'none' }, 0)
    this.#table.add('millrace_late_total', {}, 0)
    for (const reason of DEAD_LETTER_REASONS) this.#countDeadLetters(reason, 0)
    for (const topic of topics.outputs) {
      this.#table.add('millrace_records_written_total', { topic }, 0)
      this.#table.add('millrace_written_bytes_total', { topic }, 0)
    }
  }
}

/** Clocks of two machines may disagree, and a sum must not fall: never below zero. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000
}
