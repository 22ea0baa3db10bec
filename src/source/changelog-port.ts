import type { LogReader } from './log-port.ts'

/** One record of a poll, where its bytes lie. The view is used again for the next: keep nothing of it. */
export interface RecordView {
  readonly partition: number
  readonly offset: number
  /** The key is `key[keyAt, keyEnd)`. */
  readonly key: Buffer
  readonly keyAt: number
  readonly keyEnd: number
  /** The value is `value[valueAt, valueEnd)`; empty when there is none. */
  readonly value: Buffer
  readonly valueAt: number
  readonly valueEnd: number
}

/** Reads partitions of the changelog: a log whose records are views of bytes, without headers. */
export interface ChangelogReader extends Omit<LogReader, 'poll'> {
  /** As of any log, with views instead of records. @throws as `LogReader.poll` */
  poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number>
}
