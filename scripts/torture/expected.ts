import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { FeatureOracle } from '../../test/oracle/features.ts'
import type { InputPlan } from './records.ts'

const FOLDER = resolve(import.meta.dirname, '../../models/engagement')
const BATCH = 1_000

/** What must have become of one input record. */
export interface Expected {
  readonly partition: number
  readonly offset: number
  readonly outcome: 'predicted' | 'late' | 'dead_letter'
  readonly reason: string | null
  readonly key: string
  readonly row: readonly number[]
  readonly score: number | null
  readonly value: Buffer | null
}

/** What must have become of all records, and the oracle that has seen them. */
export interface Fold {
  readonly spec: ModelSpec
  readonly oracle: FeatureOracle
  readonly expected: readonly Expected[]
}

/**
 * The sequential fold: every partition's records one after the other through the features oracle, its
 * rows through the model. By partition, then by offset.
 */
export async function foldOf(records: readonly InputPlan[]): Promise<Fold> {
  const text = readFileSync(join(FOLDER, 'model.yaml'), 'utf8')
  const spec = parseModelSpec(text, 'model.yaml')
  const oracle = new FeatureOracle(spec)
  const folded = byPartition(records).flatMap((own, partition) =>
    own.map((plan, offset) => fold(oracle, plan, { partition, offset })),
  )
  const scorer = await startScorer({ modelFile: join(FOLDER, spec.model.file), spec, threads: 1 })
  try {
    const predicted = folded.filter(({ outcome }) => outcome === 'predicted')
    const scores: number[] = []
    for (let from = 0; from < predicted.length; from += BATCH) {
      const batch = predicted.slice(from, from + BATCH)
      const rows = Float32Array.from(batch.flatMap(({ row }) => row))
      scores.push(...(await scorer.score(rows, batch.length)))
    }
    let next = 0
    const expected = folded.map((each) =>
      each.outcome === 'predicted' ? { ...each, score: scores[next++] ?? null } : each,
    )
    return { spec, oracle, expected }
  } finally {
    await scorer.close()
  }
}

/** The records of each partition in their order; a record's index is its offset. */
function byPartition(records: readonly InputPlan[]): readonly (readonly InputPlan[])[] {
  const all: InputPlan[][] = []
  for (const record of records) (all[record.partition] ??= []).push(record)
  // A partition that nothing was written to is a hole.
  return Array.from(all, (own) => own ?? [])
}

function fold(
  oracle: FeatureOracle,
  { event, key, poison, timestampMs, value }: InputPlan,
  at: { readonly partition: number; readonly offset: number },
): Expected {
  const base = { ...at, reason: null, key, row: [], score: null, value }
  if (event === undefined) return { ...base, outcome: 'dead_letter', reason: poison ?? null }
  const id = `${at.partition}-${at.offset}`
  const entry = { ...at, event: { ...event, id }, recordTimestampMs: timestampMs }
  const fate = oracle.next(entry)
  if (fate.kind === 'late') return { ...base, outcome: 'late' }
  if (fate.kind === 'dead-letter') {
    return { ...base, outcome: 'dead_letter', reason: 'future-event-time' }
  }
  return { ...base, outcome: 'predicted', row: fate.row.map((value_) => value_ ?? Number.NaN) }
}
