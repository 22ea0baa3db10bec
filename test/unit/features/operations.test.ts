import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldValue } from '../../../src/domain/event.ts'
import { engineOf, logOf, run, specOf, type Told } from '../../oracle/feature-runs.ts'

type Cell = number | null

/** A required and an optional number, an optional text and a flag, all optional to the features. */
const FIELDS = {
  value: 'double',
  maybe: { type: 'double', optional: true },
  word: { type: 'string', optional: true },
  flag: { type: 'boolean', optional: true },
}

/** The rows of events of one key, `at` in seconds. */
function rowsOf(features: readonly object[], events: readonly Told[]): (readonly Cell[])[] {
  const named = features.map((feature, index) => ({ name: `f${index}`, ...feature }))
  const spec = specOf({ fields: FIELDS, lateness: '10m', features: named })
  return run(engineOf(spec), logOf(...events)).map((outcome) => {
    assert.equal(outcome.kind, 'ok')
    return outcome.kind === 'ok' ? outcome.row : []
  })
}

/** One feature's value after each event. */
function columnOf(feature: object, events: readonly Told[]): (Cell | undefined)[] {
  return rowsOf([feature], events).map((row) => row[0])
}

/** Events of `k`, a second apart, whose optional number is the value. */
function maybes(...values: readonly (number | null)[]): Told[] {
  return values.map((value, index): Told => ['k', index, 0, value, null, null])
}

const MINUTE = { window: '1m', tile: '1s' }

const NUMERIC: readonly (readonly [operation: string, expected: readonly Cell[]])[] = [
  ['count', [1, 1, 2, 3, 4]],
  ['sum', [4, 4, 2, 8, 12]],
  ['avg', [4, 4, 1, 8 / 3, 3]],
  ['min', [4, 4, -2, -2, -2]],
  ['max', [4, 4, 4, 6, 6]],
  ['variance', [0, 0, 9, 104 / 9, 9]],
  ['stddev', [0, 0, 3, Math.sqrt(104 / 9), 3]],
  ['last', [4, 4, -2, 6, 4]],
  ['first', [4, 4, 4, 4, 4]],
  ['distinct', [1, 1, 2, 3, 3]],
]

for (const [operation, expected] of NUMERIC) {
  test(`${operation} takes the values within the window and skips nulls`, () => {
    const feature = { operation, input_column: 'maybe', ...MINUTE }
    const actual = columnOf(feature, maybes(4, null, -2, 6, 4))
    assert.equal(actual.length, expected.length)
    actual.forEach((value, index) => {
      const wanted = expected[index] ?? NaN
      assert.ok(Math.abs((value ?? NaN) - wanted) < 1e-12, `${index}: ${value}, not ${wanted}`)
    })
  })
}

test('of nulls alone, counts are 0 and all else is null', () => {
  const operations = NUMERIC.map(([operation]) => operation)
  const features = operations.map((operation) => ({ operation, input_column: 'maybe', ...MINUTE }))
  const [row] = rowsOf(features, maybes(null))
  const expected = operations.map((name) => (name === 'count' || name === 'distinct' ? 0 : null))
  assert.deepEqual(row, expected)
})

test('a plain count counts events, whatever they hold', () => {
  assert.deepEqual(columnOf({ operation: 'count', ...MINUTE }, maybes(null, 1, null)), [1, 2, 3])
})

test('a default stands in for null and for nothing else', () => {
  const feature = { operation: 'sum', input_column: 'maybe', default: -1, ...MINUTE }
  assert.deepEqual(columnOf(feature, maybes(null, 0, null, 5)), [-1, 0, 0, 5])
})

test('variance keeps its digits where the squares of the values would not', () => {
  const feature = { operation: 'variance', input_column: 'value', ...MINUTE }
  const events = [1, 2, 3, 4].map((n, index): Told => ['k', index / 4, 1e9 + n, null, null, null])
  assert.equal(columnOf(feature, events)[3], 1.25)
  const apart = [1, 2, 3, 4].map((n, index): Told => ['k', index, 1e9 + n, null, null, null])
  assert.equal(columnOf(feature, apart)[3], 1.25)
})

