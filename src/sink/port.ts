import type { ByteStore } from './byte-store.ts'
import type { OutputBatch } from './output-batch.ts'

/** Next offset to read of an input partition, with what must survive a restart in its metadata. */
export interface OffsetCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

/**
 * The transactional producer at the level of single Kafka calls, so that order and recovery are the
 * loop's own. One owner calls it; never two calls at once.
 */
export interface TransactionalProducer {
  /** Waits out any open transaction of an older producer with this id, then fences that producer. */
  initTransactions(): Promise<void>
  beginTransaction(): Promise<void>
  /**
   * Queues copies of a batch's records from number `from` on, in order. The batch must not change before
   * it answers.
   *
   * @returns how many of the batch's records have been queued: fewer than it has when the queue is full;
   *   wait, then call again from there
   */
  produce(batch: OutputBatch, from: number): Promise<number>
  /** @throws ServiceError `TRANSACTION_ABORTABLE` when the group has moved on */
  sendOffsets(offsets: readonly OffsetCommit[]): Promise<void>
  /** @throws ServiceError `COMMIT_UNCERTAIN` when the answer never came: it may have been committed */
  commitTransaction(): Promise<void>
  abortTransaction(): Promise<void>
  /**
   * Goes on as a new producer with the same transactional id. Once it answers, what the old one left
   * open is decided, and nothing the old one still says counts any more.
   */
  renew(): Promise<void>
  close(): Promise<void>
}

/** What one scored event looks like to the encoder. Reused between rows: copy nothing, keep nothing. */
export interface PredictedRow {
  readonly key: string
  readonly eventId: string
  readonly eventTimeMs: number
  /** All rows of the batch, `[rows, features]`, NaN = null; this row begins at `featuresAt`. */
  readonly features: Float64Array
  readonly featuresAt: number
  /** All scores of the batch, `[rows, outputs]`; this row begins at `scoresAt`. */
  readonly scores: Float64Array
  readonly scoresAt: number
}

/** What one audit record says of one input record. Reused between rows. */
export interface AuditRow {
  readonly outcome: 'predicted' | 'late' | 'dead-letter' | 'skipped'
  /** Dead-letter reason; `undefined` otherwise. */
  readonly reason: string | undefined
  readonly sourceTopic: string
  readonly sourcePartition: number
  readonly sourceOffset: number
  readonly schemaId: number | undefined
  /** `undefined` when the record could not be decoded. */
  readonly key: string | undefined
  readonly eventId: string | undefined
  readonly eventTimeMs: number | undefined
  /** The row as scored; `undefined` unless predicted. */
  readonly predicted: PredictedRow | undefined
}

/** Registry ids of the output schemas. */
export interface OutputSchemaIds {
  readonly features: number
  readonly predictions: number
  readonly audit: number
}

/** Encodes output values, in place: behind what the store holds. */
export interface OutputEncoder {
  /** Called once per micro-batch: the wall-clock time written as `computed_at`, `predicted_at`, `audited_at`. */
  setNow(nowMs: number): void
  features(row: PredictedRow, into: ByteStore): void
  prediction(row: PredictedRow, into: ByteStore): void
  audit(row: AuditRow, into: ByteStore): void
}
