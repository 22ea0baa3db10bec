import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, duration, latency, percent } from '../../../src/serving/words.ts'

test('figures are told as people read them', () => {
  assert.deepEqual([0, 999, 1_234_567.8].map(count), ['0', '999', '1,234,568'])
  assert.deepEqual([0.84, 9.96, 21.3, 999, 1_432, 59_999, 60_000].map(latency), [
    '0.8 ms',
    '10.0 ms',
    '21 ms',
    '999 ms',
    '1.4 s',
    '60.0 s',
    'more than 60 s',
  ])
  assert.deepEqual(
    [-1, 999, 89_999, 90_000, 5_400_000, 172_800_000].map((ms) => duration(ms)),
    ['0 s', '0 s', '89 s', '2 min', '1.5 h', '2.0 d'],
  )
  assert.deepEqual(
    [1, 999, 1_001].map((ms) => duration(ms, 'up')),
    ['1 s', '1 s', '2 s'],
  )
})

test('a share is never told as all before it is all', () => {
  assert.deepEqual(
    [percent(999, 1_000), percent(1_000, 1_000), percent(0, 0), percent(0, 5)],
    ['99 %', '100 %', '100 %', '0 %'],
  )
})
