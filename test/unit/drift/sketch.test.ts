import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { layoutOf } from '../../../src/drift/layout.ts'
import type { Reference } from '../../../src/drift/reference.ts'
import { DriftSketch } from '../../../src/drift/sketch.ts'
import { DRIFT_REFERENCE, DRIFT_SPEC } from '../../fixtures/drift.ts'

/** Cells of the size begin with those of missing values and of values below the least. */
const MISSING = 0
const BELOW = 1
const BINS_MAX = 14

/** A size of these bins, and one score; nothing else is watched. */
function referenceOf(min: number, upper: readonly number[]): Reference {
  const [size] = DRIFT_REFERENCE.numbers
  assert.ok(size !== undefined)
  const counts = upper.map(() => 1)
  return {
    ...DRIFT_REFERENCE,
    numbers: [{ ...size, missing: 0, min, upper: [...upper], counts }],
    categories: [],
  }
}

/** Ascending, as 32 bits have them. */
const edges = fc
  .uniqueArray(fc.float({ noDefaultInfinity: true, noNaN: true }), {
    minLength: 2,
    maxLength: BINS_MAX + 1,
    comparator: 'SameValueZero',
  })
  .map((values) => values.map((value) => value + 0).toSorted((one, other) => one - other))

test('a value is counted in the first bin whose bound it is not above, whatever the bins', () => {
  fc.assert(
    fc.property(edges, fc.array(fc.float(), { maxLength: 40 }), ([min = 0, ...upper], others) => {
      const layout = layoutOf(referenceOf(min, upper), DRIFT_SPEC)
      const sketch = new DriftSketch(layout)
      const expected = new Float64Array(layout.cells)
      for (const value of [...others, min, ...upper, Number.NaN, Infinity, -Infinity]) {
        sketch.add(Float64Array.of(0, 0, value), 0, Float64Array.of(Number.NaN), 0)
        const bin = upper.findIndex((bound) => value <= bound)
        const above = bin < 0 ? upper.length : bin
        const cell = Number.isNaN(value) ? MISSING : value < min ? BELOW : BELOW + 1 + above
        expected[cell] = (expected[cell] ?? 0) + 1
      }
      const [, score] = layout.series
      assert.deepEqual(sketch.counts.subarray(0, score?.at), expected.subarray(0, score?.at))
    }),
  )
})

test('a value is compared as 32 bits, as the model sees it', () => {
  const layout = layoutOf(referenceOf(0.1, [0.2, 0.3]), DRIFT_SPEC)
  const sketch = new DriftSketch(layout)
  for (const value of [0.1, 0.2, 0.3, Math.fround(0.1), Math.fround(0.2), Math.fround(0.3)]) {
    sketch.add(Float64Array.of(0, 0, value), 0, Float64Array.of(0), 0)
  }
  assert.deepEqual([...sketch.counts.subarray(0, 5)], [0, 0, 4, 2, 0])
})
