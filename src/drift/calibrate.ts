import type { ModelSpec } from '../domain/model-spec.ts'
import { distancesOf } from './distances.ts'
import { layoutOf } from './layout.ts'
import type { LaidOut } from './layout.ts'
import type { ServedRows } from './make-reference.ts'
import type { Reference } from './reference.ts'
import type { Calibration } from './report.ts'
import { DriftSketch } from './sketch.ts'

const DAY_MS = 86_400_000
/** A day that counts as one may have this share of an average day's events. */
const DAY_SHARE = 0.9
/** Windows overlap, so that the few there are say more. */
const STEPS = 4

/** Least data that anything can be judged by. */
export const CALIBRATION_MIN = {
  /** Events of a window that the training data is compared with itself in. */
  records: 250,
  /** Windows of one size that the training data has side by side. */
  windows: 8,
} as const

/**
 * A reference with what its own windows differ from the whole of it: how far, by size.
 *
 * @param served the events that the reference counts
 */
export function calibrated(reference: Reference, spec: ModelSpec, served: ServedRows): Reference {
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

/** A day's events, halved and doubled as far as windows are large enough, and there are enough of them. */
function sizesOf({ rows, spanMs }: Reference): readonly number[] {
  const { records, windows } = CALIBRATION_MIN
  let size = (DAY_SHARE * rows * DAY_MS) / spanMs
  while (size * windows > rows) size /= 2
  while (size / 2 >= records) size /= 2
  while (size < records) size *= 2
  const sizes: number[] = []
  for (; size >= records && size * windows <= rows; size *= 2) {
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
