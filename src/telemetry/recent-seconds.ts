import { invariant } from '../domain/errors.ts'
import type { RecentFigures } from '../loop/figures.ts'
import type { BucketHistogram } from './bucket-histogram.ts'
import { quantileOf } from './quantile.ts'

/** Seconds that are kept and told one by one. */
export const SECONDS_KEPT = 180

/** Seconds that rates and quantiles are taken over: short enough to follow, long enough to be calm. */
export const SECONDS_OVER = 10

interface Second {
  /** Since the epoch; NaN: not used yet. */
  second: number
  records: number
  /** Latencies by bucket, the last above all bounds. */
  readonly counts: Float64Array
}

/**
 * The last minutes, second by second, in a ring that never grows.
 *
 * It is told once a commit and looks at what the latency histogram has gained since: nothing here is done
 * per record, and the page agrees with `/metrics` because both come from one histogram.
 */
export class RecentSeconds {
  readonly #latency: BucketHistogram
  readonly #bounds: readonly number[]
  readonly #ring: readonly Second[]
  #before: readonly number[]
  #firstSecond: number | undefined

  /** @param latency in seconds, with these bounds; observed before `committed` is called */
  constructor(latency: BucketHistogram, bounds: readonly number[]) {
    this.#latency = latency
    this.#bounds = bounds
    this.#before = latency.cumulative()
    invariant(
      this.#before.length === bounds.length + 1,
      'these are not the bounds of the histogram',
    )
    this.#ring = Array.from({ length: SECONDS_KEPT + 1 }, () => ({
      second: Number.NaN,
      records: 0,
      counts: new Float64Array(bounds.length + 1),
    }))
  }

  /** After a commit at `atMs` of so many records, their latencies observed. */
  committed(atMs: number, records: number): void {
    const second = Math.floor(atMs / 1_000)
    this.#firstSecond ??= second
    const slot = this.#slot(second)
    if (slot.second !== second) {
      slot.second = second
      slot.records = 0
      slot.counts.fill(0)
    }
    slot.records += records
    const now = this.#latency.cumulative()
    for (let i = 0, below = 0; i < now.length; i++) {
      const gained = (now[i] ?? 0) - (this.#before[i] ?? 0)
      slot.counts[i] = (slot.counts[i] ?? 0) + gained - below
      below = gained
    }
    this.#before = now
  }

  /** The seconds that are over by `nowMs`. */
  figures(nowMs: number): RecentFigures {
    const end = Math.floor(nowMs / 1_000)
    const first = this.#firstSecond ?? end
    const perSecond = Array.from({ length: SECONDS_KEPT }, (_, i) =>
      this.#at(end - SECONDS_KEPT + i),
    )
    const overSeconds = Math.max(0, Math.min(SECONDS_OVER, end - first))
    const over = perSecond.slice(SECONDS_KEPT - overSeconds)
    const records = over.reduce((sum, each) => sum + (each?.records ?? 0), 0)
    const counts = this.#bounds.map((_, i) => sumAt(over, i))
    counts.push(sumAt(over, this.#bounds.length))
    return {
      overSeconds,
      recordsPerSecond: overSeconds === 0 ? 0 : records / overSeconds,
      p50Ms: this.#quantileMs(0.5, counts),
      p99Ms: this.#quantileMs(0.99, counts),
      perSecond: {
        records: perSecond.map((each) => each?.records ?? 0),
        p99Ms: perSecond.map((each) =>
          each === undefined ? null : (this.#quantileMs(0.99, each.counts) ?? null),
        ),
      },
    }
  }

  #quantileMs(share: number, counts: ArrayLike<number>): number | undefined {
    const seconds = quantileOf(share, this.#bounds, counts)
    return seconds === undefined ? undefined : seconds * 1_000
  }

  #slot(second: number): Second {
    const slot = this.#ring[second % this.#ring.length]
    invariant(slot !== undefined, `there is no second ${second}`)
    return slot
  }

  /** `undefined` for a second in which nothing was committed. */
  #at(second: number): Second | undefined {
    const slot = this.#slot(Math.max(0, second))
    return slot.second === second ? slot : undefined
  }
}

function sumAt(seconds: readonly (Second | undefined)[], bucket: number): number {
  return seconds.reduce((sum, each) => sum + (each?.counts[bucket] ?? 0), 0)
}
