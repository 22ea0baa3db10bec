import { ServiceError } from '../domain/errors.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Source } from '../source/port.ts'
import type { Breaker } from './breaker.ts'
import type { UnitCounts } from './breaker.ts'
import type { LoopEvents } from './events.ts'
import type { Fetcher } from './fetcher.ts'

/** Longest sleep between two looks at the group and at a stop. */
const STEP_MS = 100

/** What the loop does while the gate is shut. */
export interface Waiting {
  readonly isStopping: () => boolean
  /** The loop is well, however long this takes. */
  readonly beat: () => void
  readonly answerRebalances: () => Promise<unknown>
}

/** Keeps a flood of dead letters from being committed, and the loop from reading it meanwhile. */
export class FloodGate {
  readonly #parts: {
    readonly breaker: Breaker
    readonly source: Source
    readonly fetcher: Fetcher
    readonly clock: Clock
    readonly events: LoopEvents
  }
  #trouble: string | undefined

  constructor(parts: {
    readonly breaker: Breaker
    readonly source: Source
    readonly fetcher: Fetcher
    readonly clock: Clock
    readonly events: LoopEvents
  }) {
    this.#parts = parts
  }

  /** Why nothing is committed; `undefined` when the breaker is closed. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Times the breaker has tripped. */
  get trips(): number {
    return this.#parts.breaker.trips
  }

  /** Before a commit. @throws ServiceError `DEAD_LETTER_FLOOD` when the unit must not be committed */
  check(unit: UnitCounts): void {
    const { breaker, clock, events } = this.#parts
    const why = breaker.judge(unit, clock.monotonic())
    if (why === undefined) return
    this.#trouble = why
    events.breakerTripped(why, breaker.pauseMs(clock.monotonic()))
    throw new ServiceError('DEAD_LETTER_FLOOD', why)
  }

  /** After a commit. */
  accept(unit: UnitCounts): void {
    const { breaker, clock, events } = this.#parts
    if (!breaker.accept(unit, clock.monotonic())) return
    this.#trouble = undefined
    events.breakerClosed()
  }

  /** Returns when reading may go on: at once, or after the pause of a trip, spent in the group. */
  async wait({ isStopping, beat, answerRebalances }: Waiting): Promise<void> {
    const { breaker, source, fetcher, clock } = this.#parts
    let leftMs = breaker.pauseMs(clock.monotonic())
    if (leftMs === 0) return
    for (; leftMs > 0 && !isStopping(); leftMs = breaker.pauseMs(clock.monotonic())) {
      beat()
      // Each time, since a rebalance may have brought partitions that are not held yet.
      source.hold()
      await clock.sleep(Math.min(leftMs, STEP_MS))
      await fetcher.keepAlive()
      await answerRebalances()
    }
    source.release()
  }
}

/** Whether an error is the gate's own, so that no other answer than the abort is needed. */
export function isFlood(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'DEAD_LETTER_FLOOD'
}
