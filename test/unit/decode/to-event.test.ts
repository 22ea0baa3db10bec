import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileToEvent, neededFields } from '../../../src/decode/to-event.ts'
import type { EventMapping } from '../../../src/domain/model-spec.ts'
import { inputRecord } from '../../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

const MAPPING: EventMapping = {
  key: { from: 'field', field: 'user' },
  keyName: 'user',
  time: { from: 'field', field: 'at', unit: 'ms' },
  id: { from: 'field', field: 'id' },
  fields: [
    { name: 'value', type: 'double', optional: false },
    { name: 'note', type: 'string', optional: true },
  ],
}

const GIVEN = { user: 'u1', at: 5, id: 'e1', value: 1.5, note: 'n' }

type Given = Readonly<Record<string, unknown>>

function resultOf(mapping: EventMapping, given: Given, record = inputRecord()) {
  const raw = neededFields(mapping).map(({ name }) => given[name])
  return compileToEvent(mapping)(raw, record)
}

/** The event's part a mapping yields, or the detail of the dead letter. */
function eventOf(mapping: EventMapping, given: Given, record = inputRecord()) {
  const result = resultOf(mapping, given, record)
  return result.kind === 'event' ? result.event : `${result.reason}: ${result.detail}`
}

test('an event takes key, time, id and values from their fields', () => {
  assert.deepEqual(eventOf(MAPPING, GIVEN), {
    key: 'u1',
    timeMs: 5,
    id: 'e1',
    values: [1.5, 'n'],
  })
})

test('a field used twice is looked up once', () => {
  const mapping: EventMapping = { ...MAPPING, id: { from: 'field', field: 'user' } }
  assert.deepEqual(
    neededFields(mapping).map(({ name }) => name),
    ['value', 'note', 'user', 'at'],
  )
  assert.equal(eventOf(mapping, GIVEN) instanceof Object, true)
})

test('an optional field is still required when it is the key', () => {
  const mapping: EventMapping = { ...MAPPING, key: { from: 'field', field: 'note' } }
  const note = neededFields(mapping).find(({ name }) => name === 'note')
  assert.equal(note?.isRequired, true)
})

test('without a field for them, key, time and id come from the record', () => {
  const mapping: EventMapping = {
    ...ENGAGEMENT_EVENT,
    key: { from: 'record-key' },
  }
  assert.deepEqual(eventOf(mapping, { value: 2 }, inputRecord({ timestamp: 7, offset: 9 })), {
    key: 'u1',
    timeMs: 7,
    id: 'events-3-9',
    values: [null, 2],
  })
})

const LONG_TEXT = 'x'.repeat(65_537)
const NAME_RULE = 'a well-formed text of 1 to 4096 characters or an integer within ±(2^53 − 1)'

const REFUSED: readonly (readonly [Given, string])[] = [
  [{ value: 'abc' }, 'field "value" must be a finite double, got "abc"'],
  [{ value: Number.NaN }, 'field "value" must be a finite double, got NaN'],
  [{ value: Infinity }, 'field "value" must be a finite double, got Infinity'],
  [{ value: null }, 'field "value" must be a finite double, got null'],
  [{ value: undefined }, 'field "value" must be a finite double, but it is missing'],
  [{ value: {} }, 'field "value" must be a finite double, got an object'],
  [{ value: [1] }, 'field "value" must be a finite double, got an array'],
  [{ note: 5 }, 'field "note" must be a string of at most 65536 characters, got 5'],
  [
    { note: LONG_TEXT },
    `field "note" must be a string of at most 65536 characters, got "${'x'.repeat(63)}…`,
  ],
  [{ user: '' }, `field "user" must be ${NAME_RULE}, got ""`],
  [{ user: null }, `field "user" must be ${NAME_RULE}, got null`],
  [{ user: 1.5 }, `field "user" must be ${NAME_RULE}, got 1.5`],
  [{ user: 2 ** 53 }, `field "user" must be ${NAME_RULE}, got 9007199254740992`],
  [{ user: '\ud800' }, `field "user" must be ${NAME_RULE}, got "\\ud800"`],
  [{ id: undefined }, `field "id" must be ${NAME_RULE}, but it is missing`],
  [{ at: -1 }, 'field "at" must be a whole number of ms from 0 to 8640000000000000, got -1'],
  [{ at: 0.5 }, 'field "at" must be a whole number of ms from 0 to 8640000000000000, got 0.5'],
  [{ at: '5' }, 'field "at" must be a whole number of ms from 0 to 8640000000000000, got "5"'],
  [
    { at: 8.64e15 + 1 },
    'field "at" must be a whole number of ms from 0 to 8640000000000000, got 8640000000000001',
  ],
]

for (const [change, detail] of REFUSED) {
  test(`an event is invalid when ${detail.slice(0, 120)}`, () => {
    assert.equal(eventOf(MAPPING, { ...GIVEN, ...change }), `invalid-event: ${detail}`)
  })
}

test('an integer key is its decimal text', () => {
  assert.equal(Object(eventOf(MAPPING, { ...GIVEN, user: -12 })).key, '-12')
  assert.equal(Object(eventOf(MAPPING, { ...GIVEN, user: 2n ** 63n })).key, '9223372036854775808')
})

