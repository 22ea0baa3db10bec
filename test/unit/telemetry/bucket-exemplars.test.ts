import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BucketHistogram } from '../../../src/telemetry/bucket-histogram.ts'

const BOUNDS = [1, 2, 5]
const unitOf = (at: number) => ({ span: { trace_id: `t${at}`, span_id: `s${at}` }, atMs: at })

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
      for (const [at, { values, isSampled }] of seen.entries()) {
        for (const value of values) histogram.observe(value, 1, isSampled ? unitOf(at) : undefined)
      }
      for (const [bucket, upper] of [...BOUNDS, Infinity].entries()) {
        const lower = BOUNDS[bucket - 1] ?? -Infinity
        const isHere = (value: number): boolean => value > lower && value <= upper
        const last = seen.findLastIndex(({ values, isSampled }) => isSampled && values.some(isHere))
        const value = seen[last]?.values.findLast(isHere)
        const expected = value === undefined ? undefined : { value, of: unitOf(last) }
        assert.deepEqual(histogram.exemplar(bucket), expected)
      }
    }),
  )
})

test('what is not counted is no exemplar', () => {
  const histogram = new BucketHistogram(BOUNDS)
  histogram.observe(Number.NaN, 1, unitOf(1))
  histogram.observe(Infinity, 1, unitOf(1))
  histogram.observe(3, 0, unitOf(1))
  assert.deepEqual(
    [0, 1, 2, 3].map((bucket) => histogram.exemplar(bucket)),
    [undefined, undefined, undefined, undefined],
  )
})
