import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkManifest, manifestDifferences } from '../../../src/inference/manifest.ts'
import type { SessionManifest } from '../../../src/inference/messages.ts'
import { startScorer } from '../../../src/inference/onnx-scorer.ts'
import { modelFixture } from '../../fixtures/models.ts'

const { spec } = modelFixture('linear', [
  { name: 'label', tensor: 'label', column: 0 },
  { name: 'score', tensor: 'probabilities', column: 1 },
])

const FITTING: SessionManifest = {
  inputs: [{ name: 'input', type: 'float32', shape: ['N', 2] }],
  outputs: [
    { name: 'label', type: 'int64', shape: ['N'] },
    { name: 'probabilities', type: 'float32', shape: ['N', 2] },
  ],
}

test('a model with the tensors of the spec has no difference', () => {
  assert.deepEqual(manifestDifferences(FITTING, spec), [])
})

test('dimensions a model leaves open fit any spec', () => {
  const open: SessionManifest = {
    inputs: [{ name: 'input', type: 'float32', shape: ['', ''] }],
    outputs: [
      { name: 'label', type: 'int64', shape: [] },
      { name: 'probabilities', type: 'float64', shape: ['', ''] },
    ],
  }
  assert.deepEqual(manifestDifferences(open, spec), [])
})

test('outputs the spec does not read are ignored', () => {
  const outputs = [...FITTING.outputs, { name: 'extra', type: 'string', shape: [3] }]
  assert.deepEqual(manifestDifferences({ ...FITTING, outputs }, spec), [])
})

test('a [rows] or [rows, 1] output has column 0 only', () => {
  const narrow = modelFixture('linear', [{ name: 'score', tensor: 'label', column: 1 }]).spec
  assert.deepEqual(manifestDifferences(FITTING, narrow), [
    'output "label" has 1 columns, the spec reads column 1',
  ])
})

test('an input of another name or rank is a difference', () => {
  const renamed = [{ name: 'X', type: 'float32', shape: ['N', 2] }]
  assert.deepEqual(manifestDifferences({ ...FITTING, inputs: renamed }, spec), [
    'it has no input "input" (its inputs: "X")',
    'it needs input "X", which nothing feeds',
  ])
  const flat = [{ name: 'input', type: 'float32', shape: ['N'] }]
  assert.deepEqual(manifestDifferences({ ...FITTING, inputs: flat }, spec), [
    'input "input" has shape [N], must be [rows, 2]',
  ])
})

test('every difference is named in one error', () => {
  assert.throws(() => checkManifest({ inputs: [], outputs: [] }, spec), {
    code: 'MODEL_MISMATCH',
    message:
      'linear.onnx does not fit the spec of "linear": it has no input "input" (its inputs: ); ' +
      'it has no output "label" (its outputs: ); it has no output "probabilities" (its outputs: )',
  })
})

test("a real model's differences in name, type, rows, columns and kind are all found", async () => {
  const tensors = ['mapped', 'text', 'deep', 'gone']
  const outputs = tensors.map((tensor) => ({ name: tensor, tensor, column: 0 }))
  const stiff = modelFixture('stiff', outputs)
  const error = await startScorer({ ...stiff, threads: 1 }).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error)
  assert.deepEqual(error.message.split(/: (?=it needs)|; /).slice(1), [
    'it needs input "extra", which nothing feeds',
    'input "input" is float64, must be float32',
    'input "input" takes 1 rows only, must take any number',
    'input "input" has 3 columns, the spec has 2 features',
    'output "mapped" is a sequence or map, must be a tensor (export with zipmap off)',
    'output "text" is string, must be one of float32, float64, int64',
    'output "text" gives 1 rows only, must give any number',
    'output "deep" has shape [1, 1, 4], must be [rows] or [rows, columns]',
    'output "deep" gives 1 rows only, must give any number',
    'it has no output "gone" (its outputs: "text", "deep", "mapped")',
  ])
})
