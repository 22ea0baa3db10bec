/** Scores rows of features. One call at a time is in flight; batches keep their order. */
export interface Scorer {
  /**
   * Scores `count` rows.
   *
   * @param rows feature values `[count, features]`, row-major; not changed and not kept after the answer
   * @returns scores `[count, outputs]`, row-major
   * @throws InferenceError when the model refuses the batch: the caller looks for the row
   */
  score(rows: Float32Array, count: number): Promise<Float64Array>
  close(): Promise<void>
}

/** The model threw on a batch. Not a service error: one bad row must not stop the others. */
export class InferenceError extends Error {
  override readonly name = 'InferenceError'
}
