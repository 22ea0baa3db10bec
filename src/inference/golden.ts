import { z } from 'zod'
import { ServiceError } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import type { Scorer } from './port.ts'

const goldenSchema = z.strictObject({
  /** Largest absolute difference allowed between a score and the one recorded. */
  tolerance: z.number().min(0).max(1),
  rows: z
    .array(
      z.strictObject({
        /** Feature values in model order; null stands for NaN. */
        features: z.array(z.number().nullable()),
        scores: z.array(z.number()),
      }),
    )
    .min(1)
    .max(10_000),
})

/** Rows with the scores they had when the model was made. */
export type Golden = z.infer<typeof goldenSchema>

/** What the self-test found. */
export interface SelfTest {
  readonly rows: number
  /** Largest absolute difference from the recorded scores. */
  readonly worstDifference: number
  /**
   * Whether the rows had the same bits one by one as in one batch. When they had not, a replay that
   * cuts the log elsewhere may publish scores that differ in their last bits.
   */
  readonly isBatchInvariant: boolean
}

/**
 * Reads golden rows.
 *
 * @param file named in errors
 * @throws ServiceError `MODEL_INVALID` when the text is no golden file, or its rows do not have the
 *   spec's features and outputs
 */
export function parseGolden(text: string, file: string, spec: ModelSpec): Golden {
  const golden = parse(text, file)
  for (const [index, row] of golden.rows.entries()) {
    requireLength(`${file}: rows[${index}].features`, row.features.length, spec.features.length)
    requireLength(`${file}: rows[${index}].scores`, row.scores.length, spec.model.outputs.length)
  }
  return golden
}

/** Rows of the self-test's batch at least: kernels change how they sum at sizes well below it. */
const BATCH_ROWS_MIN = 256

/**
 * Scores the golden rows, repeated into one large batch and one by one. Run before the first poll;
 * it also warms the session up.
 *
 * @throws ServiceError `MODEL_MISMATCH` naming the first row off by more than the tolerance
 * @throws InferenceError when the model refuses a golden row
 */
export async function selfTest(scorer: Scorer, golden: Golden): Promise<SelfTest> {
  const repeats = Math.ceil(BATCH_ROWS_MIN / golden.rows.length)
  const all = Array.from({ length: repeats }, () => golden.rows).flat()
  const rows = new Float32Array(all.flatMap((row) => row.features.map(fromNull)))
  const batch = await scorer.score(rows, all.length)
  const worstDifference = compare(batch, golden)
  const features = rows.length / all.length
  const outputs = batch.length / all.length
  let isBatchInvariant = true
  for (let row = 0; row < golden.rows.length; row++) {
    const own = await scorer.score(rows.subarray(row * features, (row + 1) * features), 1)
    for (let at = row; at < all.length; at += golden.rows.length) {
      isBatchInvariant &&= own.every((score, slot) => Object.is(score, batch[at * outputs + slot]))
    }
  }
  return { rows: golden.rows.length, worstDifference, isBatchInvariant }
}

function compare(scores: Float64Array, golden: Golden): number {
  let worst = 0
  for (const [row, { scores: wanted }] of golden.rows.entries()) {
    for (const [slot, expected] of wanted.entries()) {
      const got = scores[row * wanted.length + slot] ?? Number.NaN
      const difference = Math.abs(got - expected)
      // Written so that a NaN fails.
      if (!(difference <= golden.tolerance)) {
        throw new ServiceError(
          'MODEL_MISMATCH',
          `golden row ${row}, score ${slot}: expected ${expected} within ${golden.tolerance}, got ${got}`,
        )
      }
      worst = Math.max(worst, difference)
    }
  }
  return worst
}

function parse(text: string, file: string): Golden {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ServiceError('MODEL_INVALID', `${file} is not JSON: ${String(error)}`, error)
  }
  const result = goldenSchema.safeParse(json)
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new ServiceError('MODEL_INVALID', `${file}: ${issues.join('; ')}`)
}

function requireLength(name: string, got: number, wanted: number): void {
  if (got === wanted) return
  throw new ServiceError('MODEL_INVALID', `${name} has ${got} values, must have ${wanted}`)
}

function fromNull(value: number | null): number {
  return value ?? Number.NaN
}
