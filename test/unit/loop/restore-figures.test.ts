import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restoreFigures } from '../../../src/loop/restore-figures.ts'

test('a restore is told by what it has passed, at the pace so far', () => {
  const progress = { partition: 0, done: 2_000, total: 8_001, records: 1_500, forMs: 500 }
  // 4,000 offsets/s, 6,001 to go.
  assert.deepEqual(restoreFigures(progress), {
    percent: 24,
    recordsPerSecond: 3_000,
    secondsLeft: 2,
  })
})

test('before anything is passed nothing can be said of the time', () => {
  const progress = { partition: 0, done: 0, total: 10, records: 0, forMs: 0 }
  assert.deepEqual(restoreFigures(progress), { percent: 0, recordsPerSecond: 0, secondsLeft: null })
})

test('nothing to restore is all of it', () => {
  const progress = { partition: 0, done: 0, total: 0, records: 0, forMs: 3 }
  assert.equal(restoreFigures(progress).percent, 100)
})

test('all is 100 % only when it is', () => {
  const progress = { partition: 0, done: 9_999, total: 10_000, records: 9_999, forMs: 1_000 }
  assert.deepEqual(restoreFigures(progress), {
    percent: 99,
    recordsPerSecond: 9_999,
    secondsLeft: 1,
  })
})
