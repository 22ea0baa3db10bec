import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIsoTime } from '../../../src/decode/iso-time.ts'

const TAKEN = [
  ['1970-01-01T00:00:00Z', 0],
  ['2013-01-31T23:59:59.999Z', Date.UTC(2013, 0, 31, 23, 59, 59, 999)],
  ['2013-01-31T23:59:59.123456789Z', Date.UTC(2013, 0, 31, 23, 59, 59, 123)],
  ['2013-01-31T23:59:59.5Z', Date.UTC(2013, 0, 31, 23, 59, 59, 500)],
  ['2013-01-31T23:59Z', Date.UTC(2013, 0, 31, 23, 59)],
  ['2013-01-31T23:59:00+02:00', Date.UTC(2013, 0, 31, 21, 59)],
  ['2013-01-31T23:59:00-0530', Date.UTC(2013, 1, 1, 5, 29)],
  ['2012-02-29T00:00:00Z', Date.UTC(2012, 1, 29)],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
] as const

const REFUSED = [
  '',
  '2013-01-31',
  '2013-01-31T23:59:59',
  '2013-01-31 23:59:59Z',
  '2013-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2013-02-30T00:00:00Z',
  '2013-04-31T00:00:00Z',
  '2013-13-01T00:00:00Z',
  '2013-00-01T00:00:00Z',
  '2013-01-00T00:00:00Z',
  '2013-01-31T24:00:00Z',
  '2013-01-31T23:60:00Z',
  '2016-12-31T23:59:60Z',
  '2013-01-31T23:59:59.Z',
  '2013-01-31T23:59:59.1234567890Z',
  '2013-01-31T23:59:59Zx',
  '2013-01-31T23:59:59+2:00',
  '2013-01-31T23:59:59+24:00',
  '2013-01-31T23:59:59+00:60',
  '2013/01/31T23:59:59Z',
  '2013-01-31T23:59:59z',
  '+13-01-31T23:59:59.0Z',
]

for (const [text, timeMs] of TAKEN) {
  test(`${text} is ${timeMs}`, () => assert.equal(parseIsoTime(text), timeMs))
}

for (const text of REFUSED) {
  test(`"${text}" is no time`, () => assert.equal(parseIsoTime(text), Number.NaN))
}

test('what Date writes is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 0) }), (timeMs) => {
      assert.equal(parseIsoTime(new Date(timeMs).toISOString()), timeMs)
    }),
  )
})