test('last and first go by event time; of equal times by the order of the log', () => {
  const events: Told[] = [
    ['k', 10, 1, null, null, null],
    ['k', 12, 2, null, null, null],
    ['k', 12, 3, null, null, null],
    ['k', 12, 4, null, null, null],
    ['k', 10, 5, null, null, null],
  ]
  const windowed = { input_column: 'value', window: '1m', tile: '1m' }
  assert.deepEqual(columnOf({ operation: 'last', ...windowed }, events), [1, 2, 3, 4, 4])
  assert.deepEqual(columnOf({ operation: 'first', ...windowed }, events), [1, 1, 1, 1, 1])
})

test('seconds_since_previous is the distance to the newest earlier event, null when there is none', () => {
  const feature = { operation: 'seconds_since_previous', ...MINUTE }
  const at = (seconds: number): Told => ['k', seconds, 0, null, null, null]
  const events = [at(100), at(100.25), at(107.5), at(107.5), at(170)]
  assert.deepEqual(columnOf(feature, events), [null, 0.25, 7.25, 0, null])
})

test('seconds_since_previous of an event that steps back within its tile is 0, not negative', () => {
  const feature = { operation: 'seconds_since_previous', window: '1m', tile: '10s' }
  const at = (seconds: number): Told => ['k', seconds, 0, null, null, null]
  assert.deepEqual(columnOf(feature, [at(101), at(109), at(105), at(99)]), [null, 8, 0, null])
})

test('seconds_since_previous under a condition is told by every event and looks at those that meet it', () => {
  const where = { field: 'flag', eq: true }
  const feature = { operation: 'seconds_since_previous', where, ...MINUTE }
  const at = (seconds: number, flag: boolean): Told => ['k', seconds, 0, null, null, flag]
  const events = [at(0, false), at(1, true), at(4, false), at(6, false), at(8, true), at(9, true)]
  assert.deepEqual(columnOf(feature, events), [null, null, 3, 5, 7, 1])
})

test('distinct counts a value once over all tiles of the window', () => {
  const feature = { operation: 'distinct', input_column: 'word', window: '3s', tile: '1s' }
  const at = (seconds: number, word: FieldValue): Told => ['k', seconds, 0, null, word, null]
  const events = [at(0, 'a'), at(1, 'b'), at(1.5, 'a'), at(2, null), at(3, 'a'), at(4.5, 'c')]
  assert.deepEqual(columnOf(feature, events), [1, 2, 2, 2, 2, 2])
})

test('distinct of a tile stops at its bound, and the engine counts what it left out', () => {
  const spec = specOf({
    fields: FIELDS,
    features: [
      { name: 'd', operation: 'distinct', input_column: 'value', distinct_max: 2, window: '2s' },
    ],
  })
  const engine = engineOf(spec)
  const at = (seconds: number, value: number): Told => ['k', seconds, value, null, null, null]
  const log = logOf(at(0, 1), at(0, 2), at(0, 3), at(0, 3), at(0, 1), at(1, 3), at(1, 4), at(1, 5))
  const rows = run(engine, log.slice(0, 5))
  assert.deepEqual(
    rows.map((row) => row.kind === 'ok' && row.row[0]),
    [1, 2, 2, 2, 2],
  )
  assert.equal(engine.saturated, 2)
  const next = run(engine, log.slice(5))
  assert.deepEqual(
    next.map((row) => row.kind === 'ok' && row.row[0]),
    [3, 4, 4],
  )
  assert.equal(engine.saturated, 3)
})

test('field passes a number on, a boolean as 1 or 0, and null as null or its default', () => {
  const features = [
    { operation: 'field', input_column: 'value' },
    { operation: 'field', input_column: 'maybe' },
    { operation: 'field', input_column: 'maybe', default: 9 },
    { operation: 'field', input_column: 'flag' },
  ]
  const events: Told[] = [
    ['k', 0, 1.5, 2.5, null, true],
    ['k', 0, -0, null, null, false],
    ['k', 0, 0, null, null, null],
  ]
  assert.deepEqual(rowsOf(features, events), [
    [1.5, 2.5, 2.5, 1],
    [0, null, 9, 0],
    [0, null, 9, null],
  ])
})

