import type { Decoded, Decoder } from '../decode/port.ts'
import type { ServiceError } from '../domain/errors.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Source } from '../source/port.ts'
import type { LoopObserver } from './observer.ts'
import { PatientDecoder } from './patient-decoder.ts'

/** One poll's records, decoded. */
export interface Batch {
  readonly decoded: readonly Decoded[]
  /** When the poll came back, wall-clock ms. */
  readonly receivedAtMs: number
  /** The poll brought fewer records than it may: nothing more was waiting. */
  readonly isShort: boolean
}

/**
 * Reads one micro-batch ahead: poll and decode of the next run while the current one is scored and
 * committed. At most one poll is in flight.
 */
export class Fetcher {
  readonly #source: Pick<Source, 'poll' | 'pause'>
  readonly #decoder: PatientDecoder
  readonly #clock: Clock
  readonly #observer: LoopObserver
  readonly #recordsMax: number
  #ahead: Promise<Batch> | undefined
  /** Polled, not yet decoded: what came while only the group was kept alive. */
  #undecoded: readonly InputRecord[] = []

  constructor(options: {
    readonly source: Pick<Source, 'poll' | 'pause'>
    readonly decoder: Decoder
    readonly clock: Clock
    /** Between two questions for a schema that does not come. */
    readonly backoff: Backoff
    readonly observer: LoopObserver
    readonly recordsMax: number
  }) {
    this.#source = options.source
    this.#decoder = new PatientDecoder(options)
    this.#clock = options.clock
    this.#observer = options.observer
    this.#recordsMax = options.recordsMax
  }

  /** Why partitions stand still for want of a schema; `undefined` when none does. */
  get trouble(): ServiceError | undefined {
    return this.#decoder.trouble
  }

  /** Records that are polled and not decoded. */
  get undecoded(): number {
    return this.#undecoded.length
  }

  /** Partitions that stand still for want of a schema, or did a moment ago. */
  get blocked(): number {
    return this.#decoder.blocked
  }

  /** Partitions whose schema has come: they stand still until `Source.seek`. */
  takeUnblocked(): readonly number[] {
    return this.#decoder.takeUnblocked()
  }

  /** Starts the next poll unless one is in flight. Its error waits for `take`. */
  start(): void {
    if (this.#ahead !== undefined) return
    this.#ahead = this.#fetch()
    this.#ahead.catch(() => undefined)
  }

  /** Whether a batch is read ahead, or being read. */
  get isAhead(): boolean {
    return this.#ahead !== undefined
  }

  /** The next batch. Afterwards no poll is in flight. @throws as `Source.poll` */
  async take(): Promise<Batch> {
    this.start()
    const ahead = this.#ahead ?? this.#fetch()
    try {
      return await ahead
    } finally {
      this.#ahead = undefined
    }
  }

  /**
   * Waits for the poll in flight and drops what was read ahead.
   *
   * @returns the partitions that lost records by it: they must be read again
   */
  async drop(): Promise<ReadonlySet<number>> {
    const batch = await this.#ahead?.catch(() => undefined)
    const dropped = new Set(this.#undecoded.map(({ partition }) => partition))
    for (const { record } of batch?.decoded ?? []) dropped.add(record.partition)
    for (const partition of this.#decoder.clear()) dropped.add(partition)
    this.#ahead = undefined
    this.#undecoded = []
    return dropped
  }

  /** Polls only to stay in the group; the rare record that still comes is kept in order. */
  async keepAlive(): Promise<void> {
    // A poll may be in flight; what came of it waits for `take`.
    await this.#ahead?.catch(() => undefined)
    const more = await this.#source.poll(1)
    if (more.length > 0) this.#undecoded = [...this.#undecoded, ...more]
  }

  /** Forgets what is kept of partitions that are no longer ours. */
  retain(isOwned: (partition: number) => boolean): void {
    this.#undecoded = this.#undecoded.filter((record) => isOwned(record.partition))
    this.#decoder.retain(isOwned)
  }

  async #fetch(): Promise<Batch> {
    if (this.#undecoded.length === 0) await this.#poll()
    const records = this.#undecoded
    const receivedAtMs = this.#clock.now()
    const startedAt = this.#clock.monotonic()
    const { decoded, blocked } = await this.#decoder.decode(records)
    this.#source.pause(blocked)
    if (records.length > 0) this.#observer.stage('decode', this.#clock.monotonic() - startedAt)
    this.#undecoded = []
    return { decoded, receivedAtMs, isShort: records.length < this.#recordsMax }
  }

  async #poll(): Promise<void> {
    const startedAt = this.#clock.monotonic()
    this.#undecoded = await this.#source.poll(this.#recordsMax)
    if (this.#undecoded.length === 0) return
    this.#observer.stage('poll', this.#clock.monotonic() - startedAt)
    const topic = this.#undecoded[0]?.topic ?? ''
    let bytes = 0
    for (const record of this.#undecoded) bytes += record.value?.length ?? 0
    this.#observer.received(topic, this.#undecoded.length, bytes)
  }
}

/** The batch without the records of other partitions. */
export function only<Held extends Batch | undefined>(
  batch: Held,
  isWanted: (partition: number) => boolean,
): Held {
  if (batch === undefined) return batch
  return { ...batch, decoded: batch.decoded.filter(({ record }) => isWanted(record.partition)) }
}
