import type { ServiceError } from '../../domain/errors.ts'
import { Backoff } from '../../runtime/backoff.ts'
import type { Clock } from '../../runtime/clock.ts'
import { retry } from '../../runtime/retry.ts'
import type { LogReader } from '../../source/log-port.ts'
import type { LogBounds } from '../../source/port.ts'
import { depthExposition, readExposition } from './exposition.ts'
import type { Depth } from './exposition.ts'
import { FollowedQueue } from './followed-queue.ts'
import { readPartition } from './partition-reader.ts'
import type { Span } from './partition-reader.ts'

/** From the end of one round to the next: three of them fit between two scrapes. */
const ROUND_MS = 5_000
const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 10_000

const NOTHING: LogBounds = { first: 0, end: 0 }

/** What a queue is watched with. */
export interface WatchOptions {
  /** Of the dead-letter topic. */
  readonly log: LogReader
  /** How many it has now. @throws ServiceError `TOPIC_MISSING`, `KAFKA_UNAVAILABLE` */
  readonly partitions: () => Promise<number>
  readonly appId: string
  readonly clock: Clock
}

/** What a watch tells of itself, rarely. */
export interface WatchEvents {
  /** It has read to the ends: for the first time, or again after it could not. */
  readToEnds(records: number): void
  retrying(error: ServiceError, waitMs: number): void
}

/**
 * Follows the dead letters of one application and tells how many wait, as `dlq stats` would of the same topic.
 *
 * It goes in rounds. Each asks for the bounds of all partitions, then reads those whose end has moved, from where the
 * last round ended up to there; figures change at its end only. A topic that was deleted and made anew is known by
 * offsets that go back.
 */
export class QueueWatch {
  readonly #log: LogReader
  readonly #partitions: () => Promise<number>
  readonly #appId: string
  readonly #clock: Clock
  readonly #queue: FollowedQueue
  /** What has been taken in of each partition. */
  readonly #taken = new Map<number, LogBounds>()
  #depth: Depth | undefined
  /** Something was taken in, or forgotten, since the depth was counted. */
  #isChanged = true
  #records = 0
  /** When the ends were asked for that it last has read to. */
  #readAtMs: number | undefined
  #heartbeatAtMs: number
  #trouble: ServiceError | undefined

  constructor({ log, partitions, appId, clock }: WatchOptions) {
    this.#log = log
    this.#partitions = partitions
    this.#appId = appId
    this.#clock = clock
    this.#queue = new FollowedQueue(appId)
    this.#heartbeatAtMs = clock.now()
  }

  /** Follows for ever. @throws ServiceError that trying again will not heal, e.g. `KAFKA_UNAUTHORIZED` */
  async run(events: WatchEvents): Promise<never> {
    const clock = this.#clock
    const backoff = new Backoff(BACKOFF_FIRST_MS, BACKOFF_MAX_MS)
    let isTold = false
    for (;;) {
      await retry(() => this.round(), {
        clock,
        backoff,
        attemptsMax: Infinity,
        onRetry: (error, waitMs) => {
          isTold = false
          this.#alive()
          this.#trouble = error
          events.retrying(error, waitMs)
        },
      })
      backoff.reset()
      if (!isTold) events.readToEnds(this.#records)
      isTold = true
      await clock.sleep(ROUND_MS)
    }
  }

  /**
   * Reads to the ends that the partitions have now.
   *
   * @throws ServiceError `KAFKA_UNAVAILABLE`: call again, what was read counts; `TOPIC_MISSING`
   */
  async round(): Promise<void> {
    const askedAtMs = this.#clock.now()
    const count = await this.#partitions()
    this.#alive()
    for (const partition of this.#taken.keys()) if (partition >= count) this.#forget(partition)
    const all: LogBounds[] = []
    for (let partition = 0; partition < count; partition += 1) {
      all.push(await this.#log.bounds(partition))
      this.#alive()
    }
    for (const [partition, bounds] of all.entries()) await this.#follow(partition, bounds)
    if (this.#isChanged) this.#depth = this.#queue.depth()
    this.#isChanged = false
    this.#trouble = undefined
    this.#readAtMs = askedAtMs
  }

  /** In Prometheus' text format. Until the ends were first reached it tells that alone. */
  metrics(): string {
    const depth = this.#depth === undefined ? '' : depthExposition(this.#depth, this.#appId)
    return depth + readExposition(this.#readAtMs ?? 0, this.#appId)
  }

  /** How it fares, for probes. */
  snapshot() {
    return {
      heartbeatAtMs: this.#heartbeatAtMs,
      readAtMs: this.#readAtMs,
      records: this.#records,
      trouble: this.#trouble,
    }
  }

  /** Takes in what has come to a partition, and forgets what has gone. */
  async #follow(partition: number, { first, end }: LogBounds): Promise<void> {
    const known = this.#taken.get(partition) ?? NOTHING
    if (first < known.first || end < known.end) this.#forget(partition)
    else if (first === known.first && end === known.end) return
    this.#isChanged = true
    this.#queue.dropBefore({ partition, offset: first })
    const start = Math.max(first, this.#taken.get(partition)?.end ?? 0)
    if (start < end) await this.#read({ partition, start, end }, first)
    this.#taken.set(partition, { first, end })
  }

  async #read(span: Span, first: number): Promise<void> {
    for await (const records of readPartition(this.#log, this.#clock, span)) {
      this.#alive()
      for (const record of records) this.#queue.take(record)
      const last = records.at(-1)
      if (last !== undefined) this.#taken.set(span.partition, { first, end: last.offset + 1 })
      this.#records += records.length
    }
  }

  #forget(partition: number): void {
    this.#isChanged = true
    this.#taken.delete(partition)
    this.#queue.dropBefore({ partition, offset: Infinity })
  }

  #alive(): void {
    this.#heartbeatAtMs = this.#clock.now()
  }
}
