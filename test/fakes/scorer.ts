import { ServiceError, invariant } from '../../src/domain/errors.ts'
import { InferenceError } from '../../src/inference/port.ts'
import type { Scorer } from '../../src/inference/port.ts'

/** What a `FakeScorer` does with a row: its scores, or the message with which the model throws. */
export type FakeModel = (row: Float32Array) => readonly number[] | string

/** A `Scorer` whose model is a function. Passes the suite in `test/contract/scorer.ts`. */
export class FakeScorer implements Scorer {
  /** Rows of every call, refused ones among them. */
  readonly calls: number[] = []
  readonly #features: number
  readonly #model: FakeModel
  #isBusy = false
  #isClosed = false

  constructor(features: number, model: FakeModel) {
    this.#features = features
    this.#model = model
  }

  async score(rows: Float32Array, count: number): Promise<Float64Array> {
    invariant(!this.#isBusy, 'one scoring call at a time')
    if (this.#isClosed) throw new ServiceError('INVARIANT_BROKEN', 'the scorer is closed')
    const length = count * this.#features
    invariant(rows.length >= length, `${count} rows need ${length} values, got ${rows.length}`)
    this.#isBusy = true
    this.calls.push(count)
    const given = rows.slice(0, length)
    // The answer is never there at once, as it is not with a worker.
    await Promise.resolve()
    this.#isBusy = false
    const scores: number[] = []
    for (let at = 0; at < length; at += this.#features) {
      const answer = this.#model(given.subarray(at, at + this.#features))
      if (typeof answer === 'string') throw new InferenceError(answer)
      scores.push(...answer)
    }
    return new Float64Array(scores)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }
}
