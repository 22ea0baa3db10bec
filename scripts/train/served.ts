import type { ModelSpec } from '../../src/domain/model-spec.ts'
import type { ServedRows } from '../../src/drift/make-reference.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { scoreRows } from '../../src/inference/score-rows.ts'
import { computeRows } from './rows.ts'
import type { Example, Rows } from './rows.ts'

/** Scores of the rows, `[rows, outputs]`, as the service computes them. */
export async function scoreAll(
  modelFile: string,
  spec: ModelSpec,
  { values, labels }: Rows,
): Promise<Float64Array> {
  const scorer = await startScorer({ modelFile, spec, threads: 1 })
  const outputs = spec.model.outputs.length
  const scores = await scoreRows(scorer, values, { count: labels.length, outputs })
  await scorer.close()
  return scores
}

/** The events from `from` until before `to`, as they are served: those without a label, too. */
export async function serve(
  { spec, modelFile }: { readonly spec: ModelSpec; readonly modelFile: string },
  examples: readonly Example[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<ServedRows> {
  const labelled = examples.slice(0, to).map(({ event, label }) => ({ event, label: label ?? 0 }))
  const rows = computeRows(spec, labelled, (index) => index >= from)
  return {
    features: Float64Array.from(rows.values),
    scores: await scoreAll(modelFile, spec, rows),
    timesMs: Float64Array.from(examples.slice(from, to), ({ event }) => event.timeMs),
  }
}
