import { ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import type { LogBounds } from '../../src/source/port.ts'

/** One partition of the input topic. What was written is kept for the oracle, whatever readers still see. */
export class InputLog {
  readonly records: InputRecord[] = []
  #first = 0
  #end: number | undefined

  /** What readers find now. */
  get bounds(): LogBounds {
    return { first: this.#first, end: this.#end ?? this.records.length }
  }

  /** Whether the end is missing for now. */
  get isCut(): boolean {
    return this.#end !== undefined
  }

  append(record: Omit<InputRecord, 'topic' | 'offset'>): void {
    this.records.push({ ...record, topic: 'events', offset: this.records.length })
  }

  /** @throws ServiceError `STATE_GAP` when the offset is out of range, as `Source.poll` */
  read(from: number, recordsMax: number): readonly InputRecord[] {
    const { first, end } = this.bounds
    if (from < first || from > end) {
      throw new ServiceError('STATE_GAP', `offset ${from} is out of range, ${first} to ${end}`)
    }
    return this.records.slice(from, Math.min(end, from + recordsMax))
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
