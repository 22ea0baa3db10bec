import { retry } from '../runtime/retry.ts'
import type { RetryOptions } from '../runtime/retry.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Source } from '../source/port.ts'
import type { LoopEvents } from './events.ts'
import type { Fetcher } from './fetcher.ts'

/** Attempts at a request while brokers are there, each with its own time-out. */
const ATTEMPTS_MAX = 10
/** What takes longer than this is waited for within the group: far below `max.poll.interval.ms`. */
const LONG_MS = 5_000
/** Between two polls. */
const STEP_MS = 100

/** What the loop tells of itself. */
export interface LoopState {
  readonly isStopping: () => boolean
  /** The loop is well, however long something takes. */
  readonly beat: () => void
}

/** What it takes to wait well. */
export interface InsistenceParts {
  readonly source: Pick<Source, 'trouble' | 'hold' | 'release'>
  readonly fetcher: Pick<Fetcher, 'keepAlive'>
  readonly clock: Clock
  readonly backoff: Backoff
  readonly events: Pick<LoopEvents, 'retrying'>
}

type IsRetriable = NonNullable<RetryOptions['isRetriable']>

/** Requests to Kafka that are made until they are answered. */
export class Insistence {
  readonly #parts: InsistenceParts
  readonly #loop: LoopState

  constructor(parts: InsistenceParts, loop: LoopState) {
    this.#parts = parts
    this.#loop = loop
  }

  /**
   * Repeats a request while its error may pass. Attempts count only while a broker is there: an outage ends by
   * itself, and no other process could do better.
   *
   * @param isRetriable which errors may pass; by default those whose disposition is `retry`
   * @throws the last error
   */
  repeat<Value>(call: () => Promise<Value>, isRetriable?: IsRetriable): Promise<Value> {
    const { source, clock, backoff, events } = this.#parts
    return retry(call, {
      clock,
      // One of its own: commits that go well meanwhile must not shorten it.
      backoff: backoff.fresh(),
      attemptsMax: ATTEMPTS_MAX,
      ...(isRetriable !== undefined && { isRetriable }),
      isAway: () => source.trouble() !== undefined,
      isStopped: this.#loop.isStopping,
      onRetry: (error, waitMs) => {
        this.#loop.beat()
        events.retrying(error, waitMs)
      },
    })
  }

  /**
   * The same for a request that keeps the loop from polling. Without a poll for `max.poll.interval.ms` the
   * group takes the member for dead, and only a poll tells of brokers that are gone; so what takes long is
   * waited for with polls that bring nothing. Only while no poll is in flight.
   *
   * @throws the last error, or what `Source.poll` does
   */
  async repeatInGroup<Value>(
    call: () => Promise<Value>,
    isRetriable?: IsRetriable,
  ): Promise<Value> {
    const { source, fetcher, clock } = this.#parts
    const state = { isDone: false }
    const answer = this.repeat(call, isRetriable).finally(() => {
      state.isDone = true
    })
    const settled = answer.catch(() => undefined)
    await Promise.race([settled, clock.sleep(LONG_MS)])
    if (state.isDone) return answer
    while (!state.isDone) {
      this.#loop.beat()
      // Each time, since a rebalance may have brought partitions that are not held yet.
      source.hold()
      await fetcher.keepAlive()
      await Promise.race([settled, clock.sleep(STEP_MS)])
    }
    source.release()
    return answer
  }
}
