import type { LogBounds } from './port.ts'

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

/**
 * Reads partitions of the changelog, read-committed and assigned by hand, beside whatever the group
 * member does. One owner calls it; never two polls at once.
 */
export interface ChangelogReader {
  /**
   * Offsets the partition's log holds now, records of transactions still open included: whoever has
   * read up to `end` has seen the outcome of every transaction that was open at the call.
   *
   * @throws ServiceError `KAFKA_UNAVAILABLE`: call again
   */
  bounds(partition: number): Promise<LogBounds>
  /** Begins to read a partition at this offset, or at the first there is after it. */
  open(partition: number, from: number): void
  /**
   * Visits up to `recordsMax` records of the opened partitions, each partition's in offset order, and
   * answers how many there were; comes back empty after a short wait.
   *
   * @throws ServiceError `KAFKA_UNAVAILABLE`: call again; what has been visited counts
   */
  poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number>
  /**
   * The next offset a poll can bring, markers and aborted records already passed left behind: at the
   * end of a log that ends with a marker it is the end, though no record has that offset less one.
   */
  position(partition: number): number
  /** Stops reading a partition. */
  close(partition: number): void
  /** Only while no poll is in flight. */
  disconnect(): Promise<void>
}
