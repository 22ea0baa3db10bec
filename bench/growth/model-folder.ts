import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseModelSpec } from '../../src/features/spec.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { mulberry32 } from '../events.ts'
import { perceptronModel, TENSORS, treeModel } from './onnx.ts'

const SEED = 7
const GOLDEN_ROWS = 16

/** An entry of `features` in `model.yaml`. */
export type FeatureEntry = Readonly<Record<string, unknown>>

/** What a generated model is made of. */
export interface ModelPlan {
  readonly features: readonly FeatureEntry[]
  readonly model: { readonly kind: 'trees' | 'perceptron'; readonly size: number }
}

/** Features over the values of an hour, up to 500, each of another condition: none can share its work. */
export function manyFeatures(count: number): readonly FeatureEntry[] {
  const operations = ['sum', 'avg', 'max', 'min'] as const
  return Array.from({ length: count }, (_, index) => ({
    name: `feature_${index}`,
    operation: operations[index % operations.length],
    input_column: 'value',
    window: '1h',
    tile: '1m',
    where: { field: 'value', gt: index / 8 },
    default: 0,
  }))
}

/** So many features, spread over so many windows of 10 min, 20 min and so on. */
export function manyWindows(windows: number, features: number): readonly FeatureEntry[] {
  return manyFeatures(features).map((feature, index) => {
    const minutes = 10 * ((index % windows) + 1)
    return { ...feature, window: `${minutes}m`, tile: `${minutes}s` }
  })
}

/** A `model.yaml`: JSON is YAML too. */
export function specText(features: readonly FeatureEntry[], lateness = '0s'): string {
  return JSON.stringify({
    name: 'growth',
    version: '1',
    event: {
      key: 'user_id',
      time: { field: 'event_time', unit: 'ms' },
      id: 'event_id',
      fields: { value: 'double' },
    },
    lateness,
    features,
    model: {
      file: 'model.onnx',
      input: TENSORS.input,
      outputs: [{ name: 'score', tensor: TENSORS.output }],
      golden: 'golden.json',
    },
  })
}

/** Writes a model folder, golden rows included: as its own scorer scores them. @returns its path */
export async function writeModelFolder(
  parent: string,
  { features, model: { kind, size } }: ModelPlan,
): Promise<string> {
  const folder = join(parent, `${kind}-${size}-${features.length}-${Date.now().toString(36)}`)
  mkdirSync(folder, { recursive: true })
  const text = specText(features, '10m')
  const random = mulberry32(SEED)
  const modelFile = join(folder, 'model.onnx')
  const made = kind === 'trees' ? treeModel : perceptronModel
  writeFileSync(modelFile, made(size, features.length, random))
  writeFileSync(join(folder, 'model.yaml'), text)
  const spec = parseModelSpec(text, 'model.yaml')
  const scorer = await startScorer({ modelFile, spec, threads: 1 })
  try {
    const width = features.length
    const rows = Float32Array.from({ length: GOLDEN_ROWS * width }, () => random() * 100)
    const scores = await scorer.score(rows, GOLDEN_ROWS)
    const golden = Array.from({ length: GOLDEN_ROWS }, (_, row) => ({
      features: [...rows.subarray(row * width, (row + 1) * width)],
      scores: [scores[row]],
    }))
    writeFileSync(join(folder, 'golden.json'), JSON.stringify({ tolerance: 1e-5, rows: golden }))
  } finally {
    await scorer.close()
  }
  return folder
}
