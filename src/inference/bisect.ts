import { invariant } from '../domain/errors.ts'
import { InferenceError } from './port.ts'
import type { Scorer } from './port.ts'

/** Rows to score. */
export interface ScoreBatch {
  /** Feature values `[count, features]`, row-major; may be longer. */
  readonly rows: Float32Array
  readonly count: number
  readonly features: number
  /** Scores per row. */
  readonly outputs: number
}

export interface ScoredBatch {
  /** `[count, outputs]`, row-major; NaN in the rows that were refused, non-finite scores as they came. */
  readonly scores: Float64Array
  /** Row → the model's own message. */
  readonly refused: ReadonlyMap<number, string>
}

/**
 * Scores a batch so that a row the model throws on does not stop the others: a refused range is
 * halved until single rows are left. Costs one call when nothing is refused, at most
 * `2 · count − 1` when everything is.
 *
 * @throws whatever the scorer throws besides `InferenceError`
 */
export async function scoreRows(scorer: Scorer, batch: ScoreBatch): Promise<ScoredBatch> {
  const scores = new Float64Array(batch.count * batch.outputs).fill(Number.NaN)
  const refused = new Map<number, string>()
  const ranges: [from: number, to: number][] = batch.count === 0 ? [] : [[0, batch.count]]
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to] = range
    const answer = await tryScore(scorer, batch, range)
    if (answer instanceof Float64Array) {
      const expected = (to - from) * batch.outputs
      invariant(answer.length === expected, `${expected} scores expected, got ${answer.length}`)
      if (answer.length === scores.length) return { scores: answer, refused }
      scores.set(answer, from * batch.outputs)
    } else if (to - from === 1) {
      refused.set(from, answer.message)
    } else {
      const middle = (from + to) >>> 1
      ranges.push([middle, to], [from, middle])
    }
  }
  return { scores, refused }
}

async function tryScore(
  scorer: Scorer,
  batch: ScoreBatch,
  [from, to]: readonly [number, number],
): Promise<Float64Array | InferenceError> {
  const rows = batch.rows.subarray(from * batch.features, to * batch.features)
  try {
    return await scorer.score(rows, to - from)
  } catch (error) {
    if (error instanceof InferenceError) return error
    throw error
  }
}
