import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { ServiceError } from '../../src/domain/errors.ts'
import { InferenceError } from '../../src/inference/port.ts'
import type { Scorer } from '../../src/inference/port.ts'

/** The scores that the suite's model gives for a first feature of 0, 1, 2 and 3; it throws on others. */
export const TABLE = [0.5, 1.5, 2.5, 3.5] as const

/**
 * What every `Scorer` must do.
 *
 * @param start a scorer on a model of two features and one score: `TABLE[first feature]`
 */
export function describeScorer(name: string, start: () => Promise<Scorer>): void {
  const open = async (context: TestContext): Promise<Scorer> => {
    const scorer = await start()
    context.after(() => scorer.close())
    return scorer
  }
  describe(`${name} as a Scorer`, () => {
    describeScores(open)
    describeRefusals(open)
  })
}

type Open = (context: TestContext) => Promise<Scorer>

function describeScores(open: Open): void {
  test('scores come back in the order of the rows', async (context) => {
    const scorer = await open(context)
    const scores = await scorer.score(new Float32Array([2, 9, 0, 9, 3, 9]), 3)
    assert.deepEqual([...scores], [2.5, 0.5, 3.5])
  })

  test('rows behind the count are not scored', async (context) => {
    const scorer = await open(context)
    const scores = await scorer.score(new Float32Array([1, 0, 7, 0]), 1)
    assert.deepEqual([...scores], [1.5])
  })

  test('a batch of no rows has no scores', async (context) => {
    const scorer = await open(context)
    assert.deepEqual([...(await scorer.score(new Float32Array(0), 0))], [])
  })

  test('a batch larger than any before is scored whole', async (context) => {
    const scorer = await open(context)
    await scorer.score(new Float32Array([1, 0]), 1)
    const count = 5_000
    const rows = Float32Array.from({ length: count * 2 }, (_, at) => (at >> 1) % TABLE.length)
    const scores = await scorer.score(rows, count)
    assert.deepEqual(
      [...scores],
      Array.from({ length: count }, (_, row) => TABLE[row % TABLE.length]),
    )
  })

  test('the rows are left as they were, and scores given stay as they were', async (context) => {
    const scorer = await open(context)
    const rows = new Float32Array([1, 4, 2, 5])
    const first = await scorer.score(rows, 2)
    assert.deepEqual([...rows], [1, 4, 2, 5])
    rows.set([3, 4, 0, 5])
    const second = await scorer.score(rows, 2)
    assert.deepEqual([...first], [1.5, 2.5])
    assert.deepEqual([...second], [3.5, 0.5])
  })
}

function describeRefusals(open: Open): void {
  test('a row the model throws on refuses its batch, and the next batch is scored', async (context) => {
    const scorer = await open(context)
    await assert.rejects(scorer.score(new Float32Array([1, 0, 7, 0]), 2), InferenceError)
    const scores = await scorer.score(new Float32Array([1, 0]), 1)
    assert.deepEqual([...scores], [1.5])
  })

  test('a second call while one is in flight breaks an invariant', async (context) => {
    const scorer = await open(context)
    const first = scorer.score(new Float32Array([1, 0]), 1)
    await assert.rejects(scorer.score(new Float32Array([2, 0]), 1), isBroken)
    assert.deepEqual([...(await first)], [1.5])
  })

  test('fewer values than rows break an invariant', async (context) => {
    const scorer = await open(context)
    await assert.rejects(scorer.score(new Float32Array([1, 0, 1]), 2), isBroken)
  })

  test('a closed scorer scores nothing, and closes again', async (context) => {
    const scorer = await open(context)
    await scorer.close()
    await assert.rejects(scorer.score(new Float32Array([1, 0]), 1), isBroken)
    await scorer.close()
  })
}

function isBroken(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'INVARIANT_BROKEN'
}
