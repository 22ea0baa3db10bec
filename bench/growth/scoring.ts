import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { mulberry32 } from '../events.ts'

const SEED = 11
const MEASURE_MS = 400
const MEASURE_QUICK_MS = 100
const WARM_UP_CALLS = 5
/** Rows of which the scores are compared with those alone. */
const COMPARED_ROWS = 4

/** What one batch size costs. */
export interface ScoringResult {
  /** Time that passes, µs. */
  readonly usPerRow: number
  /** CPU time of all threads, µs. */
  readonly cpuUsPerRow: number
  /** Whether rows have the same scores alone, to the bit. */
  readonly isInvariant: boolean
}

/** Scores batches of one size through the service's own scorer. */
export async function timeScorer(
  plan: { readonly modelFile: string; readonly spec: ModelSpec; readonly isQuick: boolean },
  batch: number,
): Promise<ScoringResult> {
  const scorer = await startScorer({ ...plan, threads: 1 })
  try {
    const random = mulberry32(SEED)
    const width = plan.spec.features.length
    const rows = Float32Array.from({ length: batch * width }, () => random() * 100)
    for (let call = 0; call < WARM_UP_CALLS; call++) await scorer.score(rows, batch)
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    let calls = 0
    const endsAt = startedAt + (plan.isQuick ? MEASURE_QUICK_MS : MEASURE_MS)
    for (; performance.now() < endsAt; calls++) await scorer.score(rows, batch)
    const us = (performance.now() - startedAt) * 1_000
    const { user, system } = process.cpuUsage(cpu)
    const together = await scorer.score(rows, batch)
    let isInvariant = true
    for (let row = 0; row < Math.min(batch, COMPARED_ROWS); row++) {
      const [alone] = await scorer.score(rows.subarray(row * width, (row + 1) * width), 1)
      isInvariant &&= Object.is(alone, together[row])
    }
    const scored = calls * batch
    return { usPerRow: us / scored, cpuUsPerRow: (user + system) / scored, isInvariant }
  } finally {
    await scorer.close()
  }
}
