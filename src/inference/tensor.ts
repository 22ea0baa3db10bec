import type { ScoreOutput } from '../domain/model-spec.ts'

/** The element types a score may have. */
export const SCORE_TYPES = ['float32', 'float64', 'int64'] as const

/** The data of a tensor of one of `SCORE_TYPES`. */
export type ScoreData = Float32Array | Float64Array | BigInt64Array

/** Where `copyColumn` puts a column: `scores` is `[rows, outputs]`, row-major. */
export interface ScoreTarget {
  readonly scores: Float64Array
  readonly count: number
  readonly outputs: number
  readonly slot: number
}

/** True for the data of a tensor that scores can be read from. */
export function isScoreData(data: unknown): data is ScoreData {
  return (
    data instanceof Float32Array || data instanceof Float64Array || data instanceof BigInt64Array
  )
}

/**
 * Copies one column of an output tensor, widened to doubles, into the scores.
 *
 * @returns what is wrong with the tensor, or nothing when the column was copied
 */
export function copyColumn(
  data: ScoreData,
  output: ScoreOutput,
  target: ScoreTarget,
): string | undefined {
  const width = data.length / target.count
  if (!Number.isInteger(width) || output.column >= width) {
    const wanted = `column ${output.column} of ${target.count} rows`
    return `output "${output.tensor}" has ${data.length} values, too few or uneven for ${wanted}`
  }
  for (let row = 0; row < target.count; row++) {
    target.scores[row * target.outputs + target.slot] = Number(data[row * width + output.column])
  }
  return undefined
}
