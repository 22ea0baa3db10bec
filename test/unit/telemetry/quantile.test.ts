import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantileOf } from '../../../src/telemetry/quantile.ts'

const BOUNDS = [0.01, 0.02, 0.04]

test('a quantile lies evenly within its bucket, the first from 0', () => {
  assert.equal(quantileOf(0.5, BOUNDS, [10, 0, 0, 0]), 0.005)
  assert.equal(quantileOf(0.5, BOUNDS, [0, 10, 0, 0]), 0.015)
  assert.equal(quantileOf(0.5, BOUNDS, [5, 5, 0, 0]), 0.01)
  assert.equal(quantileOf(0.75, BOUNDS, [2, 0, 2, 0]), 0.03)
})

test('above the last bound the last bound is told, and of nothing nothing', () => {
  assert.equal(quantileOf(0.99, BOUNDS, [1, 0, 0, 99]), 0.04)
  assert.equal(quantileOf(0.99, BOUNDS, [0, 0, 0, 0]), undefined)
})
