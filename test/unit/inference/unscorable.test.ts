import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unscorable } from '../../../src/inference/unscorable.ts'

const SCORED = {
  scores: Float64Array.of(0.5, 1, Number.NaN, Number.NaN, 0, -Infinity),
  refused: new Map([[1, 'index 9 is out of range']]),
}

test('a row has a prediction when all its scores are finite numbers', () => {
  assert.equal(unscorable(0, SCORED, 2), undefined)
  assert.deepEqual(unscorable(1, SCORED, 2), {
    kind: 'dead-letter',
    reason: 'unscorable',
    stage: 'inference',
    detail: 'the model refused it: index 9 is out of range',
  })
  assert.deepEqual(unscorable(2, SCORED, 2), {
    kind: 'dead-letter',
    reason: 'non-finite-score',
    stage: 'inference',
    detail: 'score 1 must be a finite number, got -Infinity',
  })
})
