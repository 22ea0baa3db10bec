import type { Event } from '../domain/event.ts'
import type { HeaderStyle } from '../domain/header-style.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { Header, InputRecord } from '../domain/record.ts'
import { deadLetterHeaders, lateHeaders } from './headers.ts'
import type { HeaderIdentity, Provenance } from './headers.ts'
import type { OutputBatch } from './output-batch.ts'
import type { AuditRow, OutputEncoder, PredictedRow } from './port.ts'

const NO_HEADERS: readonly Header[] = []

/** The names of the output topics. */
export interface OutputTopics {
  readonly features: string
  readonly predictions: string
  readonly audit: string
  readonly late: string
  readonly deadLetters: string
}

/** The dead letter that a record was, until a replay answers it. */
export interface FormerLetter {
  readonly reason: string
  /** What its audit record says of the replay, after what is passed on. */
  readonly headers: readonly Header[]
}

/** An input record and what is known of it; without an event it could not be decoded. */
export interface Answered<Known extends Event | undefined = Event | undefined> {
  readonly record: InputRecord
  readonly schemaId: number | undefined
  readonly event: Known
  /** Set by replays alone: this audit record is the second one of its input record. */
  readonly formerly?: FormerLetter
}

/** Where the features and scores of one row lie. */
export type ScoredRow = Pick<PredictedRow, 'features' | 'featuresAt' | 'scores' | 'scoresAt'>

/** A row that is filled anew for each record. */
export type Mutable<Row> = { -readonly [Name in keyof Row]: Row[Name] }

/** The headers of a record that go on with what is written for it; called once a record. */
export type PassOn = (record: InputRecord) => readonly Header[] | undefined

/**
 * Says what is written for each outcome, always to the partition with
 * the input partition's number.
 */
export class OutputPlan {
  readonly #topics: OutputTopics
  readonly #encoder: OutputEncoder
  readonly #identity: HeaderIdentity
  readonly #headerStyle: HeaderStyle
  readonly #passOn: PassOn | undefined
  #failedAt = ''
  /** What the encoder is given. */
  readonly #row: Mutable<PredictedRow> = {
    key: '',
    eventId: '',
    eventTimeMs: 0,
    features: new Float64Array(0),
    featuresAt: 0,
    scores: new Float64Array(0),
    scoresAt: 0,
  }
  readonly #auditRow: Mutable<AuditRow> = {
    outcome: 'predicted',
    reason: undefined,
    sourceTopic: '',
    sourcePartition: 0,
    sourceOffset: 0,
    schemaId: undefined,
    key: undefined,
    eventId: undefined,
    eventTimeMs: undefined,
    predicted: undefined,
  }

  constructor(options: {
    readonly topics: OutputTopics
    readonly encoder: OutputEncoder
    readonly identity: HeaderIdentity
    /** Whose headers dead letters carry beside our own. */
    readonly headerStyle: HeaderStyle
    /** `undefined`: nothing is passed on. Late records and dead letters keep all headers in any case. */
    readonly passOn?: PassOn | undefined
  }) {
    this.#topics = options.topics
    this.#encoder = options.encoder
    this.#identity = options.identity
    this.#headerStyle = options.headerStyle
    this.#passOn = options.passOn
  }

  /** Called once per micro-batch with the wall-clock time that its outputs carry. */
  setNow(nowMs: number): void {
    this.#encoder.setNow(nowMs)
    this.#failedAt = new Date(nowMs).toISOString()
  }

  /** Features, prediction and audit, all keyed by the entity key. */
  predicted(answered: Answered<Event>, scored: ScoredRow, batch: OutputBatch): void {
    const { event, record } = answered
    const { partition } = record
    const { key } = event
    const row = this.#row
    row.key = key
    row.eventId = event.id
    row.eventTimeMs = event.timeMs
    row.features = scored.features
    row.featuresAt = scored.featuresAt
    row.scores = scored.scores
    row.scoresAt = scored.scoresAt
    const { features, predictions } = this.#topics
    const headers = this.#passOn?.(record) ?? NO_HEADERS
    this.#encoder.features(row, batch.begin(features, partition, key, headers))
    batch.end()
    this.#encoder.prediction(row, batch.begin(predictions, partition, key, headers))
    batch.end()
    this.#auditRow.outcome = 'predicted'
    this.#auditRow.reason = undefined
    this.#auditRow.predicted = row
    this.#audit(answered, headers, batch)
  }

  /** The record as it came, saying by how much it is late, and the audit. */
  late(answered: Answered<Event>, byMs: number, batch: OutputBatch): void {
    const headers = lateHeaders(this.#provenance(answered), byMs)
    forward(this.#topics.late, answered.record, headers, batch)
    this.#auditUnscored(answered, 'late', batch)
  }

  /** A tombstone that is passed over: the audit alone. */
  skipped(answered: Answered, batch: OutputBatch): void {
    this.#auditUnscored(answered, 'skipped', batch)
  }

  /** The record as it came, saying why it is a dead letter, and the audit. */
  deadLetter(answered: Answered, letter: DeadLetter, batch: OutputBatch): void {
    const headers = deadLetterHeaders(this.#provenance(answered), letter, this.#headerStyle)
    forward(this.#topics.deadLetters, answered.record, headers, batch)
    this.#auditUnscored(answered, 'dead-letter', batch, letter.reason)
  }

  #auditUnscored(
    answered: Answered,
    outcome: AuditRow['outcome'],
    batch: OutputBatch,
    reason?: string,
  ): void {
    this.#auditRow.outcome = outcome
    this.#auditRow.reason = reason
    this.#auditRow.predicted = undefined
    this.#audit(answered, this.#passOn?.(answered.record) ?? NO_HEADERS, batch)
  }

  /** The rest of the audit row, and the record. */
  #audit(
    { record, schemaId, event, formerly }: Answered,
    passedOn: readonly Header[],
    batch: OutputBatch,
  ): void {
    const row = this.#auditRow
    let headers = passedOn
    if (formerly !== undefined) {
      row.reason = formerly.reason
      headers = [...passedOn, ...formerly.headers]
    }
    row.sourceTopic = record.topic
    row.sourcePartition = record.partition
    row.sourceOffset = record.offset
    row.schemaId = schemaId
    row.key = event?.key
    row.eventId = event?.id
    row.eventTimeMs = event?.timeMs
    const key = event === undefined ? record.key : event.key
    this.#encoder.audit(row, batch.begin(this.#topics.audit, record.partition, key, headers))
    batch.end()
  }

  #provenance({ record, schemaId }: Answered): Provenance {
    return { record, schemaId, identity: this.#identity, failedAt: this.#failedAt }
  }
}

function forward(
  topic: string,
  { partition, key, value }: InputRecord,
  headers: readonly Header[],
  batch: OutputBatch,
): void {
  batch.add({ topic, partition, key, value, headers })
}
