import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import fc from 'fast-check'
import { compileAvro } from '../../../src/decode/avro-codec.ts'
import { needed } from '../../fixtures/records.ts'

const EVERYTHING = {
  type: 'record',
  name: 'Everything',
  fields: [
    { name: 'nothing', type: 'null' },
    { name: 'flag', type: 'boolean' },
    { name: 'small', type: 'int' },
    { name: 'large', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'single', type: 'float' },
    { name: 'double', type: 'double' },
    { name: 'text', type: 'string' },
    { name: 'bytes', type: 'bytes' },
    { name: 'fixed', type: { type: 'fixed', name: 'Four', size: 4 } },
    { name: 'color', type: { type: 'enum', name: 'Color', symbols: ['RED', 'GREEN'] } },
    { name: 'maybe', type: ['null', 'string'] },
    { name: 'list', type: { type: 'array', items: ['null', 'long'] } },
    { name: 'map', type: { type: 'map', values: 'double' } },
    {
      name: 'tree',
      type: {
        type: 'record',
        name: 'Tree',
        fields: [
          { name: 'left', type: ['null', 'Tree'] },
          { name: 'label', type: 'string' },
        ],
      },
    },
    { name: 'last', type: 'int' },
  ],
}
const SCHEMA = JSON.stringify(EVERYTHING)
const NAMES = EVERYTHING.fields.map(({ name }) => name)
const COMPOUND_NAMES = new Set(['bytes', 'fixed', 'list', 'map', 'tree'])

const anything = fc.record({
  nothing: fc.constant(null),
  flag: fc.boolean(),
  small: fc.integer(),
  large: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  single: fc.float(),
  double: fc.double(),
  text: fc.string({ unit: 'binary', maxLength: 60 }),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fixed: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  color: fc.constantFrom('RED', 'GREEN'),
  maybe: fc.option(fc.string()),
  list: fc.array(fc.option(fc.integer())),
  map: fc.dictionary(fc.string(), fc.double()),
  tree: fc.record({
    left: fc.option(fc.record({ left: fc.constant(null), label: fc.string() })),
    label: fc.string(),
  }),
  last: fc.integer(),
})

const writer = avro.Type.forSchema(JSON.parse(SCHEMA), { wrapUnions: 'never' })

/** What one decode yields: the problem, or the values by name. */
function decode(wanted: readonly string[], bytes: Buffer, schema = SCHEMA) {
  const into: unknown[] = wanted.map(() => 'stale')
  // Within a larger buffer, as records lie in a batch.
  const held = Buffer.concat([Buffer.from([7]), bytes, Buffer.from([7, 7])])
  const codec = compileAvro(schema, [], needed(wanted))
  const problem = codec.decode(held, 1, 1 + bytes.length, into)
  return problem?.detail ?? Object.fromEntries(wanted.map((name, slot) => [name, into[slot]]))
}

test('any choice of scalar fields reads as avsc wrote them', () => {
  fc.assert(
    fc.property(anything, fc.shuffledSubarray(NAMES), (given, wanted) => {
      const read = decode(wanted, writer.toBuffer(given))
      const expected = wanted.map((name) => [
        name,
        COMPOUND_NAMES.has(name) ? {} : Object(given)[name],
      ])
      assert.deepEqual(read, Object.fromEntries(expected))
    }),
  )
})

test('no bytes make the reader throw, and no prefix of a value is a value', () => {
  fc.assert(
    fc.property(anything, fc.nat(), fc.nat(255), (given, place, byte) => {
      const bytes = writer.toBuffer(given)
      assert.equal(typeof decode(NAMES, bytes.subarray(0, place % bytes.length)), 'string')
      bytes[place % bytes.length] = byte
      decode(NAMES, bytes)
      decode(['last'], bytes)
    }),
  )
})

function schemaOf(type: unknown): string {
  return JSON.stringify({ type: 'record', name: 'One', fields: [{ name: 'a', type }] })
}

const VARINT_MAX = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]

