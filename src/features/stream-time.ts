/**
 * What must survive a restart so that the same log gives the same rows. It travels in the metadata
 * of the committed offset.
 *
 * After a restart the service reads the input log back from `replayFrom` up to the committed
 * offset, beginning with stream time `replayStreamTimeMs` (see {@link replayStart}). Every record
 * before `replayFrom` is older than any event that is not late can reach.
 */
export interface StreamPosition {
  /** Largest event time seen, ms; `undefined` before the first event. */
  readonly streamTimeMs: number | undefined
  /** First offset to read back; {@link NOTHING_TO_REPLAY} before the first event. */
  readonly replayFrom: number
  /** Stream time just before `replayFrom`, ms; `undefined` when no event lay before it. */
  readonly replayStreamTimeMs: number | undefined
}

/** A `replayFrom` past every offset: no event has been seen, so there is nothing to read back. */
export const NOTHING_TO_REPLAY = Number.MAX_SAFE_INTEGER

/** All records before `offset` have event times up to `beforeMs`; −Infinity when there were none. */
interface Checkpoint {
  readonly offset: number
  readonly beforeMs: number
}

/** A stream clock's state, as `save` gives and `restore` takes it. */
export interface SavedClock {
  readonly timeMs: number
  readonly checkpoints: readonly Checkpoint[]
}

/** Checkpoints per reach: a replay reads at most this fraction of the reach more than it must. */
const CHECKPOINTS_PER_REACH = 64

/**
 * The stream time of one partition, and where a replay has to begin.
 *
 * `reachMs` bounds how far behind stream time an event can lie and still be seen by a later event
 * that is not late.
 */
export class StreamClock {
  /** Largest event time seen, ms; −Infinity before the first event. */
  timeMs: number
  readonly #reachMs: number
  readonly #stepMs: number
  #checkpoints: readonly Checkpoint[]

  constructor(reachMs: number, restored?: StreamPosition) {
    this.#reachMs = reachMs
    this.#stepMs = Math.max(1, reachMs / CHECKPOINTS_PER_REACH)
    this.timeMs = restored?.streamTimeMs ?? -Infinity
    const isFresh = restored === undefined || restored.replayFrom === NOTHING_TO_REPLAY
    this.#checkpoints = isFresh
      ? []
      : [{ offset: restored.replayFrom, beforeMs: restored.replayStreamTimeMs ?? -Infinity }]
  }

  /** Whether {@link advance} would change anything. */
  isMovedBy(timeMs: number): boolean {
    return timeMs > this.timeMs || this.#checkpoints.length === 0
  }

  /** Takes in an event that is not late; offsets arrive in log order. */
  advance(offset: number, timeMs: number): void {
    if (this.#checkpoints.length === 0) this.#checkpoints = [{ offset, beforeMs: this.timeMs }]
    if (timeMs <= this.timeMs) return
    const last = this.#checkpoints.at(-1)?.beforeMs ?? -Infinity
    if (this.timeMs > -Infinity && this.timeMs - last >= this.#stepMs) {
      const reached = timeMs - this.#reachMs
      const next = { offset, beforeMs: this.timeMs }
      this.#checkpoints = fromLastBefore([...this.#checkpoints, next], reached)
    }
    this.timeMs = timeMs
  }

  /** Where a replay would begin if everything taken in so far were committed. */
  position(): StreamPosition {
    const start = fromLastBefore(this.#checkpoints, this.timeMs - this.#reachMs)[0]
    return {
      streamTimeMs: definedTime(this.timeMs),
      replayFrom: start?.offset ?? NOTHING_TO_REPLAY,
      replayStreamTimeMs: definedTime(start?.beforeMs ?? -Infinity),
    }
  }

  save(): SavedClock {
    return { timeMs: this.timeMs, checkpoints: this.#checkpoints }
  }

  restore(saved: SavedClock): void {
    this.timeMs = saved.timeMs
    this.#checkpoints = saved.checkpoints
  }
}

/** What to open a partition with before records from `replayFrom` on are applied again. */
export function replayStart(position: StreamPosition): StreamPosition {
  return { ...position, streamTimeMs: position.replayStreamTimeMs }
}

/** The checkpoints from the last one that lies before `timeMs` on; all of them when none does. */
function fromLastBefore(checkpoints: readonly Checkpoint[], timeMs: number): readonly Checkpoint[] {
  const index = checkpoints.findLastIndex((checkpoint) => checkpoint.beforeMs < timeMs)
  return index <= 0 ? checkpoints : checkpoints.slice(index)
}

function definedTime(timeMs: number): number | undefined {
  return timeMs === -Infinity ? undefined : timeMs
}
