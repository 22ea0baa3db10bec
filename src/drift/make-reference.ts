import { invariant } from '../domain/errors.ts'
import type { EventFeature, FeatureSpec, ModelSpec } from '../domain/model-spec.ts'
import { calibrated } from './calibrate.ts'
import type { CategoryReference, NumberReference, Reference } from './reference.ts'

/** Bins of a number: tenths of the training data, fewer where values repeat. */
const BINS = 10

/** Events in order of time, as the service would see them. */
export interface ServedRows {
  /** `[rows, columns]`, row-major, NaN = null. */
  readonly features: Float64Array
  /** `[rows, outputs]`, row-major. */
  readonly scores: Float64Array
  /** Their event times; as many as there are rows. */
  readonly timesMs: Float64Array
}

/** The reference of a model that was trained on these events, with what its own windows differ by. */
export function referenceOf(spec: ModelSpec, served: ServedRows): Reference {
  const { length: rows } = served.timesMs
  const spanMs = (served.timesMs.at(-1) ?? 0) - (served.timesMs[0] ?? 0)
  // Windows are sized by it: what takes no time could be cut for ever.
  invariant(spanMs > 0, `events must be in order of time and take some, got ${spanMs} ms`)
  const monitored = monitoredOf(spec.features)
  const numbers = monitored
    .filter(({ isCategory }) => !isCategory)
    .map(({ name, at }) => numberOf(name, columnOf(served.features, at, rows)))
  const categories = monitored
    .filter(({ isCategory }) => isCategory)
    .map((each) => categoryOf(each, served.features, rows))
  const scores = spec.model.outputs.map(({ name }, at) =>
    numberOf(name, columnOf(served.scores, at, rows)),
  )
  const bare = { format: 1 as const, rows, spanMs, numbers, categories, scores }
  return calibrated(bare, spec, served)
}

/** As the service compares values: 32 bits. */
function columnOf(matrix: Float64Array, column: number, rows: number): Float32Array {
  const values = new Float32Array(rows)
  const columns = matrix.length / rows
  for (let row = 0; row < rows; row++) values[row] = matrix[row * columns + column] ?? Number.NaN
  return values
}

interface Monitored {
  readonly name: string
  readonly at: number
  readonly columns: readonly string[]
  readonly isCategory: boolean
}

/** Features as people know them: the columns of a one-hot are one. */
function monitoredOf(features: readonly FeatureSpec[]): readonly Monitored[] {
  const groups: { name: string; at: number; columns: string[]; isCategory: boolean }[] = []
  features.forEach((feature, at) => {
    const isCategory = feature.operation === 'one_hot'
    const name = isCategory ? groupOf(feature) : feature.name
    const last = groups.at(-1)
    if (isCategory && last?.isCategory === true && last.name === name) {
      last.columns.push(feature.name)
    } else {
      groups.push({ name, at, columns: [feature.name], isCategory })
    }
  })
  return groups
}

/** A one-hot column is named after its feature and its category. */
function groupOf({ name, category = '' }: EventFeature): string {
  return name.slice(0, -`_${String(category)}`.length)
}

function numberOf(name: string, values: Float32Array): NumberReference {
  const present = values.filter((value) => !Number.isNaN(value)).sort()
  const upper: number[] = []
  for (let bin = 1; bin <= BINS && present.length > 0; bin++) {
    const bound = present[Math.ceil((bin * present.length) / BINS) - 1] ?? 0
    if (bound !== upper.at(-1)) upper.push(bound)
  }
  let from = 0
  const counts = upper.map((bound) => {
    const to = present.findLastIndex((value) => value <= bound) + 1
    const count = to - from
    from = to
    return count
  })
  const missing = values.length - present.length
  return { name, missing, min: present[0] ?? 0, upper, counts, calibration: [] }
}

/** As the service counts a one-hot: by its first column that is 1. */
function categoryOf(
  { name, at, columns }: Monitored,
  features: Float64Array,
  rows: number,
): CategoryReference {
  const width = features.length / rows
  const counts = columns.map(() => 0)
  let other = 0
  for (let row = 0; row < rows; row++) {
    const from = row * width + at
    const hot = features.subarray(from, from + columns.length).indexOf(1)
    if (hot < 0) other += 1
    else counts[hot] = (counts[hot] ?? 0) + 1
  }
  return { name, columns: [...columns], counts, other, calibration: [] }
}

/** The text of `reference.json`: lists of numbers and calibrations on one line each. */
export function referenceText(reference: Reference): string {
  const text = JSON.stringify(reference, undefined, 2)
  const flat = (part: string): string => part.replaceAll(/\s+/g, ' ')
  return `${text
    .replaceAll(/\{\s+"records"[^}]+\}/g, flat)
    .replaceAll(/\[[^[\]{}]*\]/g, (list) =>
      flat(list).replace(/^\[ /, '[').replace(/ \]$/, ']'),
    )}\n`
}
