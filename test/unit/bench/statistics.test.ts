import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, quantile, slope, spreadOf } from '../../../bench/statistics.ts'

test('the median of an even number of values lies between the two in the middle', () => {
  assert.equal(median([9, 1, 4, 2]), 3)
  assert.equal(median([10, 9, 100]), 10)
})

test('a quantile is a value that is there, by nearest rank', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.deepEqual(
    [0, 0.5, 0.99, 1].map((share) => quantile(sorted, share)),
    [1, 50, 99, 100],
  )
  assert.ok(Number.isNaN(quantile([], 0.5)))
})

test('the spread is from the least to the most, whatever the order', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 })
})

test('the slope is that of the closest straight line', () => {
  const points = [0, 1, 2, 3].map((x) => ({ x, y: 2 * x + (x % 2 === 0 ? 1 : -1) }))
  assert.ok(Math.abs(slope(points) - 1.6) < 1e-12)
})
