import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGolden, selfTest } from '../../../src/inference/golden.ts'
import { startScorer } from '../../../src/inference/onnx-scorer.ts'
import { FakeScorer } from '../../fakes/scorer.ts'
import { modelFixture } from '../../fixtures/models.ts'

const OUTPUTS = [{ name: 'total', tensor: 'total', column: 0 }]
const { modelFile, spec } = modelFixture('linear', OUTPUTS)

function goldenOf(...scores: readonly number[]): string {
  const rows = scores.map((score, index) => ({ features: [index, 1], scores: [score] }))
  return JSON.stringify({ tolerance: 1e-5, rows })
}

test('golden rows the model reproduces pass, and the worst difference is told', async (context) => {
  const scorer = await startScorer({ modelFile, spec, threads: 1 })
  context.after(() => scorer.close())
  const golden = parseGolden(goldenOf(-2, -1.000005), 'golden.json', spec)
  const found = await selfTest(scorer, golden)
  assert.equal(found.rows, 2)
  assert.ok(Math.abs(found.worstDifference - 5e-6) < 1e-9)
  assert.equal(found.isBatchInvariant, true)
})

test('a golden row off by more than the tolerance is named with both scores', async (context) => {
  const scorer = await startScorer({ modelFile, spec, threads: 1 })
  context.after(() => scorer.close())
  await assert.rejects(selfTest(scorer, parseGolden(goldenOf(-2, -1.1), 'golden.json', spec)), {
    code: 'MODEL_MISMATCH',
    message: 'golden row 1, score 0: expected -1.1 within 0.00001, got -1',
  })
})

test('a golden row scored NaN is off', async () => {
  const scorer = new FakeScorer(2, () => [Number.NaN])
  await assert.rejects(selfTest(scorer, parseGolden(goldenOf(0), 'golden.json', spec)), {
    code: 'MODEL_MISMATCH',
    message: 'golden row 0, score 0: expected 0 within 0.00001, got NaN',
  })
})

test('a null feature is scored as NaN', async () => {
  const scorer = new FakeScorer(2, ([a = 0, b = 0]) => [Number.isNaN(a) && b === 1 ? 1 : 0])
  const text = '{"tolerance": 0, "rows": [{"features": [null, 1], "scores": [1]}]}'
  assert.equal((await selfTest(scorer, parseGolden(text, 'golden.json', spec))).rows, 1)
})

test('scores whose bits depend on the batch are found', async () => {
  const scorer = new FakeScorer(2, () => [scorer.calls.at(-1) === 1 ? 1 : 1 + Number.EPSILON])
  const found = await selfTest(scorer, parseGolden(goldenOf(1), 'golden.json', spec))
  assert.equal(found.isBatchInvariant, false)
})

test('golden rows of another width than the spec are refused by place', () => {
  const wide = '{"tolerance": 0, "rows": [{"features": [1, 2, 3], "scores": [1]}]}'
  assert.throws(() => parseGolden(wide, 'golden.json', spec), {
    code: 'MODEL_INVALID',
    message: 'golden.json: rows[0].features has 3 values, must have 2',
  })
  const scores = '{"tolerance": 0, "rows": [{"features": [1, 2], "scores": []}]}'
  assert.throws(() => parseGolden(scores, 'golden.json', spec), {
    code: 'MODEL_INVALID',
    message: 'golden.json: rows[0].scores has 0 values, must have 1',
  })
})

test('a text that is no golden file is refused by name', () => {
  assert.throws(() => parseGolden('{', 'golden.json', spec), {
    code: 'MODEL_INVALID',
    message: /^golden\.json is not JSON: /,
  })
  assert.throws(() => parseGolden('{"rows": []}', 'golden.json', spec), {
    code: 'MODEL_INVALID',
    message: /^golden\.json: tolerance: .*; rows: /,
  })
})
