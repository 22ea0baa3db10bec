import assert from 'node:assert/strict'
import { test } from 'node:test'
import { power, rememberedAlarms } from '../../../scripts/drift/synthetic.ts'

const RECORDS = 1_215
const WINDOWS = 1_000
/** A window a day, as by default: some 33 alarms are to be expected at one a month. */
const DAILY = { stepMs: 86_400_000 / RECORDS, asked: [1] }
/** Windows of twenty minutes: some 47 at a hundred a month. */
const OFTEN = { stepMs: 1_000, asked: [100] }

// `node scripts/drift/main.ts` does the same with 10,000 windows; docs/drift.md has its figures.
for (const memory of [0, 0.99]) {
  for (const [words, how] of [
    ['of a day', DAILY],
    ['of twenty minutes', OFTEN],
  ] as const) {
    test(`windows ${words} without drift raise no more alarms than were asked for, with a memory of ${memory}`, () => {
      const alarms = rememberedAlarms(memory, { records: RECORDS, windows: WINDOWS, ...how })
      const [{ expected, found } = { expected: 0, found: Infinity }] = alarms.rates
      assert.ok(expected > 30, `${expected} expected`)
      // Three standard deviations of a Poisson count above what is to be expected.
      assert.ok(found <= expected + 3 * Math.sqrt(expected), `${found} of ${expected}`)
      // As if its events were independent, nearly every window would have been one.
      if (memory > 0) assert.ok(alarms.naive > WINDOWS / 2, `${alarms.naive} by the other bound`)
    })
  }
}

test('a shift is found, the smaller the less its windows remember', () => {
  const found = (memory: number, shift: number) =>
    power(memory, { records: RECORDS, windows: 20, shift })
  assert.deepEqual([found(0, 0), found(0, 0.3)], [0, 1])
  assert.ok(found(0.9, 0.3) < 0.5)
  assert.equal(found(0.9, 1), 1)
})
