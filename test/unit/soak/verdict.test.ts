import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../../scripts/soak/sample.ts'
import { median, theilSenSlope } from '../../../scripts/soak/slope.ts'
import { trendsOf } from '../../../scripts/soak/verdict.ts'

/** Ten minutes, a sample a second. */
function samplesOf(residentMiB: (atSeconds: number) => number): Sample[] {
  return Array.from({ length: 600 }, (_, atSeconds) => ({
    atSeconds,
    residentMiB: residentMiB(atSeconds),
    handles: 40,
    threads: 30,
    eventLoopDelayMs: 1 + (atSeconds % 7),
    commits: atSeconds * 50,
  }))
}

test('the slope is that of the line, whatever a few peaks do', () => {
  const line = Array.from({ length: 60 }, (_, x) => ({ x, y: 100 + 3 * x }))
  assert.equal(theilSenSlope(line), 3)
  const peaks = line.map(({ x, y }) => ({ x, y: x % 10 === 0 ? y + 500 : y }))
  assert.ok(Math.abs(theilSenSlope(peaks) - 3) < 0.1)
  assert.ok(Number.isNaN(theilSenSlope([{ x: 0, y: 0 }])))
})

test('too many points are thinned without a bent', () => {
  const line = Array.from({ length: 5_000 }, (_, x) => ({ x, y: 0.5 * x }))
  assert.equal(theilSenSlope(line), 0.5)
})

test('the median of an even number is between the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([5, 1, 3]), 3)
})

test('what grows and then stays holds; what keeps growing fails, and it alone', () => {
  const settled = trendsOf(samplesOf((at) => Math.min(150, 50 + at) + (at % 5)))
  assert.deepEqual(
    settled.filter(({ holds }) => !holds),
    [],
  )
  const leaking = trendsOf(samplesOf((at) => 150 + at * (2.5 / 60) + (at % 5)))
  assert.deepEqual(
    leaking.filter(({ holds }) => !holds).map(({ figure }) => figure),
    ['residentMiB'],
  )
})

test('without samples nothing holds', () => {
  assert.ok(trendsOf([]).every(({ holds }) => !holds))
})
