import type { SpanIds } from './unit-spans.ts'

/** A value that was counted, and the span that tells why it was as it was. */
export interface Exemplar {
  /** In the histogram's unit. */
  readonly value: number
  readonly span: SpanIds
  /** When the unit of work was over, ms since the epoch. */
  readonly atMs: number
}

/**
 * For each bucket of a histogram, a value of the last unit of work that has a span and put one there.
 *
 * A unit has its span only when it is over, so the last value of each bucket waits until then. That is one
 * number stored for a value that is counted; a unit makes no object.
 */
export class BucketExemplars {
  /** Of the open unit; NaN where it put nothing. */
  readonly #waiting: Float64Array
  readonly #values: Float64Array
  readonly #timesMs: Float64Array
  readonly #spans: (SpanIds | undefined)[]

  /** @param buckets how many the histogram has */
  constructor(buckets: number) {
    this.#waiting = new Float64Array(buckets).fill(Number.NaN)
    this.#values = new Float64Array(buckets)
    this.#timesMs = new Float64Array(buckets)
    this.#spans = Array.from({ length: buckets }, () => undefined)
  }

  /** Notes a value that the open unit put into a bucket. */
  counted(bucket: number, value: number): void {
    this.#waiting[bucket] = value
  }

  /** Ends the unit. @param span its own; `undefined` where it is not sampled: then older ones stay */
  unitOver(span: SpanIds | undefined, atMs: number): void {
    if (span !== undefined) {
      for (const [bucket, value] of this.#waiting.entries()) {
        if (Number.isNaN(value)) continue
        this.#values[bucket] = value
        this.#timesMs[bucket] = atMs
        this.#spans[bucket] = span
      }
    }
    this.#waiting.fill(Number.NaN)
  }

  /** The exemplar of a bucket; `undefined` while no unit with a span has put a value there. */
  at(bucket: number): Exemplar | undefined {
    const span = this.#spans[bucket]
    if (span === undefined) return undefined
    return { value: this.#values[bucket] ?? 0, span, atMs: this.#timesMs[bucket] ?? 0 }
  }
}
