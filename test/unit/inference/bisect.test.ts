import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../../src/domain/errors.ts'
import { scoreRows } from '../../../src/inference/bisect.ts'
import { startScorer } from '../../../src/inference/onnx-scorer.ts'
import { FakeScorer } from '../../fakes/scorer.ts'
import { modelFixture } from '../../fixtures/models.ts'

/** Doubles its one feature, and throws on a negative one. */
function doubling(): FakeScorer {
  return new FakeScorer(1, ([value = 0]) => (value < 0 ? `row ${value}` : [value * 2, -value]))
}

function batchOf(values: readonly number[]) {
  return { rows: new Float32Array(values), count: values.length, features: 1, outputs: 2 }
}

test('a batch the model takes costs one call', async () => {
  const scorer = doubling()
  const { scores, refused } = await scoreRows(scorer, batchOf([1, 2, 3]))
  assert.deepEqual([...scores], [2, -1, 4, -2, 6, -3])
  assert.equal(refused.size, 0)
  assert.deepEqual(scorer.calls, [3])
})

test('refused rows are found with their messages, and the others keep their scores', async () => {
  const { scores, refused } = await scoreRows(doubling(), batchOf([1, -2, 3, 4, -5]))
  assert.deepEqual(
    [...refused],
    [
      [1, 'row -2'],
      [4, 'row -5'],
    ],
  )
  const none = Number.NaN
  assert.deepEqual([...scores], [2, -1, none, none, 6, -3, 8, -4, none, none])
})

test('one refused row in a thousand costs 21 calls', async () => {
  const scorer = doubling()
  const values = Array.from({ length: 1_024 }, (_, row) => (row === 700 ? -1 : row))
  const { refused } = await scoreRows(scorer, batchOf(values))
  assert.deepEqual([...refused.keys()], [700])
  assert.equal(scorer.calls.length, 21)
})

test('exactly the refused rows are found, in at most 2 · count − 1 calls', async () => {
  const values = fc.array(fc.integer({ min: -3, max: 20 }), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(values, async (given) => {
      const scorer = doubling()
      const { scores, refused } = await scoreRows(scorer, batchOf(given))
      const bad = given.flatMap((value, row) => (value < 0 ? [row] : []))
      assert.deepEqual([...refused.keys()], bad)
      for (const [row, value] of given.entries()) {
        assert.equal(scores[row * 2], value < 0 ? Number.NaN : value * 2)
      }
      assert.ok(scorer.calls.length <= 2 * given.length - 1)
    }),
  )
})

test('a batch of no rows costs no call', async () => {
  const scorer = doubling()
  const { scores } = await scoreRows(scorer, batchOf([]))
  assert.equal(scores.length, 0)
  assert.deepEqual(scorer.calls, [])
})

test('non-finite scores are left in place', async () => {
  const scorer = new FakeScorer(1, () => [Number.POSITIVE_INFINITY, Number.NaN])
  const { scores, refused } = await scoreRows(scorer, batchOf([1]))
  assert.deepEqual([...scores], [Number.POSITIVE_INFINITY, Number.NaN])
  assert.equal(refused.size, 0)
})

test('an error that is not the model refusing is passed on at once', async () => {
  const scorer = doubling()
  await scorer.close()
  await assert.rejects(scoreRows(scorer, batchOf([1, 2])), ServiceError)
})

test('a real model that throws on a row gives up that row only', async (context) => {
  const fixture = modelFixture('choosy', [{ name: 'score', tensor: 'score', column: 0 }])
  const scorer = await startScorer({ ...fixture, threads: 1 })
  context.after(() => scorer.close())
  const rows = new Float32Array([1, 0, 2, 0, 9, 0, 3, 0])
  const { scores, refused } = await scoreRows(scorer, { rows, count: 4, features: 2, outputs: 1 })
  assert.deepEqual([...scores], [1.5, 2.5, Number.NaN, 3.5])
  assert.deepEqual([...refused.keys()], [2])
  assert.match(refused.get(2) ?? '', /idx=9 must be within the inclusive range/)
})
