import type { ModelSpec } from '../domain/model-spec.ts'
import type { Calibration } from './report.ts'
import type { CategoryReference, NumberReference, Reference } from './reference.ts'

/** Of a reference cell without a record: half of one, so that no share is 0 (Jeffreys). */
const PRIOR = 0.5

/** A feature or score, and where its cells are among all of them. */
export interface LaidOut {
  readonly kind: 'feature' | 'score'
  readonly name: string
  readonly values: 'number' | 'category'
  /** First of its columns: of the features, or of the scores. */
  readonly column: number
  /** Columns it stands for: more than one of a category only. */
  readonly columns: number
  /** First of its cells. */
  readonly at: number
  readonly labels: readonly string[]
  /** Shares of the training data by cell, each above 0. */
  readonly shares: readonly number[]
  readonly referenceMissing: number
  /** Of a number: the largest value below its range, then the inclusive upper bounds of its bins. */
  readonly bounds: readonly number[]
  readonly calibration: readonly Calibration[]
}

/** Where every count of a sketch stands. The same reference has the same layout, so sketches add up. */
export interface DriftLayout {
  readonly cells: number
  readonly series: readonly LaidOut[]
}

/** @param reference as `parseReference` took it for this model */
export function layoutOf(reference: Reference, spec: ModelSpec): DriftLayout {
  const { rows, numbers, categories, scores } = reference
  const columnOf = (column: string | undefined): number =>
    spec.features.findIndex(({ name }) => name === column)
  const shapes = [
    ...numbers.map((each) => numberShape('feature', columnOf(each.name), each)),
    ...categories.map((each) => categoryShape(columnOf(each.columns[0]), each)),
    ...scores.map((each, at) => numberShape('score', at, each)),
  ]
  let cells = 0
  const series = shapes.map(({ counts, ...shape }): LaidOut => {
    const at = cells
    cells += counts.length
    return { ...shape, at, shares: sharesOf(counts, rows) }
  })
  return { cells, series }
}

type Shape = Omit<LaidOut, 'at' | 'shares'> & { readonly counts: readonly number[] }

function numberShape(kind: LaidOut['kind'], column: number, number: NumberReference): Shape {
  const { name, counts, missing, min, upper, calibration } = number
  return {
    kind,
    name,
    values: 'number',
    column,
    columns: 1,
    labels: ['missing', 'below', ...upper.map(String), 'above'],
    counts: [missing, 0, ...counts, 0],
    // Values are compared as 32 bits; rounding keeps their order.
    bounds: [justBelow(Math.fround(min)), ...upper.map(Math.fround)],
    referenceMissing: missing / counts.reduce((sum, each) => sum + each, missing),
    calibration,
  }
}

function categoryShape(column: number, category: CategoryReference): Shape {
  const { name, columns, counts, other, calibration } = category
  return {
    kind: 'feature',
    name,
    values: 'category',
    column,
    columns: columns.length,
    labels: [...columns, 'other'],
    counts: [...counts, other],
    bounds: [],
    referenceMissing: 0,
    calibration,
  }
}

/** The training data's shares by cell. */
function sharesOf(counts: readonly number[], rows: number): readonly number[] {
  const total = rows + PRIOR * counts.length
  return counts.map((each) => (each + PRIOR) / total)
}

/** The largest double below a number. */
function justBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE
  const floats = new Float64Array([value])
  const bits = new BigInt64Array(floats.buffer)
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? -1n : 1n)
  return floats[0] ?? value
}
