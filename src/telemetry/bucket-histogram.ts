import { invariant } from '../domain/errors.ts'
import { BucketExemplars } from './bucket-exemplars.ts'
import type { Exemplar, TracedUnit } from './bucket-exemplars.ts'

/**
 * Counts values into buckets: what a Prometheus histogram needs, without an object per value.
 *
 * Nothing is allocated after the first value with an exemplar, so a commit may put ten thousand values into it.
 */
export class BucketHistogram {
  readonly #bounds: Float64Array
  /** One more than `bounds`: the last takes what lies above all of them. */
  readonly #counts: Float64Array
  /** Made with the first: most histograms have none. */
  #exemplars: BucketExemplars | undefined
  #sum = 0
  #count = 0

  /** @param bounds inclusive upper bounds, ascending */
  constructor(bounds: readonly number[]) {
    const isAscending = bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? 0))
    invariant(bounds.length > 0 && isAscending, `buckets must ascend, got ${bounds.join(', ')}`)
    this.#bounds = Float64Array.from(bounds)
    this.#counts = new Float64Array(bounds.length + 1)
  }

  get sum(): number {
    return this.#sum
  }

  get count(): number {
    return this.#count
  }

  /**
   * Counts a value `times` times. A value that is not finite is not counted.
   *
   * @param unit makes the value the exemplar of its bucket
   */
  observe(value: number, times = 1, unit?: TracedUnit): void {
    if (!Number.isFinite(value) || times <= 0) return
    const bucket = this.#bucketOf(value)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times
    this.#sum += value * times
    this.#count += times
    if (unit !== undefined) {
      this.#exemplars ??= new BucketExemplars(this.#counts.length)
      this.#exemplars.set(bucket, value, unit)
    }
  }

  /** Of a bucket, counted from 0; `undefined` where there is none. */
  exemplar(bucket: number): Exemplar | undefined {
    return this.#exemplars?.at(bucket)
  }

  /** How many values lie at or below each bound, then how many there are in all. */
  cumulative(): readonly number[] {
    const result: number[] = []
    let total = 0
    for (const count of this.#counts) {
      total += count
      result.push(total)
    }
    return result
  }

  /** First bound at or above the value, by bisection. */
  #bucketOf(value: number): number {
    let low = 0
    let high = this.#bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= (this.#bounds[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    return low
  }
}
