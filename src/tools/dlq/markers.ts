import type { Place } from './queue.ts'

/** The markers that name records of one partition of an input topic, as far as they lie on the topic. */
export class Markers {
  /**
   * By the partition they lie in, which practically is one: the offset of the last marker, by the offset that it
   * names. Of two in one partition retention and purges take the last one last, so it alone counts.
   */
  readonly #lying = new Map<number, Map<number, number>>()

  /** Takes in a marker, in the order of the log. @param named the offset of the record that was replayed */
  add(named: number, { partition, offset }: Place): void {
    const offsets = this.#lying.get(partition)
    if (offsets === undefined) this.#lying.set(partition, new Map([[named, offset]]))
    else offsets.set(named, offset)
  }

  /** Whether a marker names the record at an offset, wherever it lies. */
  has(named: number): boolean {
    for (const offsets of this.#lying.values()) if (offsets.has(named)) return true
    return false
  }

  /** Whether such a marker lies behind a place, in its partition, so that the log loses what is there first. */
  hasBehind(named: number, { partition, offset }: Place): boolean {
    const last = this.#lying.get(partition)?.get(named)
    return last !== undefined && last > offset
  }

  /** Forgets the markers in a partition below an offset. */
  dropBefore({ partition, offset }: Place): void {
    const offsets = this.#lying.get(partition)
    for (const [named, last] of offsets ?? []) if (last < offset) offsets?.delete(named)
    if (offsets?.size === 0) this.#lying.delete(partition)
  }
}
