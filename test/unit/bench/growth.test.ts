import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { EventGenerator } from '../../../bench/events.ts'
import { CURVES } from '../../../bench/growth/curves.ts'
import { feedEngine } from '../../../bench/growth/engine.ts'
import { disagreements, spreadOut } from '../../../bench/growth/main.ts'
import {
  manyFeatures,
  manyWindows,
  specText,
  writeModelFolder,
} from '../../../bench/growth/model-folder.ts'
import { timeScorer } from '../../../bench/growth/scoring.ts'
import { spacedRates } from '../../../bench/latency.ts'
import { parseModelSpec } from '../../../src/features/spec.ts'
import { parseGolden } from '../../../src/inference/golden.ts'
import { loadModelFolder } from '../../../src/inference/model-folder.ts'

for (const kind of ['trees', 'perceptron'] as const) {
  test(`a generated model of ${kind} is a model folder, and scores a row the same in any batch`, async (t) => {
    const parent = mkdtempSync(join(tmpdir(), 'millrace-growth-test-'))
    t.after(() => rmSync(parent, { recursive: true, force: true }))
    const plan = { features: manyFeatures(5), model: { kind, size: 12 } }
    const path = await writeModelFolder(parent, plan)
    const folder = await loadModelFolder(path, parseModelSpec)
    const golden = parseGolden(
      await readFile(folder.goldenFile, 'utf8'),
      'golden.json',
      folder.spec,
    )
    const scores = golden.rows.map((row) => row.scores[0] ?? Number.NaN)
    assert.ok(new Set(scores).size > 1, 'a model that gives all rows the same score costs nothing')
    const timed = await timeScorer({ ...folder, isQuick: true }, 8)
    assert.ok(timed.isInvariant && timed.usPerRow > 0)
  })
}

test('every point of every curve has a spec that the service takes', () => {
  for (const { points } of Object.values(CURVES)) {
    for (const point of points as readonly { engine?: { features: []; tiles: number } }[]) {
      if (point.engine === undefined) continue
      const { features } = parseModelSpec(specText(point.engine.features), 'model.yaml')
      assert.equal(features.length, point.engine.features.length)
    }
  }
})

test('features of several windows have so many windows', () => {
  const windows = new Set(manyWindows(5, 20).map(({ window }) => window))
  assert.equal(windows.size, 5)
})

test('the engine holds the tiles it was fed, and its window moves on', () => {
  const [feature] = manyFeatures(1)
  const spec = parseModelSpec(specText([{ ...feature, window: '3m' }]), 'model.yaml')
  const { tiles, nsPerEvent } = feedEngine(spec, { keys: 50, tiles: 3, rounds: 2 })
  assert.equal(tiles, 150)
  assert.ok(nsPerEvent > 0)
})

test('a quick curve keeps its ends', () => {
  assert.deepEqual(spreadOut([1, 2, 3, 4, 5, 6], 3), [1, 4, 6])
  assert.deepEqual(spreadOut([1, 2], 3), [1, 2])
})

test('scores that differ between rounds are told, between points only where the work is the same', () => {
  const scores = new Map([
    [1, [250, 250 * (1 + 1e-12)]],
    [2, [240, 240]],
  ])
  assert.deepEqual(disagreements(scores, false), [])
  assert.deepEqual(disagreements(scores, true), ['at 2 the scores come to 240, must be 250'])
  assert.equal(disagreements(new Map([[1, [250, 251]]]), false).length, 1)
})

test('rates of a curve have the same factor between neighbours', () => {
  assert.deepEqual(spacedRates(500, 8_000, 5), [500, 1_000, 2_000, 4_000, 8_000])
})

test('a share of poison or of late events leaves the other events as they were', () => {
  const plain = new EventGenerator(1)
  const mixed = new EventGenerator(1, { poisonShare: 0.1, lateShare: 0.1 })
  const counts = { predicted: 0, late: 0, poison: 0 }
  for (let event = 0; event < 5_000; event++) {
    const [usual, other] = [plain.next(), mixed.next()]
    counts[other.fate] += 1
    if (other.fate === 'predicted') assert.deepEqual(other, usual)
    else assert.notDeepEqual(other.value, usual.value)
  }
  assert.ok(counts.poison > 400 && counts.poison < 600)
  assert.ok(counts.late > 300 && counts.late < 500)
})

test('a note makes records longer, and keys that are all equally likely come in turn', () => {
  const options = { noteBytes: 500, keys: 3, isUniform: true }
  const generator = new EventGenerator(1, options)
  const events = Array.from({ length: 6 }, () => generator.next())
  assert.ok(events.every(({ value }) => value.length > 540 && value.length < 570))
  assert.deepEqual(
    events.map(({ key }) => String(key)),
    ['u-00000', 'u-00001', 'u-00002', 'u-00000', 'u-00001', 'u-00002'],
  )
})
