import { DEAD_LETTER_REASONS } from '../../domain/outcome.ts'
import type { InputRecord } from '../../domain/record.ts'
import type { Depth } from './exposition.ts'
import { type Letter, readEntry } from './letter.ts'
import { Markers } from './markers.ts'
import type { Place } from './queue.ts'

/** What is kept of a letter. */
interface Kept {
  /** On the dead-letter topic. */
  readonly offset: number
  /** Of the partition that it was read from. */
  readonly markers: Markers
  /** There. */
  readonly sourceOffset: number
  readonly reason: string
  readonly failedAtMs: number
}

/**
 * The dead letters of one application that wait, as far as the topic was followed: what `Queue` finds by reading all
 * of it anew, kept from what is new on it.
 *
 * A letter is forgotten when its marker lies behind it in its partition, as all do that replays write: the log
 * loses the letter first, so it can never wait again. A marker is kept for as long as it lies on the topic, since a
 * copy of its letter may still come (an import, another tool). Some 100 bytes a letter that waits, and some 50 a
 * marker; nothing of keys, values and headers.
 */
export class FollowedQueue {
  readonly #appId: string
  /** By the partition of the dead-letter topic, in offset order. */
  readonly #letters = new Map<number, Kept[]>()
  /** By the partition that the letters were read from, `topic/partition`. */
  readonly #markers = new Map<string, Markers>()

  constructor(appId: string) {
    this.#appId = appId
  }

  /** Takes in the next record of a partition of the dead-letter topic. */
  take(record: InputRecord): void {
    const entry = readEntry(record)
    if (entry.kind === 'replayed') {
      this.#markersOf(entry.source).add(entry.source.offset, record)
    } else if (entry.kind === 'letter' && entry.letter.appId === this.#appId) {
      const letters = this.#letters.get(record.partition) ?? []
      letters.push(this.#keptOf(entry.letter))
      this.#letters.set(record.partition, letters)
    }
  }

  /** Forgets what a partition held below an offset: the log has lost it. */
  dropBefore(place: Place): void {
    const letters = this.#letters.get(place.partition) ?? []
    const left = letters.findIndex(({ offset }) => offset >= place.offset)
    letters.splice(0, left < 0 ? letters.length : left)
    for (const markers of this.#markers.values()) markers.dropBefore(place)
  }

  /** What waits now. It goes through all letters that are kept. */
  depth(): Depth {
    const waiting = new Map<string, number>()
    let oldestMs: number | undefined
    for (const [partition, letters] of this.#letters) {
      const kept = letters.filter(
        ({ markers, sourceOffset, offset }) =>
          !markers.hasBehind(sourceOffset, { partition, offset }),
      )
      this.#letters.set(partition, kept)
      for (const { markers, sourceOffset, reason, failedAtMs } of kept) {
        if (markers.has(sourceOffset)) continue
        waiting.set(reason, (waiting.get(reason) ?? 0) + 1)
        oldestMs = Math.min(oldestMs ?? Infinity, failedAtMs)
      }
    }
    return { waiting, oldestMs }
  }

  #keptOf({ record: { offset }, source, reason, failedAtMs }: Letter): Kept {
    return {
      offset,
      markers: this.#markersOf(source),
      sourceOffset: source.offset,
      // One text for all letters, not one each.
      reason: DEAD_LETTER_REASONS.find((known) => known === reason) ?? reason,
      failedAtMs,
    }
  }

  #markersOf({
    topic,
    partition,
  }: {
    readonly topic: string
    readonly partition: number
  }): Markers {
    const name = `${topic}/${partition}`
    const markers = this.#markers.get(name) ?? new Markers()
    this.#markers.set(name, markers)
    return markers
  }
}
