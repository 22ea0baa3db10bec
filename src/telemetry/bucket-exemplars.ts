import type { SpanIds } from './unit-spans.ts'

/** A unit of work that has a span: what an exemplar leads to. */
export interface TracedUnit {
  readonly span: SpanIds
  /** When it was over, ms since the epoch. */
  readonly atMs: number
}

/** A value that was counted, and the unit that tells why it was as it was. */
export interface Exemplar {
  /** In the histogram's unit. */
  readonly value: number
  readonly of: TracedUnit
}

/** For each bucket of a histogram, the last value that a unit with a span put there. Makes no objects. */
export class BucketExemplars {
  readonly #values: Float64Array
  readonly #units: (TracedUnit | undefined)[]

  /** @param buckets how many the histogram has */
  constructor(buckets: number) {
    this.#values = new Float64Array(buckets)
    this.#units = Array.from({ length: buckets }, () => undefined)
  }

  set(bucket: number, value: number, unit: TracedUnit): void {
    this.#values[bucket] = value
    this.#units[bucket] = unit
  }

  /** `undefined` while no unit with a span has put a value into the bucket. */
  at(bucket: number): Exemplar | undefined {
    const unit = this.#units[bucket]
    return unit === undefined ? undefined : { value: this.#values[bucket] ?? 0, of: unit }
  }
}