test('one_hot has a column a category, all 0 for null and for anything else', () => {
  const feature = { operation: 'one_hot', input_column: 'word', categories: ['a', 'b'] }
  const words = ['a', 'b', 'c', null]
  const events = words.map((word): Told => ['k', 0, 0, null, word, null])
  assert.deepEqual(rowsOf([feature], events), [
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
  ])
})

const PARTS = ['minute_of_hour', 'hour_of_day', 'day_of_week', 'day_of_month', 'month']

function partsOf(time: string, utcOffset: string): readonly Cell[] {
  const features = PARTS.map((operation) => ({ operation, utc_offset: utcOffset }))
  const [row] = rowsOf(features, [['k', Date.parse(time) / 1000, 0, null, null, null]])
  return row ?? []
}

test('parts of event time are those of UTC shifted as declared; Monday is 1, Sunday 7', () => {
  assert.deepEqual(partsOf('2023-12-31T23:59:59.999Z', '0h'), [59, 23, 7, 31, 12])
  assert.deepEqual(partsOf('2023-12-31T23:59:59.999Z', '+5h30m'), [29, 5, 1, 1, 1])
  assert.deepEqual(partsOf('2024-03-01T04:15:00.000Z', '-5h'), [15, 23, 4, 29, 2])
  assert.deepEqual(partsOf('1970-01-01T00:00:00.000Z', '0h'), [0, 0, 4, 1, 1])
})

/** Which of the values 1, 2, 3 and null a condition lets count. */
const CONDITIONS: readonly (readonly [where: object, met: readonly (number | null)[]])[] = [
  [{ eq: 2 }, [2]],
  [{ ne: 2 }, [1, 3]],
  [{ lt: 2 }, [1]],
  [{ le: 2 }, [1, 2]],
  [{ gt: 2 }, [3]],
  [{ ge: 2 }, [2, 3]],
  [{ in: [1, 3, 7] }, [1, 3]],
]

for (const [comparison, met] of CONDITIONS) {
  test(`where ${JSON.stringify(comparison)} is met by ${met.join(', ')} of 1, 2, 3 and null`, () => {
    const where = { field: 'maybe', ...comparison }
    for (const value of [1, 2, 3, null]) {
      const [count] = columnOf({ operation: 'count', where, ...MINUTE }, maybes(value))
      assert.equal(count, met.includes(value) ? 1 : 0, `value ${value}`)
    }
  })
}

test('where compares text and booleans for equality; null is neither equal nor unequal', () => {
  const counts = (where: object) => {
    const events: Told[] = [
      ['k', 0, 0, null, 'a', true],
      ['k', 0, 0, null, 'b', false],
      ['k', 0, 0, null, null, null],
    ]
    return columnOf({ operation: 'count', where, ...MINUTE }, events)[2]
  }
  assert.equal(counts({ field: 'word', eq: 'a' }), 1)
  assert.equal(counts({ field: 'word', ne: 'a' }), 1)
  assert.equal(counts({ field: 'word', in: ['a', 'b'] }), 2)
  assert.equal(counts({ field: 'flag', eq: false }), 1)
  assert.equal(counts({ field: 'flag', ne: false }), 1)
})

test('an event that does not meet the condition still gets the value of those that did', () => {
  const where = { field: 'flag', eq: true }
  const feature = { operation: 'avg', input_column: 'value', where, ...MINUTE }
  const events: Told[] = [
    ['k', 0, 1, null, null, false],
    ['k', 1, 2, null, null, true],
    ['k', 2, 9, null, null, false],
    ['k', 3, 4, null, null, true],
  ]
  assert.deepEqual(columnOf(feature, events), [null, 2, 2, 3])
})