const DAMAGED = [
  ['string', [0x03], 'length must be from 0 to the 0 bytes left, got -2'],
  ['string', [0x08, 0x61], 'length must be from 0 to the 1 bytes left, got 4'],
  ['string', [0x02, 0xff], 'string must be UTF-8'],
  ['string', [0x02, 0x61, 0x62], '1 bytes are left over after the value'],
  ['boolean', [0x02], 'boolean must be byte 0 or 1, got 2'],
  ['double', [0x01], 'the value ends too early'],
  ['long', [0xff, 0xff], 'the value ends too early'],
  ['long', Array(11).fill(0xff), 'number must take at most 10 bytes'],
  [['null', 'int'], [0x04], 'union index must be from 0 to 1, got 2'],
  [{ type: 'enum', name: 'E', symbols: ['A'] }, [0x02], 'enum index must be from 0 to 0, got 1'],
  [
    { type: 'array', items: 'null' },
    [...VARINT_MAX, 0],
    'a value of 11 bytes must have at most 100011 items',
  ],
] as const

for (const [type, bytes, problem] of DAMAGED) {
  test(`${JSON.stringify(type)} of [${bytes.join(' ')}] is refused: ${problem}`, () => {
    assert.equal(decode(['a'], Buffer.from(bytes), schemaOf(type)), problem)
  })
}

test('blocks of items without bytes count together', () => {
  const sixtyThousand = [0xc0, 0xa9, 0x07]
  const schema = schemaOf({ type: 'array', items: 'null' })
  assert.deepEqual(decode(['a'], Buffer.from([...sixtyThousand, 0]), schema), { a: {} })
  const twice = Buffer.from([...sixtyThousand, ...sixtyThousand, 0])
  assert.match(String(decode(['a'], twice, schema)), /must have at most 100007 items/)
})

test('a value nested without end is refused', () => {
  const schema = JSON.stringify({
    type: 'record',
    name: 'Nest',
    fields: [{ name: 'next', type: ['null', 'Nest'] }],
  })
  const bytes = Buffer.alloc(1_000_000, 0x02)
  assert.equal(decode(['next'], bytes, schema), 'nesting must be at most 64 deep')
})

const LONGS = [
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  2n ** 55n + 5n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  -(2n ** 53n) - 1n,
  -64n,
  64n,
]

for (const long of LONGS) {
  test(`the long ${long} arrives without loss`, () => {
    let raw = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
    const bytes: number[] = []
    for (; raw > 0x7fn; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80)
    bytes.push(Number(raw))
    const near = Number(long)
    const a = Number.isSafeInteger(near) ? near : long
    assert.deepEqual(decode(['a'], Buffer.from(bytes), schemaOf('long')), { a })
  })
}

test('an array block with its size is passed over', () => {
  const bytes = Buffer.from([0x03, 0x04, 0x02, 0x04, 0x00])
  assert.deepEqual(decode(['a'], bytes, schemaOf({ type: 'array', items: 'int' })), { a: {} })
})

test('an optional field the schema lacks is absent, and nothing is offered for it', () => {
  const codec = compileAvro(schemaOf('int'), [], needed(['b', 'a'], false))
  const into: unknown[] = ['stale', 'stale']
  assert.equal(codec.decode(Buffer.from([0x02]), 0, 1, into), undefined)
  assert.deepEqual(into, [undefined, 1])
  assert.deepEqual(codec.offers, [new Set(), new Set(['integer'])])
})

test('a required field the schema lacks is told of every value', () => {
  const problem = compileAvro(schemaOf('int'), [], needed(['b'])).decode(Buffer.alloc(1), 0, 1, [])
  assert.deepEqual(problem, { reason: 'invalid-event', detail: 'must have the field "b"' })
})

test('a schema may refer to others', () => {
  const schema = JSON.stringify({ type: 'enum', name: 'shop.Kind', symbols: ['X', 'Y'] })
  const references = [
    { name: 'shop.Kind', schema },
    { name: 'shop.Kind again', schema },
  ]
  const codec = compileAvro(schemaOf('shop.Kind'), references, needed(['a']))
  const into: unknown[] = []
  assert.equal(codec.decode(Buffer.from([0x02]), 0, 1, into), undefined)
  assert.deepEqual(into, ['Y'])
})

