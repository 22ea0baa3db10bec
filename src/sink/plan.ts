import { Buffer } from 'node:buffer'
import type { Event } from '../domain/event.ts'
import type { HeaderStyle } from '../domain/header-style.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { Header, InputRecord, OutputRecord } from '../domain/record.ts'
import { deadLetterHeaders, lateHeaders } from './headers.ts'
import type { HeaderIdentity, Provenance } from './headers.ts'
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

/** An input record and what is known of it; without an event it could not be decoded. */
export interface Answered<Known extends Event | undefined = Event | undefined> {
  readonly record: InputRecord
  readonly schemaId: number | undefined
  readonly event: Known
}

/** Where the features and scores of one row lie. */
export type ScoredRow = Pick<PredictedRow, 'features' | 'featuresAt' | 'scores' | 'scoresAt'>

type Produce = (record: OutputRecord) => void

/** The headers of a record that go on with what is written for it; called once a record. */
export type PassOn = (record: InputRecord) => readonly Header[] | undefined

/**
 * Says what is written for each outcome, always to the partition with
 * the input partition's number.
 *
 * Values are views that the next encoding overwrites, so `produce` must copy them.
 */
export class OutputPlan {
  readonly #topics: OutputTopics
  readonly #encoder: OutputEncoder
  readonly #identity: HeaderIdentity
  readonly #headerStyle: HeaderStyle
  readonly #passOn: PassOn | undefined
  #failedAt = ''

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
  predicted(answered: Answered<Event>, row: ScoredRow, produce: Produce): void {
    const { event, record } = answered
    const { partition } = record
    const key = keyBytes(record.key, event.key)
    const predicted: PredictedRow = {
      key: event.key,
      eventId: event.id,
      eventTimeMs: event.timeMs,
      features: row.features,
      featuresAt: row.featuresAt,
      scores: row.scores,
      scoresAt: row.scoresAt,
    }
    const { features, predictions, audit } = this.#topics
    const headers = this.#passOn?.(record) ?? NO_HEADERS
    const vector = this.#encoder.features(predicted)
    produce({ topic: features, partition, key, value: vector, headers })
    const prediction = this.#encoder.prediction(predicted)
    produce({ topic: predictions, partition, key, value: prediction, headers })
    const value = this.#encoder.audit(auditRow(answered, { outcome: 'predicted', predicted }))
    produce({ topic: audit, partition, key, value, headers })
  }

  /** The record as it came, saying by how much it is late, and the audit. */
  late(answered: Answered<Event>, byMs: number, produce: Produce): void {
    const headers = lateHeaders(this.#provenance(answered), byMs)
    this.#forward(this.#topics.late, answered.record, { headers, produce })
    this.#audit(answered, { outcome: 'late' }, produce)
  }

  /** A tombstone that is passed over: the audit alone. */
  skipped(answered: Answered, produce: Produce): void {
    this.#audit(answered, { outcome: 'skipped' }, produce)
  }

  /** The record as it came, saying why it is a dead letter, and the audit. */
  deadLetter(answered: Answered, letter: DeadLetter, produce: Produce): void {
    const headers = deadLetterHeaders(this.#provenance(answered), letter, this.#headerStyle)
    this.#forward(this.#topics.deadLetters, answered.record, { headers, produce })
    this.#audit(answered, { outcome: 'dead-letter', reason: letter.reason }, produce)
  }

  #forward(
    topic: string,
    { partition, key, value }: InputRecord,
    { headers, produce }: { readonly headers: readonly Header[]; readonly produce: Produce },
  ): void {
    produce({ topic, partition, key, value, headers })
  }

  #audit(answered: Answered, fate: Fate, produce: Produce): void {
    const { record, event } = answered
    const key = event === undefined ? record.key : keyBytes(record.key, event.key)
    const value = this.#encoder.audit(auditRow(answered, fate))
    const headers = this.#passOn?.(record) ?? NO_HEADERS
    produce({ topic: this.#topics.audit, partition: record.partition, key, value, headers })
  }

  #provenance({ record, schemaId }: Answered): Provenance {
    return { record, schemaId, identity: this.#identity, failedAt: this.#failedAt }
  }
}

interface Fate {
  readonly outcome: AuditRow['outcome']
  readonly reason?: string
  readonly predicted?: PredictedRow
}

function auditRow({ record, schemaId, event }: Answered, fate: Fate): AuditRow {
  return {
    outcome: fate.outcome,
    reason: fate.reason,
    sourceTopic: record.topic,
    sourcePartition: record.partition,
    sourceOffset: record.offset,
    schemaId,
    key: event?.key,
    eventId: event?.id,
    eventTimeMs: event?.timeMs,
    predicted: fate.predicted,
  }
}

/** The bytes of the entity key: the record's own when they are the same, as they mostly are. */
function keyBytes(own: Buffer | null, key: string): Buffer {
  return own !== null && isAscii(own, key) ? own : Buffer.from(key)
}

/** Whether the text is ASCII and these are its bytes. */
function isAscii(bytes: Buffer, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let at = 0; at < bytes.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code > 0x7f || bytes[at] !== code) return false
  }
  return true
}
