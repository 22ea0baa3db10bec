import { ServiceError } from '../domain/errors.ts'
import { InferenceError } from './port.ts'
import type { Scorer } from './port.ts'

const SCORED_AT_ONCE = 1_000

/**
 * Scores many rows, batch by batch.
 *
 * @param rows feature values `[count, features]`, row-major
 * @param outputs scores of a row
 * @returns `[count, outputs]`, row-major
 * @throws ServiceError `MODEL_MISMATCH` naming the rows among which is one that the model refuses
 */
export async function scoreRows(
  scorer: Scorer,
  rows: Float32Array | Float64Array,
  { count, outputs }: { readonly count: number; readonly outputs: number },
): Promise<Float64Array> {
  const columns = rows.length / count
  const scores = new Float64Array(count * outputs)
  for (let from = 0; from < count; from += SCORED_AT_ONCE) {
    const to = Math.min(from + SCORED_AT_ONCE, count)
    const batch = new Float32Array(rows.subarray(from * columns, to * columns))
    try {
      scores.set(await scorer.score(batch, to - from), from * outputs)
    } catch (error) {
      if (!(error instanceof InferenceError)) throw error
      const message = `the model refuses one of the rows ${from + 1} to ${to}: ${error.message}`
      throw new ServiceError('MODEL_MISMATCH', message, error)
    }
  }
  return scores
}
