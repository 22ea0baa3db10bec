import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { distancesOf } from '../../src/drift/distances.ts'
import { DriftSketch } from '../../src/drift/sketch.ts'
import { DRIFT_LAYOUT, DRIFT_REFERENCE } from '../fixtures/drift.ts'
import { SEED } from './seed.ts'

interface Row {
  readonly colour: number
  readonly size: number
  readonly score: number
}

const row: fc.Arbitrary<Row> = fc.record({
  colour: fc.integer({ min: 0, max: 2 }),
  size: fc.oneof(
    fc.constantFrom(Number.NaN, 1, 2, 4, 0.999_999_9, 4.000_001, -Infinity, Infinity),
    fc.double({ min: 0, max: 5, noNaN: true }),
  ),
  score: fc.oneof(fc.constantFrom(0, 0.3, 1), fc.double({ min: -0.5, max: 1.5, noNaN: true })),
})
const rows = fc.array(row, { maxLength: 60 })

function sketchOf(events: readonly Row[]): Float64Array {
  const sketch = new DriftSketch(DRIFT_LAYOUT)
  for (const { colour, size, score } of events) {
    // Rows lie within larger matrices.
    const features = Float64Array.of(9, Number(colour === 0), Number(colour === 1), size)
    sketch.add(features, 1, Float64Array.of(9, score), 1)
  }
  return sketch.counts
}

/** The cell of a number from its definition: missing, below, the first bound it is not above, above. */
function cellOf(given: number, min: number, upper: readonly number[]): number {
  const value = Math.fround(given)
  if (Number.isNaN(value)) return 0
  if (value < min) return 1
  const bin = upper.findIndex((bound) => value <= Math.fround(bound))
  return 2 + (bin < 0 ? upper.length : bin)
}

test('every event is in one cell of each series, the one that its value defines', () => {
  fc.assert(
    fc.property(rows, (events) => {
      const [number] = DRIFT_REFERENCE.numbers
      const [output] = DRIFT_REFERENCE.scores
      assert.ok(number !== undefined && output !== undefined)
      const expected = new Float64Array(DRIFT_LAYOUT.cells)
      const [first = 0, second = 0, third = 0] = DRIFT_LAYOUT.series.map(({ at }) => at)
      for (const { colour, size, score } of events) {
        for (const cell of [
          first + cellOf(size, number.min, number.upper),
          second + colour,
          third + cellOf(score, output.min, output.upper),
        ]) {
          expected[cell] = (expected[cell] ?? 0) + 1
        }
      }
      assert.deepEqual(sketchOf(events), expected)
    }),
    { seed: SEED },
  )
})

test('sketches of parts, added, are the sketch of the whole', () => {
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 5 }), (parts) => {
      const sum = new Float64Array(DRIFT_LAYOUT.cells)
      for (const part of parts.map(sketchOf))
        part.forEach((count, cell) => (sum[cell] = (sum[cell] ?? 0) + count))
      assert.deepEqual(sum, sketchOf(parts.flat()))
    }),
    { seed: SEED },
  )
})

const histogram = fc
  .integer({ min: 2, max: 8 })
  .chain((cells) => fc.tuple(column(cells, 0), column(cells, 1)))

function column(cells: number, min: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min, max: 1_000 }), { minLength: cells, maxLength: cells })
}

function total(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0)
}

test('distances are those of the textbook, of a window with one record more', () => {
  fc.assert(
    fc.property(histogram, ([counts, reference]) => {
      const q = reference.map((each) => each / total(reference))
      const p = counts.map((each, cell) => (each + (q[cell] ?? 0)) / (total(counts) + 1))
      const entropy = (shares: readonly number[]): number =>
        total(shares.map((share) => -share * Math.log2(share)))
      const middle = p.map((share, cell) => (share + (q[cell] ?? 0)) / 2)
      const psi = total(p.map((a, i) => (a - (q[i] ?? 0)) * Math.log(a / (q[i] ?? 1))))
      const js = entropy(middle) - (entropy(p) + entropy(q)) / 2
      const found = distancesOf(counts, q, false)
      assert.ok(Math.abs(found.psi - psi) < 1e-9)
      assert.ok(Math.abs(found.js - js) < 1e-9)
      assert.ok(found.psi >= -1e-12 && found.js >= -1e-12 && found.js <= 1 + 1e-12)
    }),
    { seed: SEED },
  )
})

test('the Kolmogorov–Smirnov distance is the largest gap between the shares up to a bound', () => {
  fc.assert(
    fc.property(histogram, ([counts, reference]) => {
      const upTo = (values: readonly number[], cell: number): number =>
        total(values.slice(1, cell + 1)) / Math.max(1e-300, total(values.slice(1)))
      const gaps = counts.map((_, cell) => Math.abs(upTo(counts, cell) - upTo(reference, cell)))
      const expected = total(counts.slice(1)) === 0 ? 0 : Math.max(...gaps)
      const q = reference.map((each) => each / total(reference))
      const { ks = Number.NaN } = distancesOf(counts, q, true)
      assert.ok(Math.abs(ks - expected) < 1e-9)
    }),
    { seed: SEED },
  )
})
