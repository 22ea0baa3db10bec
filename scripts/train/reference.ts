import type { EventFeature, FeatureSpec, ModelSpec } from '../../src/domain/model-spec.ts'
import { distancesOf } from '../../src/drift/distances.ts'
import { layoutOf } from '../../src/drift/layout.ts'
import type { LaidOut } from '../../src/drift/layout.ts'
import type { CategoryReference, NumberReference, Reference } from '../../src/drift/reference.ts'
import type { Calibration } from '../../src/drift/report.ts'
import { DriftSketch } from '../../src/drift/sketch.ts'

/** Bins of a number: tenths of the training data, fewer where values repeat. */
const BINS = 10
const DAY_MS = 86_400_000
/** Least events of a window that the training data is compared with itself in. */
const SIZE_MIN = 250
/** A day that counts as one may have this share of an average day's events. */
const DAY_SHARE = 0.9
/** Windows of the largest size that the training data has side by side, at least. */
const WINDOWS_MIN = 8
/** Windows overlap, so that the few there are say more. */
const STEPS = 4

/** Events in order of time, as the service would see them. */
export interface ServedRows {
  /** `[rows, columns]`, row-major, NaN = null. */
  readonly features: Float64Array
  /** `[rows, outputs]`, row-major. */
  readonly scores: Float64Array
  /** Their event times; as many as there are rows. */
  readonly timesMs: Float64Array
}

/** The reference of a model that was trained on these events. */
export function referenceOf(spec: ModelSpec, served: ServedRows): Reference {
  const { length: rows } = served.timesMs
  const spanMs = (served.timesMs.at(-1) ?? 0) - (served.timesMs[0] ?? 0)
  const monitored = monitoredOf(spec.features)
  const numbers = monitored
    .filter(({ isCategory }) => !isCategory)
    .map(({ name, at }) => numberOf(name, columnOf(served.features, at, rows)))
  const categories = monitored
    .filter(({ isCategory }) => isCategory)
    .map(({ name, at, columns }): CategoryReference => {
      const counts = columns.map((_, i) =>
        columnOf(served.features, at + i, rows).reduce((sum, value) => sum + value, 0),
      )
      const other = counts.reduce((left, each) => left - each, rows)
      return { name, columns: [...columns], counts, other, calibration: [] }
    })
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

/** With what its own windows differ from the whole of it. */
function calibrated(reference: Reference, spec: ModelSpec, served: ServedRows): Reference {
  const layout = layoutOf(reference, spec)
  const bySeries: Calibration[][] = layout.series.map(() => [])
  for (const size of sizesOf(reference)) {
    const windows = windowsOf(served, size, () => new DriftSketch(layout))
    layout.series.forEach((series, at) => {
      const psis = windows.map((counts) => psiOf(counts, series))
      const mean = psis.reduce((sum, each) => sum + each, 0) / psis.length
      const square = psis.reduce((sum, each) => sum + (each - mean) ** 2, 0)
      const sd = Math.sqrt(square / (psis.length - 1))
      bySeries[at]?.push({
        records: size,
        windows: Math.floor(served.timesMs.length / size),
        mean: rounded(mean),
        sd: rounded(sd),
        max: rounded(Math.max(...psis)),
      })
    })
  }
  const { numbers, categories, scores } = reference
  const filled = <Each>(all: readonly Each[], from: number) =>
    all.map((each, at) => ({ ...each, calibration: bySeries[from + at] ?? [] }))
  return {
    ...reference,
    numbers: filled(numbers, 0),
    categories: filled(categories, numbers.length),
    scores: filled(scores, numbers.length + categories.length),
  }
}

/** A day's events, halved and doubled as far as windows are large enough, and enough. */
function sizesOf({ rows, spanMs }: Reference): readonly number[] {
  let size = (DAY_SHARE * rows * DAY_MS) / spanMs
  while (size * WINDOWS_MIN > rows) size /= 2
  while (size / 2 >= SIZE_MIN) size /= 2
  const sizes: number[] = []
  for (; size >= SIZE_MIN && size * WINDOWS_MIN <= rows; size *= 2) {
    sizes.push(STEPS * Math.floor(size / STEPS))
  }
  return sizes
}

/** Counts of overlapping windows of `size` events in a row. */
function windowsOf(served: ServedRows, size: number, sketchOf: () => DriftSketch): Float64Array[] {
  const step = Math.floor(size / STEPS)
  const { length: rows } = served.timesMs
  const columns = served.features.length / rows
  const outputs = served.scores.length / rows
  const steps: Float64Array[] = []
  for (let from = 0; from + step <= rows; from += step) {
    const sketch = sketchOf()
    for (let row = from; row < from + step; row++) {
      sketch.add(served.features, row * columns, served.scores, row * outputs)
    }
    steps.push(sketch.counts)
  }
  return steps.slice(STEPS - 1).map((last, at) => {
    const sum = last.slice()
    for (const each of steps.slice(at, at + STEPS - 1)) {
      for (let cell = 0; cell < sum.length; cell++) sum[cell] = (sum[cell] ?? 0) + (each[cell] ?? 0)
    }
    return sum
  })
}

/** Of one series of a sketch. */
function psiOf(counts: Float64Array, { at, shares, values }: LaidOut): number {
  const own = counts.subarray(at, at + shares.length)
  return distancesOf(own, shares, values === 'number').psi
}

function rounded(value: number): number {
  return Number(value.toPrecision(5))
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
