import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startScorer } from '../../../src/inference/onnx-scorer.ts'
import { modelFixture } from '../../fixtures/models.ts'

const SCORE = [{ name: 'score', tensor: 'score', column: 0 }]

test('float32, float64 and int64 outputs become doubles in the order of the spec', async (context) => {
  const fixture = modelFixture('linear', [
    { name: 'sign', tensor: 'sign', column: 0 },
    { name: 'likely', tensor: 'probabilities', column: 1 },
    { name: 'unlikely', tensor: 'probabilities', column: 0 },
    { name: 'total', tensor: 'total', column: 0 },
  ])
  const scorer = await startScorer({ ...fixture, threads: 1 })
  context.after(() => scorer.close())
  const scores = await scorer.score(new Float32Array([3, 1, 1, 2]), 2)
  const likely = Math.fround(1 / (1 + Math.exp(-1)))
  assert.deepEqual([scores[0], scores[3], scores[4], scores[7]], [1, 1, -1, -3])
  assert.ok(Math.abs((scores[1] ?? 0) - likely) < 1e-6)
  assert.ok(Math.abs((scores[2] ?? 0) - (1 - likely)) < 1e-6)
})

test('a NaN goes through the model as NaN', async (context) => {
  const fixture = modelFixture('linear', [{ name: 'total', tensor: 'total', column: 0 }])
  const scorer = await startScorer({ ...fixture, threads: 1 })
  context.after(() => scorer.close())
  const scores = await scorer.score(new Float32Array([Number.NaN, 1, 1, 1]), 2)
  assert.deepEqual([...scores], [Number.NaN, -1])
})

test('with one thread a row has the same bits in a batch of any size', async (context) => {
  const scorer = await startScorer({ ...modelFixture('forest', SCORE), threads: 1 })
  context.after(() => scorer.close())
  const rows = Float32Array.from({ length: 2 * 1_024 }, (_, at) => Math.sin(at * 1.3))
  const whole = await scorer.score(rows, 1_024)
  for (const size of [1, 2, 50, 51, 128, 129, 512]) {
    assert.deepEqual(await scorer.score(rows, size), whole.slice(0, size), `batch of ${size}`)
  }
})

test('a file that is no model is refused by name', async () => {
  const { spec } = modelFixture('linear', SCORE)
  const modelFile = import.meta.filename
  await assert.rejects(startScorer({ modelFile, spec, threads: 1 }), {
    code: 'MODEL_INVALID',
    message: /onnx-scorer\.test\.ts: .*Protobuf parsing failed/,
  })
})

test('a model whose tensors are not those of the spec is refused', async () => {
  const fixture = modelFixture('choosy', [{ name: 'score', tensor: 'probability', column: 0 }])
  await assert.rejects(startScorer({ ...fixture, threads: 1 }), {
    code: 'MODEL_MISMATCH',
    message: /it has no output "probability" \(its outputs: "score"\)/,
  })
})
