import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DriftSketch } from '../../../src/drift/sketch.ts'
import { Tally } from '../../../src/loop/tally.ts'
import { DRIFT_LAYOUT } from '../../fixtures/drift.ts'

test('every outcome with its audit keeps the balance', () => {
  const tally = new Tally(10)
  for (const outcome of ['predicted', 'late', 'skipped', 'dead-letter'] as const) {
    tally.record(1)
    tally.audited(1)
    if (outcome === 'predicted') tally.predicted(1, 0.5)
    else if (outcome === 'late') tally.late()
    else if (outcome === 'skipped') tally.skipped()
    else tally.deadLetter('undecodable')
  }
  tally.check()
  const { records, skipped } = tally.summary(2)
  assert.deepEqual([records, skipped], [4, 1])
  tally.reset()
  assert.equal(tally.summary(2).skipped, 0)
})

test('a record without an audit breaks the balance', () => {
  const tally = new Tally(10)
  tally.record(1)
  tally.predicted(1, 0.5)
  assert.throws(() => tally.check(), /1 records in, 0 audits, 1 outcomes/)
})

test('a record without an outcome breaks the balance', () => {
  const tally = new Tally(10)
  tally.record(1)
  tally.audited(1)
  assert.throws(() => tally.check(), { code: 'INVARIANT_BROKEN' })
})

test('a reset tally starts from nothing', () => {
  const tally = new Tally(10)
  tally.record(1)
  tally.output('out', 1, 5)
  tally.reset()
  tally.check()
  assert.deepEqual([tally.records, tally.summary(1).outputs.size], [0, 0])
})

test('values of a unit that is taken back are in no later unit', () => {
  const tally = new Tally(10, new DriftSketch(DRIFT_LAYOUT))
  const add = (): void => tally.values(Float64Array.of(1, 0, 3), 0, Float64Array.of(0.5), 0)
  add()
  add()
  tally.reset()
  add()
  const counted = tally.summary(1).drift?.reduce((sum, count) => sum + count, 0)
  assert.equal(counted, DRIFT_LAYOUT.series.length)
  assert.equal(new Tally(10).summary(1).drift, undefined)
})
