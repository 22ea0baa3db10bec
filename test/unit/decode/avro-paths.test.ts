import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import { compileAvro } from '../../../src/decode/avro-codec.ts'
import { needed } from '../../fixtures/records.ts'

const MONEY = {
  type: 'record',
  name: 'Money',
  fields: [
    { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'] } },
    { name: 'amount', type: ['null', 'double'] },
  ],
}
const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'first', type: ['null', MONEY] },
    { name: 'second', type: 'Money' },
    { name: 'tags', type: { type: 'map', values: 'Money' } },
    { name: 'lines', type: { type: 'array', items: 'Money' } },
    { name: 'next', type: ['null', 'Order'] },
    { name: 'last', type: 'int' },
  ],
}
const writer = avro.Type.forSchema(JSON.parse(JSON.stringify(ORDER)), { wrapUnions: 'never' })
const EUR = { currency: 'EUR', amount: 1.5 }
const USD = { currency: 'USD', amount: null }

function read(wanted: readonly string[], bytes: Buffer, schema: object = ORDER) {
  const into: unknown[] = []
  const codec = compileAvro(JSON.stringify(schema), [], needed(wanted, false))
  assert.equal(codec.decode(bytes, 0, bytes.length, into), undefined)
  return wanted.map((_, slot) => into[slot])
}

function order(given: object): Buffer {
  const empty = { first: null, second: USD, tags: {}, lines: [], next: null, last: 9 }
  return writer.toBuffer({ ...empty, ...given })
}

test('a path leads through records, unions, maps and recursion', () => {
  const paths = ['first.amount', 'second.currency', 'tags.b.amount', 'next.next.last', 'last']
  const next = JSON.parse(
    '{"first":null,"second":{"currency":"EUR","amount":3},"tags":{},"lines":[]}',
  )
  const inner = { ...next, next: null, last: 7 }
  const bytes = order({
    first: EUR,
    tags: { a: USD, b: { currency: 'USD', amount: 4 } },
    lines: [EUR, EUR],
    next: { ...next, next: inner, last: 8 },
  })
  assert.deepEqual(read(paths, bytes), [1.5, 'USD', 4, 7, 9])
})

test('what is within null is null, what is not there is absent', () => {
  const paths = ['first.amount', 'tags.b.amount', 'next.second.amount', 'second.amount', 'last']
  assert.deepEqual(read(paths, order({})), [null, undefined, null, null, 9])
})

test('a record, and what is within an array, is no value', () => {
  const codec = compileAvro(JSON.stringify(ORDER), [], needed(['lines.amount', 'second'], false))
  assert.deepEqual(codec.offers, [new Set(), new Set(['compound'])])
  assert.deepEqual(read(['second', 'second.currency'], order({})), [{}, 'USD'])
})

test('a map in blocks that tell their size is read too, and one of absurd count is not', () => {
  const schema = {
    type: 'record',
    name: 'M',
    fields: [{ name: 'm', type: { type: 'map', values: 'int' } }],
  }
  assert.deepEqual(read(['m.a'], Buffer.from([1, 6, 2, 0x61, 10, 0]), schema), [5])
  const codec = compileAvro(JSON.stringify(schema), [], needed(['m.a'], false))
  const absurd = Buffer.from([...Array(9).fill(0xff), 0x01, 0, 0])
  assert.match(
    String(codec.decode(absurd, 0, absurd.length, [])?.detail),
    /must have at most 100012 items/,
  )
})

test('a renamed field is found by the alias its schema gives it, unless the name is taken', () => {
  const fields = [
    { name: 'other', type: 'int' },
    { name: 'value', type: 'double', aliases: ['amount'] },
  ]
  const schema = { type: 'record', name: 'R', fields }
  const bytes = avro.Type.forSchema(JSON.parse(JSON.stringify(schema))).toBuffer({
    other: 1,
    value: 2.5,
  })
  assert.deepEqual(read(['amount'], bytes, schema), [2.5])
  const taken = { ...schema, fields: [{ name: 'amount', type: 'int' }, fields[1]] }
  assert.deepEqual(read(['amount'], bytes, taken), [1])
})

const LOGICAL = [
  [{ type: 'long', logicalType: 'timestamp-millis' }, [0x02], 1, 'integer'],
  [{ type: 'long', logicalType: 'timestamp-micros' }, [0xd1, 0x0f], -2, 'integer'],
  [{ type: 'long', logicalType: 'timestamp-nanos' }, [0x80, 0x89, 0x7a], 1, 'integer'],
  [{ type: 'long', logicalType: 'local-timestamp-micros' }, [0xd0, 0x0f], 1, 'integer'],
  [{ type: 'int', logicalType: 'date' }, [0x01], -86_400_000, 'integer'],
  [
    { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
    [0x04, 0xff, 0x85],
    -1.23,
    'number',
  ],
  [
    { type: 'fixed', name: 'F', size: 2, logicalType: 'decimal', precision: 4 },
    [0x01, 0x00],
    256,
    'number',
  ],
  [
    { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 25 },
    [0x10, 0, 0, 0, 1, 0, 0, 0, 0],
    4.294967296e-16,
    'number',
  ],
  [{ type: 'string', logicalType: 'uuid' }, [0x02, 0x61], 'a', 'string'],
  [
    { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
    [...Buffer.from('00112233445566778899aabbccddeeff', 'hex')],
    '00112233-4455-6677-8899-aabbccddeeff',
    'string',
  ],
  // What does not fit its type is ignored.
  [{ type: 'string', logicalType: 'decimal' }, [0x02, 0x61], 'a', 'string'],
  [{ type: 'bytes', logicalType: 'decimal', scale: 1e9 }, [0x00], {}, 'compound'],
  [{ type: 'int', logicalType: 'unheard-of' }, [0x02], 1, 'integer'],
] as const

for (const [type, bytes, value, kind] of LOGICAL) {
  test(`${JSON.stringify(type)} of [${bytes.join(' ')}] is ${JSON.stringify(value)}`, () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type }] }
    assert.deepEqual(read(['a'], Buffer.from(bytes), schema), [value])
    const { offers } = compileAvro(JSON.stringify(schema), [], needed(['a']))
    assert.deepEqual(offers, [new Set([kind])])
  })
}

test('microseconds beyond 2^53 are ms without loss', () => {
  const type = { type: 'long', logicalType: 'timestamp-nanos' }
  const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type }] }
  // 1,700,000,000,123,456,789 ns
  const bytes: number[] = []
  for (let raw = 1_700_000_000_123_456_789n << 1n; raw > 0n; raw >>= 7n) {
    bytes.push(Number(raw & 0x7fn) | (raw > 0x7fn ? 0x80 : 0))
  }
  assert.deepEqual(read(['a'], Buffer.from(bytes), schema), [1_700_000_000_123])
})

test('a decimal of many bytes is refused before it is added up', () => {
  const schema = {
    type: 'record',
    name: 'R',
    fields: [{ name: 'a', type: { type: 'bytes', logicalType: 'decimal', precision: 4 } }],
  }
  const bytes = Buffer.concat([Buffer.from([0x82, 0x01]), Buffer.alloc(65)])
  const problem = compileAvro(JSON.stringify(schema), [], needed(['a'])).decode(bytes, 0, 67, [])
  assert.equal(problem?.detail, 'decimal must have at most 64 bytes, got 65')
})
