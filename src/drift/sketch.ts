import { invariant } from '../domain/errors.ts'
import type { DriftLayout, LaidOut } from './layout.ts'

/**
 * Counts of feature and score values in the bins of the reference. Bins are fixed, so the sketches of
 * several batches, windows or instances are added cell by cell, and are then exactly the sketch of all
 * their events.
 */
export class DriftSketch {
  readonly counts: Float64Array
  readonly #features: Binner
  readonly #scores: Binner

  constructor({ cells, series }: DriftLayout) {
    this.counts = new Float64Array(cells)
    this.#features = new Binner(series.filter(({ kind }) => kind === 'feature'))
    this.#scores = new Binner(series.filter(({ kind }) => kind === 'score'))
  }

  /** Counts a predicted event, whose feature and score rows begin at these places. */
  add(features: Float64Array, featuresAt: number, scores: Float64Array, scoresAt: number): void {
    this.#features.count(features, featuresAt, this.counts)
    this.#scores.count(scores, scoresAt, this.counts)
  }

  clear(): void {
    this.counts.fill(0)
  }
}

/** Places of a number's bounds: four comparisons find a value's, and none is left out. */
const STRIDE = 16
/** A value may be above all bounds: one place less. */
export const BOUNDS_MAX = STRIDE - 1

/**
 * Finds the cells of a row. Everything it needs lies side by side, and nothing but the end of a one-hot is a
 * branch, since no branch on values can be guessed: some 10 ns a value (`bench/sketch.ts`).
 */
class Binner {
  /** By number: its column and its first cell. */
  readonly #columns: Int32Array
  readonly #cells: Int32Array
  /** By number: its bounds, ascending, then infinities. */
  readonly #bounds: Float64Array
  readonly #categories: readonly LaidOut[]

  constructor(series: readonly LaidOut[]) {
    const numbers = series.filter(({ values }) => values === 'number')
    this.#columns = Int32Array.from(numbers, ({ column }) => column)
    this.#cells = Int32Array.from(numbers, ({ at }) => at)
    this.#bounds = new Float64Array(numbers.length * STRIDE).fill(Infinity)
    numbers.forEach(({ bounds }, at) => {
      invariant(bounds.length <= BOUNDS_MAX, `${bounds.length} bounds, at most ${BOUNDS_MAX}`)
      this.#bounds.set(bounds, at * STRIDE)
    })
    this.#categories = series.filter(({ values }) => values === 'category')
  }

  count(row: Float64Array, from: number, counts: Float64Array): void {
    const columns = this.#columns
    const cells = this.#cells
    const bounds = this.#bounds
    for (let i = 0, base = 0; i < columns.length; i++, base += STRIDE) {
      // As the model and the reference have them: 32 bits. A missing value is above no bound.
      const value = Math.fround(row[from + (columns[i] ?? 0)] ?? Number.NaN)
      // How many bounds it is above, by halves; unrolled, which is a third faster than a loop.
      let at = base + (Number((bounds[base + 7] ?? 0) < value) << 3)
      at += Number((bounds[at + 3] ?? 0) < value) << 2
      at += Number((bounds[at + 1] ?? 0) < value) << 1
      at += Number((bounds[at] ?? 0) < value)
      const cell = (cells[i] ?? 0) + Number(!Number.isNaN(value)) + at - base
      counts[cell] = (counts[cell] ?? 0) + 1
    }
    for (const { column, columns: width, at } of this.#categories) {
      let hot = 0
      while (hot < width && row[from + column + hot] !== 1) hot++
      counts[at + hot] = (counts[at + hot] ?? 0) + 1
    }
  }
}
