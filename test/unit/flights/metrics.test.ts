import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { areaUnderRoc, brierScore, calibrationTable } from '../../../scripts/flights/metrics.ts'

test('a perfect order has area 1, a reversed one 0, and all ties a half', () => {
  const labels = [0, 0, 1, 1]
  assert.equal(areaUnderRoc({ scores: [0.1, 0.2, 0.3, 0.4], labels }), 1)
  assert.equal(areaUnderRoc({ scores: [0.4, 0.3, 0.2, 0.1], labels }), 0)
  assert.equal(areaUnderRoc({ scores: [0.5, 0.5, 0.5, 0.5], labels }), 0.5)
})

test('the area is the share of pairs in the right order', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1 }))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (drawn) => {
      const rows = [...drawn, [2, 0] as const, [3, 1] as const]
      let right = 0
      let pairs = 0
      for (const [positive, isPositive] of rows) {
        for (const [negative, isNegative] of rows) {
          if (isPositive !== 1 || isNegative !== 0) continue
          pairs += 1
          right += positive > negative ? 1 : positive === negative ? 0.5 : 0
        }
      }
      const judged = {
        scores: rows.map(([score]) => score),
        labels: rows.map(([, label]) => label),
      }
      assert.ok(Math.abs(areaUnderRoc(judged) - right / pairs) < 1e-12)
    }),
  )
})

test('the Brier score is the mean squared error', () => {
  assert.equal(brierScore({ scores: [0.5, 1], labels: [1, 1] }), 0.125)
})

test('calibration sets the mean prediction of a range beside what happened', () => {
  const judged = { scores: [0.25, 0.75, 0.75, 1], labels: [0, 1, 0, 1] }
  assert.deepEqual(calibrationTable(judged), [
    { from: 0.2, to: 0.3, count: 1, predicted: 0.25, observed: 0 },
    { from: 0.7, to: 0.8, count: 2, predicted: 0.75, observed: 0.5 },
    { from: 0.9, to: 1, count: 1, predicted: 1, observed: 1 },
  ])
})
