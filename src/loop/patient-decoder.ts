import type { Decoded, Decoder } from '../decode/port.ts'
import { ServiceError } from '../domain/errors.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'

/** How long all partitions wait for a schema that one of them needs. */
const ANSWER_WAIT_MS = 500

/** A partition that stands still at a record whose schema cannot be fetched now. */
interface Blocked {
  readonly partition: number
  readonly record: InputRecord
  readonly error: ServiceError
}

/** What became of a batch. */
export interface Decoding {
  /** Of the partitions that are not blocked, each partition's records in offset order. */
  readonly decoded: readonly Decoded[]
  /** Partitions blocked by this batch: what is decoded of them lies before the record that blocks. */
  readonly blocked: readonly number[]
}

/** What became of one partition's records. */
type Attempt =
  | {
      readonly done: readonly Decoded[]
      readonly blockedBy?: undefined
      readonly error?: undefined
    }
  | {
      readonly done: readonly Decoded[]
      readonly blockedBy: InputRecord
      readonly error: ServiceError
    }

/**
 * Decodes what can be decoded while the registry is away: a schema that does not come blocks the
 * partitions whose records need it, the others go on. What is blocked is asked for in the background,
 * one record at a time, with back-off.
 */
export class PatientDecoder {
  readonly #decoder: Decoder
  readonly #clock: Clock
  readonly #backoff: Backoff
  /** Oldest first; only the record that blocks is kept. */
  readonly #blocked = new Map<number, Blocked>()
  #unblocked: number[] = []
  #isAsking = false
  #asksAtMs = 0
  #failure: { readonly error: unknown } | undefined

  constructor(parts: {
    readonly decoder: Decoder
    readonly clock: Clock
    readonly backoff: Backoff
  }) {
    this.#decoder = parts.decoder
    this.#clock = parts.clock
    this.#backoff = parts.backoff
  }

  /** Why partitions are blocked; `undefined` when none is. */
  get trouble(): ServiceError | undefined {
    const [first] = this.#blocked.values()
    return first?.error
  }

  /** Partitions that are blocked, or were until a moment ago. */
  get blocked(): number {
    return this.#blocked.size + this.#unblocked.length
  }

  /** Records of partitions that are blocked already are left out: they are read again. */
  async decode(records: readonly InputRecord[]): Promise<Decoding> {
    const open = this.blocked > 0 ? records.filter((each) => this.#isOpen(each)) : records
    const whole = await this.#attempt(open)
    if (!(whole instanceof ServiceError)) return { decoded: whole, blocked: [] }
    const groups = [...Map.groupBy(open, ({ partition }) => partition)]
    const attempts = await Promise.all(groups.map(([, own]) => this.#attemptPart(own)))
    const decoded: Decoded[] = []
    const blocked: number[] = []
    for (const { done, blockedBy, error } of attempts) {
      decoded.push(...done)
      if (blockedBy === undefined) continue
      blocked.push(blockedBy.partition)
      this.#block({ partition: blockedBy.partition, record: blockedBy, error })
    }
    return { decoded, blocked }
  }

  /**
   * Partitions whose record can be decoded now: read on from where they stand. Asks for the next one,
   * when it is time.
   *
   * @throws what decoding throws besides `REGISTRY_UNAVAILABLE`
   */
  takeUnblocked(): readonly number[] {
    if (this.#failure !== undefined) throw this.#failure.error
    const unblocked = this.#unblocked
    this.#unblocked = []
    const isTime = this.#clock.monotonic() >= this.#asksAtMs
    if (this.blocked > 0 && !this.#isAsking && isTime) void this.#ask()
    return unblocked
  }

  /** Blocks nothing any more. @returns what was blocked: it must be read again */
  clear(): readonly number[] {
    const all = [...this.#blocked.keys(), ...this.#unblocked]
    this.#blocked.clear()
    this.#unblocked = []
    return all
  }

  /** Forgets partitions that are no longer ours. */
  retain(isOwned: (partition: number) => boolean): void {
    for (const partition of this.#blocked.keys()) {
      if (!isOwned(partition)) this.#blocked.delete(partition)
    }
    this.#unblocked = this.#unblocked.filter(isOwned)
  }

  #isOpen({ partition }: InputRecord): boolean {
    return !this.#blocked.has(partition) && !this.#unblocked.includes(partition)
  }

  #block(blocked: Blocked): void {
    if (this.#blocked.size === 0) {
      this.#backoff.reset()
      this.#asksAtMs = this.#clock.monotonic() + this.#backoff.next()
    }
    this.#blocked.set(blocked.partition, blocked)
  }

  /** For the record that has waited longest. */
  async #ask(): Promise<void> {
    const [asked] = this.#blocked.values()
    if (asked === undefined) return
    const { partition, record } = asked
    this.#isAsking = true
    try {
      await this.#decoder.decode([record])
      this.#backoff.reset()
      if (this.#take(asked)) this.#unblocked.push(partition)
    } catch (error) {
      this.#asksAtMs = this.#clock.monotonic() + this.#backoff.next()
      // Behind the others: their schemas may be there.
      if (!isAway(error)) this.#failure ??= { error }
      else if (this.#take(asked)) this.#blocked.set(partition, { partition, record, error })
    } finally {
      this.#isAsking = false
    }
  }

  /** @returns false when it is not blocked by this record any more */
  #take(blocked: Blocked): boolean {
    return (
      this.#blocked.get(blocked.partition) === blocked && this.#blocked.delete(blocked.partition)
    )
  }

  /** Decodes the records of one partition, or, when a schema does not come, those before the first of it. */
  async #attemptPart(records: readonly InputRecord[]): Promise<Attempt> {
    const whole = await this.#attempt(records)
    if (!(whole instanceof ServiceError)) return { done: whole }
    const count = this.#decoder.readyCount(records)
    const ready = await this.#attempt(records.slice(0, count))
    // What was ready a moment ago may have gone out of date.
    const isReady = !(ready instanceof ServiceError)
    const blockedBy = records[isReady ? count : 0]
    const done = isReady ? ready : []
    return blockedBy === undefined ? { done } : { done, blockedBy, error: whole }
  }

  /** @returns the error when a schema cannot be fetched now, or does not come soon */
  async #attempt(records: readonly InputRecord[]): Promise<readonly Decoded[] | ServiceError> {
    if (records.length === 0) return []
    const decoding = this.#decoder.decode(records)
    const answered = (): boolean => false
    // The wait goes on behind what is decoded, and must not keep it: under load that would be half a second's events.
    const isLate = await Promise.race([
      decoding.then(answered, answered),
      this.#clock.sleep(ANSWER_WAIT_MS).then(() => true),
    ])
    if (isLate) return lateError()
    try {
      return await decoding
    } catch (error) {
      if (isAway(error)) return error
      throw error
    }
  }
}

function lateError(): ServiceError {
  const message = `a schema did not come within ${ANSWER_WAIT_MS} ms`
  return new ServiceError('REGISTRY_UNAVAILABLE', message)
}

function isAway(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === 'REGISTRY_UNAVAILABLE'
}