test('a schema that is no record is refused', () => {
  assert.throws(() => compileAvro('"string"', [], []), /it must be a record, got string/)
  assert.throws(() => compileAvro('{', [], []), /JSON/)
})

/** A record with an id, and another field that nobody wants. */
function beside(type: unknown, more: object = {}): string {
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'x', type, ...more },
  ]
  return JSON.stringify({ type: 'record', name: 'Event', fields })
}

function within(ms: number, body: () => void): void {
  const startedAt = performance.now()
  body()
  const took = performance.now() - startedAt
  assert.ok(took < ms, `it took ${Math.round(took)} ms`)
}

test('a value cut short ends where it is cut, though each branch of its unions leads back to the record', () => {
  const union = ['Tree', 'null']
  const fields = [
    { name: 'l', type: union },
    { name: 'r', type: union },
  ]
  const codec = compileAvro(beside({ type: 'record', name: 'Tree', fields }), [], needed(['id']))
  within(100, () => {
    const problem = codec.decode(Buffer.from([2, 0x61]), 0, 2, [undefined])
    assert.match(problem?.detail ?? '', /the value ends too early/)
  })
})

test('records of records that take no bytes are steps without end: bounded', () => {
  let type: object = { type: 'record', name: 'R0', fields: [] }
  for (let depth = 1; depth <= 40; depth += 1) {
    const fields = [
      { name: 'a', type },
      { name: 'b', type: `R${depth - 1}` },
    ]
    type = { type: 'record', name: `R${depth}`, fields }
  }
  const codec = compileAvro(beside(type), [], needed(['id']))
  within(500, () => {
    const problem = codec.decode(Buffer.from([2, 0x61]), 0, 2, [undefined])
    assert.match(problem?.detail ?? '', /at most 100032 fields/)
  })
})

for (const [why, type, more] of [
  ['a long beyond 2^53', 'long', { default: 2 ** 63 }],
  ['one of the second branch of a union', ['null', 'string'], { default: 'x' }],
  ['one of another type', 'string', { default: 0 }],
  [
    'one within an array of records',
    {
      type: 'array',
      items: { type: 'record', name: 'I', fields: [{ name: 'i', type: 'int', default: 'x' }] },
    },
    {},
  ],
] as const) {
  test(`a default is not needed to read, so it refuses nothing: ${why}`, () => {
    const codec = compileAvro(beside(type, more), [], needed(['id']))
    const into: unknown[] = [undefined]
    assert.equal(codec.decode(Buffer.from([2, 0x61, 0]), 0, 3, into), undefined)
    assert.deepEqual(into, ['a'])
  })
}

/** A reference to a record in which a type is defined anew. */
function holding(name: string, inner: object): { name: string; schema: string } {
  const fields = [{ name: 'k', type: inner }]
  return {
    name,
    schema: JSON.stringify({ type: 'record', name, namespace: 'shop', fields }),
  }
}

test('two references may define the same type, each for itself; not two types of one name', () => {
  const fields = ['A', 'B'].map((name) => ({ name: name.toLowerCase(), type: `shop.${name}` }))
  const schema = JSON.stringify({ type: 'record', name: 'Event', fields })
  const kind = { type: 'enum', name: 'Kind', symbols: ['X', 'Y'] }
  const same = { symbols: ['X', 'Y'], type: 'enum', doc: 'the same', name: 'shop.Kind' }
  const codec = compileAvro(
    schema,
    [holding('A', kind), holding('B', same)],
    needed(['a.k', 'b.k']),
  )
  const into: unknown[] = []
  assert.equal(codec.decode(Buffer.from([2, 0]), 0, 2, into), undefined)
  assert.deepEqual(into, ['Y', 'X'])
  const other = { ...kind, symbols: ['Y', 'X'] }
  assert.throws(
    () => compileAvro(schema, [holding('A', kind), holding('B', other)], []),
    /duplicate type name: shop.Kind/,
  )
})
