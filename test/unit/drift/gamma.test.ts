import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gammaQuantile, gammaTail } from '../../../src/drift/gamma.ts'

/** A chi-squared distribution is a gamma with mean ν and variance 2ν. */
function chiSquared(degrees: number, tail: number): number {
  return gammaQuantile(degrees, Math.sqrt(2 * degrees), tail)
}

test('quantiles are those of the tables of chi-squared', () => {
  for (const [degrees, tail, expected] of [
    [1, 0.05, 3.841_459],
    [1, 0.001, 10.827_566],
    [4, 0.01, 13.276_704],
    [10, 0.05, 18.307_038],
    [30, 0.001, 59.703_064],
    [100, 0.995, 67.327_563],
  ] as const) {
    assert.ok(Math.abs(chiSquared(degrees, tail) - expected) < 1e-5, `${degrees} at ${tail}`)
  }
})

test('an exponential has its own formula, far into the tail', () => {
  for (const tail of [0.5, 1e-3, 1e-9, 1e-15]) {
    const expected = -2 * Math.log(tail)
    assert.ok(Math.abs(gammaQuantile(2, 2, tail) / expected - 1) < 1e-9, String(tail))
  }
})

test('the tail falls from 1 to 0, and no number is nobody', () => {
  const tails = [0, 0.01, 0.5, 1, 3, 10, 100].map((x) => gammaTail(0.7, x))
  assert.deepEqual(
    tails,
    tails.toSorted((a, b) => b - a),
  )
  assert.deepEqual([tails[0], gammaTail(0.7, 800) < 1e-300], [1, true])
})

test('what does not vary is its own bound', () => {
  assert.equal(gammaQuantile(0.2, 0, 0.01), 0.2)
  assert.equal(gammaQuantile(0, 0, 0.01), 0)
})
