import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeReports } from '../../../src/drift/merge.ts'
import { countsOf, STEADY, watchOf } from '../../fixtures/drift.ts'

const DAY_MS = 86_400_000
const SHIFTED = countsOf([10, 0, 0, 0, 60, 30], [60, 39, 1], [0, 0, 50, 50, 0])
const PARTS = [STEADY, SHIFTED, STEADY]

function unit(counts: Float64Array, day: number) {
  const [fromMs, toMs] = [day * DAY_MS, (day + 1) * DAY_MS]
  return { counts, records: 100, fromMs, toMs, committedAtMs: 0 }
}

test('a fleet has the report of one instance that saw it all, to the bit', () => {
  const whole = watchOf({ windowRecords: 300 })
  const parts = PARTS.map((counts, day) => {
    whole.committed(unit(counts, day))
    const watch = watchOf()
    watch.committed(unit(counts, day))
    return watch.report()
  })
  const [first, ...others] = parts
  assert.ok(first !== undefined)
  const merged = mergeReports([first, ...others])
  assert.deepEqual(merged, whole.report())
  assert.equal(merged.series[0]?.verdict, 'drift')
  assert.deepEqual(mergeReports([first]), first)
})

test('a fleet is judged once every instance with events has a complete window', () => {
  const [done, idle, open] = [watchOf(), watchOf(), watchOf()]
  done.committed(unit(SHIFTED, 0))
  open.committed({ ...unit(STEADY, 0), records: 10 })
  assert.equal(mergeReports([done.report(), idle.report()]).series[0]?.verdict, 'drift')
  assert.equal(mergeReports([done.report(), open.report()]).series[0]?.verdict, 'unjudged')
})

test('windows of two references are not added', () => {
  const report = watchOf().report()
  assert.throws(() => mergeReports([report, { ...report, reference: 'cd34' }]), {
    code: 'MODEL_MISMATCH',
    message: /ab12 and cd34/,
  })
})
