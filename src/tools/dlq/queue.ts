import type { InputRecord } from '../../domain/record.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { LogReader } from '../../source/log-port.ts'
import type { LogBounds } from '../../source/port.ts'
import { CoordinateSet } from './coordinates.ts'
import { type Entry, type Letter, markedSource, readEntry } from './letter.ts'
import { readPartition } from './partition-reader.ts'

const BEGINNING: Place = { partition: 0, offset: 0 }

/** A place on the dead-letter topic. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

/** A letter, and whether it was replayed. */
export interface Queued {
  readonly letter: Letter
  readonly isReplayed: boolean
}

/**
 * The dead letters of one application, as they are at one moment: up to the ends that the partitions had
 * when it was taken, in order of partition and offset.
 *
 * A letter is replayed when its marker is on the log. Markers follow their letters in the same partition,
 * so a first reading collects them before the letters are gone through.
 */
export class Queue {
  readonly #log: LogReader
  readonly #appId: string
  readonly #clock: Clock
  readonly #bounds: ReadonlyMap<number, LogBounds>
  readonly replayed = new CoordinateSet()

  private constructor(options: QueueOptions, bounds: ReadonlyMap<number, LogBounds>) {
    this.#log = options.log
    this.#appId = options.appId
    this.#clock = options.clock
    this.#bounds = bounds
  }

  /** Takes the queue as it is now. @throws ServiceError `KAFKA_UNAVAILABLE` */
  static async take(options: QueueOptions): Promise<Queue> {
    const bounds = new Map<number, LogBounds>()
    for (let partition = 0; partition < options.partitions; partition += 1) {
      bounds.set(partition, await options.log.bounds(partition))
    }
    const queue = new Queue(options, bounds)
    for await (const records of queue.#read(BEGINNING)) {
      for (const record of records) {
        const source = markedSource(record)
        if (source !== undefined) queue.replayed.add(source)
      }
    }
    return queue
  }

  /** The letters of the application from a place on, in batches. */
  async *letters(from: Place = BEGINNING): AsyncGenerator<readonly Queued[]> {
    for await (const records of this.#read(from)) {
      const batch = records.flatMap((record) => this.queued(readEntry(record)) ?? [])
      if (batch.length > 0) yield batch
    }
  }

  /** All that is on the topic, or in one partition up to an offset, that included. */
  async *entries(until?: Place): AsyncGenerator<Entry> {
    for await (const records of this.#read(BEGINNING, until)) {
      for (const record of records) yield readEntry(record)
    }
  }

  /** A letter of the application with what is known of it; `undefined` for everything else. */
  queued(entry: Entry): Queued | undefined {
    if (entry.kind !== 'letter' || entry.letter.appId !== this.#appId) return undefined
    return { letter: entry.letter, isReplayed: this.replayed.has(entry.letter.source) }
  }

  /** How far the records before a place are of all there are, 0 to 1. */
  shareBefore(place: Place): number {
    let all = 0
    let before = 0
    for (const [partition, { first, end }] of this.#bounds) {
      all += end - first
      if (partition < place.partition) before += end - first
      else if (partition === place.partition) before += Math.max(0, place.offset - first)
    }
    return all === 0 ? 1 : before / all
  }

  /** The offsets a partition has. */
  bounds(partition: number): LogBounds | undefined {
    return this.#bounds.get(partition)
  }

  async *#read(from: Place, until?: Place): AsyncGenerator<readonly InputRecord[]> {
    for (const [partition, { first, end }] of this.#bounds) {
      if (partition < from.partition) continue
      if (until !== undefined && partition !== until.partition) continue
      const start = partition === from.partition ? Math.max(first, from.offset) : first
      const stop = until === undefined ? end : Math.min(end, until.offset + 1)
      if (start < stop)
        yield* readPartition(this.#log, this.#clock, { partition, start, end: stop })
    }
  }
}

/** What a queue is taken from. */
export interface QueueOptions {
  /** Of the dead-letter topic. */
  readonly log: LogReader
  readonly partitions: number
  readonly appId: string
  readonly clock: Clock
}
