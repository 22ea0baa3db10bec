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

/** Finds the cells of a row. Everything it needs lies side by side: a few ns per value. */
class Binner {
  /** By number: its column and its first cell. */
  readonly #columns: Int32Array
  readonly #cells: Int32Array
  /** By number: its bounds, ascending, then infinities up to a power of two. */
  readonly #bounds: Float64Array
  readonly #stride: number
  readonly #categories: readonly LaidOut[]

  constructor(series: readonly LaidOut[]) {
    const numbers = series.filter(({ values }) => values === 'number')
    const most = Math.max(1, ...numbers.map(({ bounds }) => bounds.length))
    this.#columns = Int32Array.from(numbers, ({ column }) => column)
    this.#cells = Int32Array.from(numbers, ({ at }) => at)
    // One place more than bounds: a value may be above all of them.
    this.#stride = 2 ** Math.ceil(Math.log2(most + 1))
    this.#bounds = new Float64Array(numbers.length * this.#stride).fill(Infinity)
    numbers.forEach(({ bounds }, at) => this.#bounds.set(bounds, at * this.#stride))
    this.#categories = series.filter(({ values }) => values === 'category')
  }

  count(row: Float64Array, from: number, counts: Float64Array): void {
    const columns = this.#columns
    const cells = this.#cells
    const bounds = this.#bounds
    const half = this.#stride >> 1
    for (let i = 0, base = 0; i < columns.length; i++, base += half + half) {
      // As the model and the reference have them: 32 bits.
      const value = Math.fround(row[from + (columns[i] ?? 0)] ?? Number.NaN)
      let cell = cells[i] ?? 0
      if (!Number.isNaN(value)) {
        // How many bounds the value is above; without a branch, which nothing could guess.
        let at = base
        for (let step = half; step > 0; step >>= 1) {
          at += step & -Number((bounds[at + step - 1] ?? 0) < value)
        }
        cell += 1 + at - base
      }
      counts[cell] = (counts[cell] ?? 0) + 1
    }
    for (const { column, columns: width, at } of this.#categories) {
      let hot = 0
      while (hot < width && row[from + column + hot] !== 1) hot++
      counts[at + hot] = (counts[at + hot] ?? 0) + 1
    }
  }
}
