import type { InputRecord } from '../domain/record.ts'
import type { LogEnd } from './consumer-statistics.ts'
import type { StartOffset } from './port.ts'

/** How far each partition has been read, and how far there is anything to read. */
export class ReadProgress {
  readonly #ends = new Map<number, LogEnd>()
  /** Offset after the last record that a poll has returned, or the one sought since. */
  readonly #delivered = new Map<number, number>()

  /** A poll has returned these. Records of a partition come in runs: one note each. */
  delivered(records: readonly InputRecord[]): void {
    let last: InputRecord | undefined
    for (const record of records) {
      if (last !== undefined && record.partition !== last.partition) this.#note(last)
      last = record
    }
    if (last !== undefined) this.#note(last)
  }

  /** Reading goes on from here: what statistics said of the reading before does not hold. */
  sought({ partition, offset }: StartOffset): void {
    this.#delivered.set(partition, offset)
    const end = this.#ends.get(partition)
    if (end !== undefined) this.#ends.set(partition, { ...end, isReached: false })
  }

  /** What the client's statistics say of its partitions. */
  measured(ends: ReadonlyMap<number, LogEnd>): void {
    for (const [partition, end] of ends) this.#ends.set(partition, end)
  }

  forget(partition: number): void {
    this.#ends.delete(partition)
    this.#delivered.delete(partition)
  }

  /** As `Source.recordsEnd`. */
  recordsEnd(partition: number): number | undefined {
    const end = this.#ends.get(partition)
    return end?.isReached === true ? this.#delivered.get(partition) : end?.lastStable
  }

  #note({ partition, offset }: InputRecord): void {
    this.#delivered.set(partition, offset + 1)
  }
}
