import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesDrift } from '../../../src/drift/report.ts'
import type { DriftUnit, DriftWatch } from '../../../src/drift/watch.ts'
import { countsOf, STEADY, watchOf } from '../../fixtures/drift.ts'

const DAY_MS = 86_400_000
const SHIFTED = countsOf([10, 0, 0, 0, 60, 30], [60, 39, 1], [0, 0, 50, 50, 0])
const ODD = countsOf([60, 0, 20, 10, 10, 0], [30, 20, 50], [0, 0, 50, 50, 0])

/** A unit of 100 events over a day. */
function unitOf(counts: Float64Array, but: Partial<DriftUnit> = {}): DriftUnit {
  return { counts, records: 100, fromMs: 0, toMs: DAY_MS, committedAtMs: 0, ...but }
}

function verdicts(watch: DriftWatch): Record<string, string> {
  const { series } = watch.report()
  return Object.fromEntries(series.map(({ name, verdict }) => [name, verdict]))
}

function seriesOf(watch: DriftWatch, wanted: string): SeriesDrift {
  const found = watch.report().series.find(({ name }) => name === wanted)
  assert.ok(found !== undefined)
  return found
}

test('a window like the training data is steady', () => {
  const watch = watchOf()
  watch.committed(unitOf(STEADY))
  assert.deepEqual(verdicts(watch), { size: 'steady', colour: 'steady', score: 'steady' })
  assert.deepEqual(watch.report().window, {
    isComplete: true,
    records: 100,
    fromMs: 0,
    toMs: DAY_MS,
  })
})

test('a feature that shifts is drift, and no other', () => {
  const watch = watchOf()
  watch.committed(unitOf(SHIFTED))
  assert.deepEqual(verdicts(watch), { size: 'drift', colour: 'steady', score: 'steady' })
  const { psi, threshold = 0, unseen } = seriesOf(watch, 'size')
  assert.ok(psi > threshold)
  assert.equal(unseen, 0.3)
})

test('missing values and new categories are drift, with their shares', () => {
  const watch = watchOf()
  watch.committed(unitOf(ODD))
  assert.deepEqual(verdicts(watch), { size: 'drift', colour: 'drift', score: 'steady' })
  const size = seriesOf(watch, 'size')
  assert.deepEqual([size.missing, size.referenceMissing], [0.6, 0.1])
  assert.equal(seriesOf(watch, 'colour').unseen, 0.5)
  assert.equal(seriesOf(watch, 'colour').ks, undefined)
})

test('an open window is shown and not judged; after it the last complete one is', () => {
  const watch = watchOf()
  assert.deepEqual(watch.report().window, {
    isComplete: false,
    records: 0,
    fromMs: undefined,
    toMs: undefined,
  })
  watch.committed(unitOf(SHIFTED, { records: 99 }))
  assert.equal(watch.report().window.records, 99)
  assert.equal(verdicts(watch)['size'], 'unjudged')
  watch.committed(unitOf(SHIFTED, { records: 1 }))
  assert.equal(verdicts(watch)['size'], 'drift')
  watch.committed(unitOf(STEADY, { records: 1 }))
  assert.equal(verdicts(watch)['size'], 'drift')
  watch.committed(unitOf(STEADY, { records: 99 }))
  assert.equal(verdicts(watch)['size'], 'steady')
})

test('a window is over with its time, whatever it holds', () => {
  const watch = watchOf({ windowMs: 1_000 })
  watch.committed(unitOf(STEADY, { records: 10, committedAtMs: 5_000 }))
  watch.committed(unitOf(STEADY, { records: 0, committedAtMs: 7_000 }))
  assert.equal(watch.report().window.isComplete, false)
  watch.committed(unitOf(STEADY, { records: 10, committedAtMs: 6_000 }))
  assert.deepEqual([watch.report().window.isComplete, watch.report().window.records], [true, 20])
})

test('a window that spans less time than any that was measured is not judged, however full', () => {
  const watch = watchOf()
  watch.committed(unitOf(SHIFTED, { toMs: DAY_MS / 3 }))
  assert.equal(watch.report().window.isComplete, true)
  assert.equal(verdicts(watch)['size'], 'unjudged')
})

test('a window begins where the one before ended, so that a night without events counts', () => {
  const watch = watchOf()
  watch.committed(unitOf(STEADY))
  watch.committed(unitOf(SHIFTED, { fromMs: 1.5 * DAY_MS, toMs: 2 * DAY_MS }))
  const { fromMs, toMs } = watch.report().window
  assert.deepEqual([fromMs, toMs], [DAY_MS, 2 * DAY_MS])
  assert.equal(verdicts(watch)['size'], 'drift')
})

test('all that was counted stays counted', () => {
  const watch = watchOf()
  for (let unit = 0; unit < 3; unit++) watch.committed(unitOf(STEADY))
  assert.deepEqual(
    [...watch.totals],
    [...STEADY].map((count) => count * 3),
  )
})

test('bounds of a day are those of a window of a day, for sizes that a day reaches', () => {
  const watch = watchOf()
  watch.committed(unitOf(STEADY))
  const bounds = watch.dayBounds.map(({ series, records }) => `${series.name} ${records}`)
  assert.deepEqual(bounds, ['size 50', 'size 100', 'colour 50', 'score 50'])
  assert.equal(watch.dayBounds[1]?.psi, seriesOf(watch, 'size').threshold)
  assert.equal(watch.leastRecords, 50)
})
