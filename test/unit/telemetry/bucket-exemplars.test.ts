import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BucketHistogram } from '../../../src/telemetry/bucket-histogram.ts'

const BOUNDS = [1, 2, 5]
const spanOf = (unit: number) => ({ trace_id: `t${unit}`, span_id: `s${unit}` })

const units = fc.array(
  fc.record({
    values: fc.array(fc.double({ min: -1, max: 7, noNaN: true }), { maxLength: 5 }),
    isSampled: fc.boolean(),
  }),
  { maxLength: 8 },
)

test('the exemplar of a bucket is of the last sampled unit that put a value there, and is that value', () => {
  fc.assert(
    fc.property(units, (seen) => {
      const histogram = new BucketHistogram(BOUNDS)
      const exemplars = histogram.keepExemplars()
      for (const [unit, { values, isSampled }] of seen.entries()) {
        for (const value of values) histogram.observe(value)
        exemplars.unitOver(isSampled ? spanOf(unit) : undefined, unit)
      }
      for (const [bucket, upper] of [...BOUNDS, Infinity].entries()) {
        const lower = BOUNDS[bucket - 1] ?? -Infinity
        const isHere = (value: number): boolean => value > lower && value <= upper
        const unit = seen.findLastIndex(({ values, isSampled }) => isSampled && values.some(isHere))
        const value = seen[unit]?.values.findLast(isHere)
        const expected = value === undefined ? undefined : { value, span: spanOf(unit), atMs: unit }
        assert.deepEqual(exemplars.at(bucket), expected)
      }
    }),
  )
})

test('what is not counted is no exemplar', () => {
  const histogram = new BucketHistogram(BOUNDS)
  const exemplars = histogram.keepExemplars()
  histogram.observe(Number.NaN)
  histogram.observe(Infinity)
  histogram.observe(3, 0)
  exemplars.unitOver(spanOf(1), 1)
  assert.deepEqual(
    [0, 1, 2, 3].map((bucket) => exemplars.at(bucket)),
    [undefined, undefined, undefined, undefined],
  )
})

test('a histogram that is not asked to keeps none', () => {
  const histogram = new BucketHistogram(BOUNDS)
  histogram.observe(1)
  assert.equal(histogram.exemplars, undefined)
})
