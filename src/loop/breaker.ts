import { invariant } from '../domain/errors.ts'
import type { DeadLetterReason } from '../domain/outcome.ts'

/** Parts a window is cut into: how exactly it slides, and the bound on what it remembers. */
const SLICES = 32
/** Most reasons that are told of a trip. */
const REASONS_TOLD = 3

/** When dead letters are a flood. */
export interface BreakerBounds {
  /** Largest share of dead letters that is let through, 0 to 1; 1 never trips. */
  readonly ratioMax: number
  readonly windowMs: number
  /** Least records in the window that say anything about the stream. */
  readonly recordsMin: number
  /** From a trip to the unit that probes. */
  readonly pauseMs: number
}

/** What a unit of work answered. */
export interface UnitCounts {
  readonly records: number
  readonly deadLetters: ReadonlyMap<DeadLetterReason, number>
}

/** Units committed within one part of the window. */
interface Slice {
  readonly number: number
  records: number
  readonly deadLetters: Map<DeadLetterReason, number>
}

/**
 * Trips when dead letters are more than a share of what was answered lately.
 *
 * A share of the stream that cannot be used is that stream's own business; a flood is mostly a
 * deployment that does not fit: a model, a schema, a registry. Then each record committed as a dead
 * letter is one to bring back by hand.
 *
 * Closed, it judges the open unit together with the units committed within the window, from
 * `recordsMin` on. Open, it lets one unit probe after the pause, judged alone and whatever its size:
 * the same ratio trips again, a better one closes. Times are monotonic ms, passed in, never falling.
 */
export class Breaker {
  readonly #bounds: BreakerBounds
  #slices: Slice[] = []
  #probesAtMs: number | undefined
  #trips = 0

  constructor(bounds: BreakerBounds) {
    this.#bounds = bounds
  }

  get isOpen(): boolean {
    return this.#probesAtMs !== undefined
  }

  /** Times it has tripped. */
  get trips(): number {
    return this.#trips
  }

  /** How long until a unit may probe, ms; 0 when it may, or when the breaker is closed. */
  pauseMs(nowMs: number): number {
    return Math.max(0, (this.#probesAtMs ?? nowMs) - nowMs)
  }

  /** Judges a unit before it is committed. @returns why it must not be, if the breaker trips */
  judge(unit: UnitCounts, nowMs: number): string | undefined {
    const { ratioMax, recordsMin, windowMs, pauseMs } = this.#bounds
    const counts = [unit, ...(this.isOpen ? [] : this.#recent(nowMs))]
    const records = counts.reduce((sum, each) => sum + each.records, 0)
    const byReason = sumByReason(counts)
    const dead = [...byReason.values()].reduce((sum, count) => sum + count, 0)
    invariant(dead <= records, `${dead} dead letters of ${records} records`)
    if (records < (this.isOpen ? 1 : recordsMin) || dead <= ratioMax * records) return undefined
    const within = this.isOpen ? 'probing' : `within ${windowMs} ms`
    this.#trips += 1
    this.#probesAtMs = nowMs + pauseMs
    this.#slices = []
    return (
      `${dead} of ${records} records ${within} are dead letters: the share must be at most ` +
      `${ratioMax}, got ${(dead / records).toFixed(3)}; ${told(byReason)}`
    )
  }

  /** A judged unit is committed. @returns whether that has closed the breaker */
  accept(unit: UnitCounts, nowMs: number): boolean {
    const number = this.#numberOf(nowMs)
    this.#slices = this.#recent(nowMs)
    let slice = this.#slices.at(-1)
    if (slice?.number !== number) {
      slice = { number, records: 0, deadLetters: new Map() }
      this.#slices.push(slice)
    }
    slice.records += unit.records
    for (const [reason, count] of unit.deadLetters) {
      slice.deadLetters.set(reason, (slice.deadLetters.get(reason) ?? 0) + count)
    }
    const hasClosed = this.isOpen
    this.#probesAtMs = undefined
    return hasClosed
  }

  #recent(nowMs: number): Slice[] {
    const number = this.#numberOf(nowMs)
    return this.#slices.filter((slice) => slice.number > number - SLICES)
  }

  #numberOf(nowMs: number): number {
    return Math.floor((nowMs / this.#bounds.windowMs) * SLICES)
  }
}

function sumByReason(counts: readonly UnitCounts[]): Map<DeadLetterReason, number> {
  const sums = new Map<DeadLetterReason, number>()
  for (const { deadLetters } of counts) {
    for (const [reason, count] of deadLetters) sums.set(reason, (sums.get(reason) ?? 0) + count)
  }
  return sums
}

function told(byReason: ReadonlyMap<DeadLetterReason, number>): string {
  return [...byReason]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, REASONS_TOLD)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')
}
