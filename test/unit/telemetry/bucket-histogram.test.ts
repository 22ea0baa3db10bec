import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BucketHistogram } from '../../../src/telemetry/bucket-histogram.ts'

const bounds = fc
  .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 })
  .map((values) => values.toSorted((a, b) => a - b))
const observations = fc.array(
  fc.record({ value: fc.integer({ min: -60, max: 60 }), times: fc.integer({ min: 0, max: 3 }) }),
)

test('each bucket counts what lies at or below its bound, as a naive count does', () => {
  fc.assert(
    fc.property(bounds, observations, (upper, seen) => {
      const histogram = new BucketHistogram(upper)
      for (const { value, times } of seen) histogram.observe(value, times)
      const values = seen.flatMap(({ value, times }) => Array<number>(times).fill(value))
      const naive = [...upper, Infinity].map((le) => values.filter((value) => value <= le).length)
      assert.deepEqual(histogram.cumulative(), naive)
      assert.equal(histogram.count, values.length)
      assert.equal(
        histogram.sum,
        values.reduce((sum, value) => sum + value, 0),
      )
    }),
  )
})

test('a value that is not finite is not counted', () => {
  const histogram = new BucketHistogram([1])
  for (const value of [Number.NaN, Infinity, -Infinity]) histogram.observe(value)
  assert.deepEqual([histogram.count, histogram.sum, histogram.cumulative()], [0, 0, [0, 0]])
})

test('buckets that do not ascend are refused', () => {
  for (const wrong of [[], [1, 1], [2, 1]]) {
    assert.throws(() => new BucketHistogram(wrong), { code: 'INVARIANT_BROKEN' })
  }
})