const RECORD_REFUSED = [
  [inputRecord({ key: null }), 'record key must not be empty'],
  [inputRecord({ key: Buffer.alloc(0) }), 'record key must not be empty'],
  [inputRecord({ key: Buffer.from([0x75, 0xff]) }), 'record key must be UTF-8'],
  [
    inputRecord({ key: Buffer.alloc(4097, 1) }),
    'record key must have at most 4096 bytes, got 4097',
  ],
  [
    inputRecord({ timestamp: -1 }),
    'record timestamp must be a whole number of ms from 0 to 8640000000000000, got -1',
  ],
] as const

for (const [record, detail] of RECORD_REFUSED) {
  test(`an event of the record's own key and time is invalid when ${detail}`, () => {
    const mapping: EventMapping = { ...ENGAGEMENT_EVENT, key: { from: 'record-key' } }
    assert.equal(eventOf(mapping, { value: 2 }, record), `invalid-event: ${detail}`)
  })
}

test('a record key that holds the replacement character itself is UTF-8', () => {
  const mapping: EventMapping = { ...ENGAGEMENT_EVENT, key: { from: 'record-key' } }
  const record = inputRecord({ key: Buffer.from('a\uFFFD') })
  assert.equal(Object(eventOf(mapping, { value: 2 }, record)).key, 'a\uFFFD')
})

const MATCHING: EventMapping = {
  ...MAPPING,
  key: { from: 'field', field: 'user', matchesRecordKey: true },
}

for (const [key, found] of [
  [Buffer.from('u2'), '"u2"'],
  [Buffer.from('u1 '), '"u1 "'],
  [Buffer.from('u'), '"u"'],
  [Buffer.alloc(0), '""'],
  [null, 'none'],
] as const) {
  test(`where the record's key must match, ${found} is not "u1"`, () => {
    const wanted = `key-mismatch: record key must be that of field "user", "u1", got ${found}`
    assert.equal(eventOf(MATCHING, GIVEN, inputRecord({ key })), wanted)
    assert.equal(Object(eventOf(MAPPING, GIVEN, inputRecord({ key }))).key, 'u1')
  })
}

test("where the record's key must match, the same text does, and damaged bytes do not", () => {
  const isEvent = (user: unknown, key: Buffer) =>
    resultOf(MATCHING, { ...GIVEN, user }, inputRecord({ key })).kind === 'event'
  assert.ok(isEvent('Zoë', Buffer.from('Zoë')))
  assert.ok(isEvent('\uFFFD', Buffer.from('\uFFFD')))
  assert.ok(!isEvent('\uFFFD', Buffer.from([0xf0, 0x9f, 0x98])))
})

test('a key field that is missing is told before any mismatch', () => {
  const { user: _, ...rest } = GIVEN
  assert.match(String(eventOf(MATCHING, rest)), /^invalid-event: field "user"/)
})

const TIMES = [
  ['s', 1.5, 1500],
  ['s', 1_357_000_000.001, 1_357_000_000_001],
  ['s', 3n, 3000],
  ['ms', 12n, 12],
  ['iso8601', '1970-01-01T00:00:01Z', 1000],
] as const

for (const [unit, given, timeMs] of TIMES) {
  test(`${given} in ${unit} is ${timeMs} ms`, () => {
    const mapping: EventMapping = { ...MAPPING, time: { from: 'field', field: 'at', unit } }
    assert.equal(Object(eventOf(mapping, { ...GIVEN, at: given })).timeMs, timeMs)
  })
}

const TIMES_REFUSED = [
  ['s', -0.1],
  ['s', Number.NaN],
  ['s', 8.65e12],
  ['iso8601', '1969-12-31T23:59:59Z'],
  ['iso8601', 5],
] as const

for (const [unit, given] of TIMES_REFUSED) {
  test(`${given} in ${unit} is no event time`, () => {
    const mapping: EventMapping = { ...MAPPING, time: { from: 'field', field: 'at', unit } }
    assert.match(String(eventOf(mapping, { ...GIVEN, at: given })), /^invalid-event: field "at"/)
  })
}

const TYPES = [
  ['int', 2 ** 31 - 1, 2 ** 31 - 1],
  ['int', -(2 ** 31), -(2 ** 31)],
  ['int', 2 ** 31, 'refused'],
  ['int', -(2 ** 31) - 1, 'refused'],
  ['int', 1.5, 'refused'],
  ['int', -0, 0],
  ['long', 2 ** 60, 2 ** 60],
  ['long', 2n ** 53n + 1n, 2 ** 53],
  ['long', 2 ** 64, 'refused'],
  ['long', 0.5, 'refused'],
  ['long', '5', 'refused'],
  ['boolean', true, true],
  ['boolean', 1, 'refused'],
  ['string', '', ''],
  ['double', 2n ** 60n, 2 ** 60],
  ['string', 5n, 'refused'],
] as const

for (const [type, given, expected] of TYPES) {
  test(`${given} (${typeof given}) as ${type} is ${expected}`, () => {
    const fields = [{ name: 'value', type, optional: false }]
    const event = eventOf({ ...MAPPING, fields }, { ...GIVEN, value: given })
    if (expected === 'refused') assert.equal(typeof event, 'string')
    else assert.deepEqual(Object(event).values, [expected])
  })
}
