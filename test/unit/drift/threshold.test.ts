import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distancesOf } from '../../../src/drift/distances.ts'
import { chanceOf, countsFor, thresholdOf } from '../../../src/drift/threshold.ts'

const DAY_MS = 86_400_000
const SIZES = [
  { records: 100, windows: 1_000_001, mean: 0.2, sd: 0.1, max: 0.3 },
  { records: 1_000, windows: 1_000_001, mean: 0.02, sd: 0.01, max: 0.03 },
]

test('the chances of a month of windows add up to what was asked for, however it is cut', () => {
  const policy = { falseAlarmsPerMonth: 2, series: 10 }
  for (const windows of [30, 720, 100_000]) {
    const each = chanceOf((30 * DAY_MS) / windows, policy)
    assert.ok(Math.abs(each * windows * 10 - 2) < 1e-9)
  }
})

test('no window is judged by more than one chance in twenty', () => {
  assert.equal(chanceOf(365 * DAY_MS, { falseAlarmsPerMonth: 5, series: 1 }), 0.05)
})

test('a window counts for no more events than the training data has in the same time', () => {
  const reference = { rows: 1_000, spanMs: 10 * DAY_MS }
  assert.equal(countsFor({ rows: 50, spanMs: DAY_MS }, reference), 50)
  assert.equal(countsFor({ rows: 1e9, spanMs: DAY_MS }, reference), 100)
  assert.equal(countsFor({ rows: 1e9, spanMs: 0 }, reference), 0)
})

test('the largest measured size that a window reaches decides; one that reaches none is not judged', () => {
  const at = (records: number) => thresholdOf(SIZES, 1e9, { records, chance: 1e-3 })
  assert.equal(at(99), undefined)
  assert.equal(at(999), at(100))
  assert.ok(Math.abs((at(999) ?? 0) / (at(1_000) ?? 0) - 10) < 1e-4)
  assert.equal(at(1e9), at(1_000))
  assert.equal(thresholdOf(SIZES, 1e9, { records: 100, chance: 0 }), undefined)
})

test('fewer chances, fewer measured windows and a smaller reference ask for a larger difference', () => {
  const bound = (chance: number, windows: number, rows: number): number => {
    const sizes = SIZES.map((each) => ({ ...each, windows }))
    return thresholdOf(sizes, rows, { records: 100, chance }) ?? 0
  }
  const plain = bound(1e-3, 1_000, 1e9)
  assert.ok(bound(1e-6, 1_000, 1e9) > plain)
  assert.ok(bound(1e-3, 8, 1e9) > plain)
  assert.ok(bound(1e-3, 1_000, 1_000) > plain)
})

test('what is rarer than one in all measured windows is above the largest of them', () => {
  const size = { records: 10, windows: 100, mean: 0.1, sd: 0.05, max: 7 }
  const at = (chance: number) => thresholdOf([size], 1e9, { records: 10, chance }) ?? 0
  assert.ok(at(0.009) >= 7)
  assert.ok(at(0.011) < 1)
})

test('what never varied in training has drifted when a few in a thousand are otherwise, not by being seen more often', () => {
  const layout = { cells: 4, rows: 100_000 }
  const shares = [0.5, 0.5, layout.rows + 0.5, 0.5].map(
    (count) => count / (layout.rows + 0.5 * layout.cells),
  )
  const psiOf = (records: number, odd: number): number =>
    distancesOf([0, 0, records - odd, odd], shares, true).psi
  const mean = psiOf(1_000, 0)
  const size = { records: 1_000, windows: 100, mean, sd: 0, max: mean }
  const bound = thresholdOf([size], layout.rows, { records: 1e6, chance: 1e-4 }) ?? 0
  assert.ok(psiOf(10_000_000, 0) < bound)
  assert.ok(psiOf(10_000, 10) < bound)
  assert.ok(psiOf(10_000, 50) > bound)
})
