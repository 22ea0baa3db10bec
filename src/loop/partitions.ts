import { invariant } from '../domain/errors.ts'
import type { StreamPosition } from '../features/stream-time.ts'
import type { StartOffset } from '../source/port.ts'

/** One owned input partition. */
export interface PartitionProgress {
  readonly partition: number
  /** Next offset to process; everything before it is in the open unit or committed. */
  position: number
  /** Where the open unit of work began: where to go back to on an abort. */
  unitStart: number
  /** Records before this offset were answered already; they only rebuild state. */
  readonly replayUntil: number
  readonly replayFrom: number
  /** Next offset to read according to the group coordinator. */
  committedOffset: number
  /** The stream position that was committed with the offset the partition was opened at. */
  readonly committed: StreamPosition | undefined
  /** Where this life of the partition begins on the changelog; `undefined` without state. */
  readonly changelogFrom: number | undefined
}

/** Where a partition starts: reading begins at `start`, answering at `replayUntil`. */
export interface PartitionStart {
  readonly partition: number
  readonly start: number
  readonly replayUntil: number
  /** What the last commit said; `undefined` when there was none to read. */
  readonly committed: StreamPosition | undefined
}

/** The owned partitions and how far each has come. Changed by the loop only. */
export class PartitionTable {
  readonly #owned = new Map<number, PartitionProgress>()

  open({ partition, start, replayUntil, committed }: PartitionStart, changelogFrom?: number): void {
    invariant(!this.#owned.has(partition), `partition ${partition} is assigned twice`)
    this.#owned.set(partition, {
      partition,
      position: start,
      unitStart: start,
      replayFrom: start,
      replayUntil,
      committedOffset: replayUntil,
      committed,
      changelogFrom,
    })
  }

  close(partition: number): void {
    this.#owned.delete(partition)
  }

  get(partition: number): PartitionProgress | undefined {
    return this.#owned.get(partition)
  }

  all(): readonly PartitionProgress[] {
    return [...this.#owned.values()]
  }

  isReplaying(): boolean {
    for (const entry of this.#owned.values()) if (entry.position < entry.replayUntil) return true
    return false
  }

  /** Offsets that the open unit has read back, over all partitions. */
  replayed(): number {
    let replayed = 0
    for (const { position, unitStart, replayUntil } of this.#owned.values()) {
      if (unitStart < replayUntil) replayed += Math.min(position, replayUntil) - unitStart
    }
    return replayed
  }

  /** Partitions whose answered records the open unit has moved forward: what must be committed. */
  advanced(): readonly PartitionProgress[] {
    return this.all().filter(
      (entry) => entry.position > entry.unitStart && entry.position > entry.replayUntil,
    )
  }

  /**
   * Partitions of which the open unit has read back some of what the last commit answered. Their tiles
   * come to the changelog half made, so the commit must say that nobody may restore from there.
   */
  readBack(): readonly PartitionProgress[] {
    return this.all().filter(
      (entry) => entry.position > entry.unitStart && entry.position <= entry.replayUntil,
    )
  }

  /** The open unit is kept. */
  accept(): void {
    for (const entry of this.#owned.values()) {
      entry.unitStart = entry.position
      if (entry.position > entry.replayUntil) entry.committedOffset = entry.position
    }
  }

  /**
   * The open unit is dropped.
   *
   * @param dropped partitions whose records were read ahead and dropped too
   * @returns the partitions to read again, and from where
   */
  rewind(dropped: ReadonlySet<number>): readonly StartOffset[] {
    const again = this.all().filter(
      (entry) => entry.position > entry.unitStart || dropped.has(entry.partition),
    )
    for (const entry of again) entry.position = entry.unitStart
    return again.map(({ partition, position }) => ({ partition, offset: position }))
  }
}
