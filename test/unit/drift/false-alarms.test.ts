import assert from 'node:assert/strict'
import { test } from 'node:test'
import { power, rememberedAlarms } from '../../../scripts/drift/synthetic.ts'

const RECORDS = 1_215
const WINDOWS = 200

// `node scripts/drift/main.ts` does the same with 10,000 windows; docs/drift.md has its figures.
for (const memory of [0, 0.99]) {
  test(`windows without drift raise no more alarms than were asked for, with a memory of ${memory}`, () => {
    const { rates, naive } = rememberedAlarms(memory, { records: RECORDS, windows: WINDOWS })
    for (const { asked, expected, found } of rates) {
      // Three standard deviations of a Poisson count above what is to be expected.
      const most = expected + 3 * Math.sqrt(expected)
      assert.ok(found <= most, `${found} of ${expected} at ${asked} a month`)
    }
    // As if its events were independent, nearly every window would have been one.
    if (memory > 0) assert.ok(naive > WINDOWS, `${naive} alarms by the other bound`)
  })
}

test('a shift is found, the smaller the less its windows remember', () => {
  const found = (memory: number, shift: number) =>
    power(memory, { records: RECORDS, windows: 20, shift })
  assert.deepEqual([found(0, 0), found(0, 0.3)], [0, 1])
  assert.ok(found(0.9, 0.3) < 0.5)
  assert.equal(found(0.9, 1), 1)
})
