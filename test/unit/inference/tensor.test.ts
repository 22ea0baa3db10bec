import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyColumn, isScoreData } from '../../../src/inference/tensor.ts'

const OUTPUT = { name: 'score', tensor: 'probabilities', column: 1 }

test('a column lands in its slot of each row', () => {
  const scores = new Float64Array(4)
  const target = { scores, count: 2, outputs: 2, slot: 1 }
  assert.equal(copyColumn(new Float32Array([0, 0.5, 0, 0.25]), OUTPUT, target), undefined)
  assert.deepEqual([...scores], [0, 0.5, 0, 0.25])
})

test('64-bit integers become the nearest doubles', () => {
  const scores = new Float64Array(1)
  const target = { scores, count: 1, outputs: 1, slot: 0 }
  copyColumn(new BigInt64Array([0n, -7n]), OUTPUT, target)
  assert.deepEqual([...scores], [-7])
})

test('a tensor too narrow or uneven for its rows is a fault that names it', () => {
  const target = { scores: new Float64Array(2), count: 2, outputs: 1, slot: 0 }
  const fault = 'too few or uneven for column 1 of 2 rows'
  for (const length of [2, 3]) {
    const found = copyColumn(new Float32Array(length), OUTPUT, target)
    assert.equal(found, `output "probabilities" has ${length} values, ${fault}`)
  }
})

test('only the element types of scores are score data', () => {
  assert.ok(isScoreData(new Float64Array(1)))
  assert.ok(!isScoreData(new Uint8Array(1)))
  assert.ok(!isScoreData(['text']))
})
