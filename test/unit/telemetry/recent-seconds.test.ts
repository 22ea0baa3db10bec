import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BucketHistogram } from '../../../src/telemetry/bucket-histogram.ts'
import { RecentSeconds, SECONDS_KEPT, SECONDS_OVER } from '../../../src/telemetry/recent-seconds.ts'

const BOUNDS = [0.01, 0.02, 0.04]
const START_MS = 1_700_000_000_000

function setUp(): {
  recent: RecentSeconds
  commit: (afterMs: number, latenciesS: readonly number[]) => void
} {
  const histogram = new BucketHistogram(BOUNDS)
  histogram.observe(0.04, 1_000)
  const recent = new RecentSeconds(histogram, BOUNDS)
  const commit = (afterMs: number, latenciesS: readonly number[]): void => {
    for (const latency of latenciesS) histogram.observe(latency)
    recent.committed(START_MS + afterMs, latenciesS.length)
  }
  return { recent, commit }
}

test('before the first second is over there is nothing to tell', () => {
  const { recent, commit } = setUp()
  commit(0, [0.01])
  const figures = recent.figures(START_MS + 999)
  assert.deepEqual([figures.overSeconds, figures.recordsPerSecond], [0, 0])
  assert.deepEqual([figures.p50Ms, figures.p99Ms], [undefined, undefined])
})

test('each second has its records and its own latencies, whatever was before it', () => {
  const { recent, commit } = setUp()
  commit(100, [0.005, 0.005])
  commit(900, [0.005, 0.005])
  commit(2_000, [0.03])
  const { perSecond, recordsPerSecond, overSeconds } = recent.figures(START_MS + 3_500)
  assert.deepEqual(perSecond.records.slice(-4), [0, 4, 0, 1])
  assert.deepEqual(
    perSecond.p99Ms.slice(-4).map((ms) => ms?.toFixed(1)),
    [undefined, '9.9', undefined, '39.8'],
  )
  assert.deepEqual([overSeconds, recordsPerSecond], [3, 5 / 3])
  assert.equal(perSecond.records.length, SECONDS_KEPT)
})

test('rates are taken over the last seconds, and fall to nothing when nothing comes', () => {
  const { recent, commit } = setUp()
  for (let second = 0; second < 60; second++) commit(second * 1_000, [0.005, 0.015])
  const busy = recent.figures(START_MS + 60_000)
  assert.deepEqual([busy.overSeconds, busy.recordsPerSecond], [SECONDS_OVER, 2])
  assert.equal(busy.p50Ms, 10)
  const half = recent.figures(START_MS + 60_000 + (SECONDS_OVER * 1_000) / 2)
  assert.equal(half.recordsPerSecond, 1)
  const quiet = recent.figures(START_MS + 60_000 + SECONDS_OVER * 1_000)
  assert.deepEqual([quiet.recordsPerSecond, quiet.p99Ms], [0, undefined])
})

test('the ring goes round: a second is forgotten when it is too old', () => {
  const { recent, commit } = setUp()
  for (let second = 0; second < 3 * SECONDS_KEPT; second += 7) commit(second * 1_000, [0.005])
  const { perSecond } = recent.figures(START_MS + 3 * SECONDS_KEPT * 1_000)
  const expected = Array.from({ length: SECONDS_KEPT }, (_, i) =>
    (2 * SECONDS_KEPT + i) % 7 === 0 ? 1 : 0,
  )
  assert.deepEqual(perSecond.records, expected)
  const later = recent.figures(START_MS + 10 * SECONDS_KEPT * 1_000)
  assert.deepEqual(new Set(later.perSecond.records), new Set([0]))
})

test('a second that takes the place of another has nothing of it', () => {
  const { recent, commit } = setUp()
  const half = 2 * SECONDS_KEPT
  for (let second = 0; second < half; second++) commit(second * 1_000, [0.03, 0.03])
  for (let second = half; second < 2 * half; second++) commit(second * 1_000, [0.005])
  const { perSecond } = recent.figures(START_MS + 2 * half * 1_000)
  assert.deepEqual(new Set(perSecond.records), new Set([1]))
  assert.deepEqual(new Set(perSecond.p99Ms.map((ms) => ms?.toFixed(1))), new Set(['9.9']))
})
