/** A fencing sooner after a loss tells of another process with our name, which caused both. */
const APART_MS = 1_000
/** What librdkafka does of itself it does within so long. */
const AFTER_MS = 60_000

/**
 * Tells a static member that its own client fenced from one that another process fenced.
 *
 * When brokers are away for longer than the session, librdkafka gives the member up and joins once more, and a
 * heartbeat or a join of before that is answered late tells it that it is fenced: a fatal error (librdkafka
 * 2.15, seen at a broker's restart). Another client heals that, once an outage. Without an outage before it,
 * it is another process with the same `INSTANCE_ID`, and a new client would fence that one in turn.
 */
export class OwnFencing {
  #awayAt = -Infinity
  #lostAt = -Infinity

  /** No broker was reachable at this time, monotonic ms. */
  outage(now: number): void {
    this.#awayAt = now
  }

  /** The partitions were lost at this time: the session was over. */
  lost(now: number): void {
    this.#lostAt = now
  }

  /** Whether a fatal error at this time is answered with a new client. */
  takes(now: number): boolean {
    const isOwn = now - this.#awayAt < AFTER_MS || isBetween(now - this.#lostAt, APART_MS, AFTER_MS)
    this.#awayAt = -Infinity
    this.#lostAt = -Infinity
    return isOwn
  }
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value < most
}
