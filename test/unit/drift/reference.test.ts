import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReference, referenceId } from '../../../src/drift/reference.ts'
import { DRIFT_REFERENCE, DRIFT_SPEC } from '../../fixtures/drift.ts'

const [SIZE] = DRIFT_REFERENCE.numbers
const [COLOUR] = DRIFT_REFERENCE.categories
const [SCORE] = DRIFT_REFERENCE.scores

function parse(but: object): void {
  const text = JSON.stringify({ ...DRIFT_REFERENCE, ...but })
  parseReference(text, 'm/reference.json', DRIFT_SPEC)
}

test('a reference that fits its model is taken as it is', () => {
  const text = JSON.stringify(DRIFT_REFERENCE)
  assert.deepEqual(parseReference(text, 'reference.json', DRIFT_SPEC), DRIFT_REFERENCE)
  assert.match(referenceId(text), /^[0-9a-f]{12}$/)
})

for (const [what, but, message] of [
  ['another format', { format: 2 }, /format: .*expected 1/],
  ['a field that is missing', { rows: undefined }, /rows: .*expected .*number/],
  ['a field that nobody knows', { mean: 1 }, /"mean"/],
  ['a negative count', { numbers: [{ ...SIZE, missing: -1 }] }, /numbers\.0\.missing: .*>=0/],
  [
    'a count too few',
    { numbers: [{ ...SIZE, counts: [900] }] },
    /numbers\[0\]\.counts must have 3 values, got 1/,
  ],
  ['counts that do not add up', { rows: 1_001 }, /numbers\[0\] must count 1001 rows, got 1000/],
  [
    'bounds out of order',
    { numbers: [{ ...SIZE, upper: [1, 4, 2] }] },
    /numbers\[0\]\.upper\[2\] must be above 4, got 2/,
  ],
  [
    'a least value above the first bound',
    { scores: [{ ...SCORE, min: 0.5 }] },
    /scores\[0\]\.upper\[0\] must be at least min 0\.5, got 0\.3/,
  ],
  [
    'more bins than can be counted',
    { numbers: [{ ...SIZE, upper: Array.from({ length: 15 }, (_, at) => at + 1) }] },
    /numbers\.0\.upper: .*<=14/,
  ],
  [
    'sizes out of order',
    { numbers: [{ ...SIZE, calibration: SIZE?.calibration.toReversed() }] },
    /numbers\[0\]\.calibration\[1\]\.records must be from 101 to 999, got 50/,
  ],
  [
    'a feature the model has not',
    { numbers: [{ ...SIZE, name: 'weight' }] },
    /numbers\[0\]: the model has no columns weight/,
  ],
  [
    'columns in another order',
    { categories: [{ ...COLOUR, columns: ['colour_blue', 'colour_red'] }] },
    /categories\[0\]: the model has no columns colour_blue, colour_red/,
  ],
  ['a feature twice', { numbers: [SIZE, SIZE] }, /"size" must be there once/],
  [
    'another score',
    { scores: [{ ...SCORE, name: 'risk' }] },
    /scores must be those of the model, score, got risk/,
  ],
] as const) {
  test(`a reference with ${what} is refused by file, field and bound`, () => {
    assert.throws(
      () => parse(but),
      (error: unknown) => {
        assert.ok(error instanceof Error)
        assert.ok(error.message.startsWith('m/reference.json: '), error.message)
        assert.match(error.message, message)
        return true
      },
    )
  })
}

test('what is no JSON is refused by name', () => {
  assert.throws(() => parseReference('{', 'r.json', DRIFT_SPEC), {
    code: 'MODEL_INVALID',
    message: /^r\.json is not JSON/,
  })
})
