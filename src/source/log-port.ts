import type { InputRecord } from '../domain/record.ts'
import type { LogBounds } from './port.ts'

/**
 * Reads partitions of a topic, read-committed and assigned by hand, beside whatever members of groups do.
 * One owner calls it; never two polls at once.
 */
export interface LogReader {
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
  poll(recordsMax: number, visit: (record: InputRecord) => void): Promise<number>
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
