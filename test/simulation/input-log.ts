import { ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import type { LogBounds } from '../../src/source/port.ts'

/** One partition of the input topic. What was written is kept for the oracle, whatever readers still see. */
export class InputLog {
  readonly records: InputRecord[] = []
  #first = 0
  #end: number | undefined
  /** First offset of each open transaction of a writer. */
  readonly #open = new Set<{ readonly from: number }>()
  readonly #aborted = new Set<number>()

  /** What is there now, decided or not. */
  get bounds(): LogBounds {
    return { first: this.#first, end: this.#end ?? this.records.length }
  }

  /** Where read-committed readers stop. */
  get lastStable(): number {
    let stable = this.#end ?? this.records.length
    for (const { from } of this.#open) stable = Math.min(stable, from)
    return stable
  }

  /** Whether the end is missing for now. */
  get isCut(): boolean {
    return this.#end !== undefined
  }

  append(record: Omit<InputRecord, 'topic' | 'offset'>): void {
    this.records.push({ ...record, topic: 'events', offset: this.records.length })
  }

  /** Records that readers find, now or once they have been decided, from an offset on. */
  visible(from: number, to = this.records.length): readonly InputRecord[] {
    return this.records.slice(from, to).filter(({ offset }) => !this.#aborted.has(offset))
  }

  /** Whether readers find any from this offset on. */
  holdsFrom(from: number): boolean {
    for (let offset = this.records.length - 1; offset >= from; offset -= 1) {
      if (!this.#aborted.has(offset)) return true
    }
    return false
  }

  /**
   * Committed records in order, with the offset to go on from.
   *
   * @throws ServiceError `STATE_GAP` when the offset is out of range, as `Source.poll`
   */
  read(from: number, recordsMax: number): { records: readonly InputRecord[]; next: number } {
    const first = this.#first
    const end = this.#end ?? this.records.length
    if (from < first || from > end) {
      throw new ServiceError('STATE_GAP', `offset ${from} is out of range, ${first} to ${end}`)
    }
    const stable = Math.max(from, this.lastStable)
    const records: InputRecord[] = []
    for (let offset = from; offset < stable && records.length < recordsMax; offset += 1) {
      const record = this.records[offset]
      if (record !== undefined && !this.#aborted.has(offset)) records.push(record)
    }
    const last = records.at(-1)
    const isFull = last !== undefined && records.length === recordsMax
    return { records, next: isFull ? last.offset + 1 : stable }
  }

  /** The latest records were written in a transaction, which is open. @returns how it is decided */
  hold(from: number): (outcome: 'committed' | 'aborted') => void {
    const transaction = { from }
    const to = this.records.length
    this.#open.add(transaction)
    return (outcome) => {
      this.#open.delete(transaction)
      if (outcome === 'committed') return
      for (let offset = from; offset < to; offset += 1) this.#aborted.add(offset)
    }
  }

  /** What retention does: whatever lies below goes, answered or not. */
  deleteBefore(offset: number): void {
    this.#first = Math.max(this.#first, offset)
  }

  /** The end is gone, as with a replica that had not caught up; nothing is written until it is back. */
  cutAt(offset: number): void {
    this.#end = Math.max(this.#first, offset)
  }

  /** A replica that has all of it is back. */
  mend(): void {
    this.#end = undefined
  }
}
