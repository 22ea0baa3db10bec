/** One header as the Kafka client takes and gives it: an object with a single key. */
export type Header = Readonly<Record<string, Buffer | string>>

/** A record as it lies on the input log. The shape is the Kafka client's own, so nothing is copied. */
export interface InputRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Record timestamp (CreateTime or LogAppendTime), ms since the epoch; −1 when the log has none. */
  readonly timestamp: number
  readonly key: Buffer | null
  /** `null` is a tombstone. */
  readonly value: Buffer | null
  readonly headers?: readonly Header[] | undefined
}

/** A record to be written inside the open transaction. The bytes are copied when it is produced. */
export interface OutputRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly Header[]
  /** Record timestamp, ms; absent = the time of producing. */
  readonly timestamp?: number
}
