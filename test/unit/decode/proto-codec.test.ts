import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { compileProto } from '../../../src/decode/proto-codec.ts'
import { encodeProto as encode, readProto as read } from '../../fixtures/protobuf.ts'
import { needed } from '../../fixtures/records.ts'

const SCALARS = {
  double: fc.double(),
  float: fc.float(),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint32: fc.nat(0xffffffff),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  sint32: fc.integer(),
  sint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fixed32: fc.nat(0xffffffff),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  sfixed32: fc.integer(),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.boolean(),
  string: fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
}
const NAMES = Object.keys(SCALARS)

/** Every scalar twice: without and with presence; unwanted fields of every wire type between. */
const EVERYTHING = `
  syntax = "proto3";
  package shop;
  message Everything {
    ${NAMES.map((type, index) => `${type} a_${type} = ${index + 1};`).join('\n')}
    ${NAMES.map((type, index) => `optional ${type} b_${type} = ${index + 5000};`).join('\n')}
    repeated int32 packed = 100; bytes blob = 101; map<string, Everything> map = 102;
  }`

function exact(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

test('every scalar reads as protobufjs wrote it, in any choice of fields', () => {
  const wanted = NAMES.flatMap((type) => [`a_${type}`, `b_${type}`])
  const given = fc.record(
    Object.fromEntries(
      NAMES.flatMap((type) => {
        const arbitrary: fc.Arbitrary<unknown> = Object(SCALARS)[type]
        return [
          [`a_${type}`, arbitrary],
          [`b_${type}`, fc.option(arbitrary, { nil: undefined })],
        ]
      }),
    ),
  )
  fc.assert(
    fc.property(given, fc.shuffledSubarray(wanted), (fields, chosen) => {
      const texts = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? String(value) : value,
      ])
      const others = { packed: [1, -1], blob: Buffer.from('x'), map: { k: { a_int32: 5 } } }
      const body = encode(EVERYTHING, 'shop.Everything', {
        ...Object.fromEntries(texts),
        ...others,
      })
      const expected = chosen.map((name) => exact(fields[name]))
      assert.deepEqual(read(EVERYTHING, chosen, body), expected)
    }),
  )
})

test('no bytes make the reader throw or read beyond the end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.shuffledSubarray(NAMES), (bytes, chosen) => {
      const wanted = [...chosen.map((type) => `a_${type}`), 'map.k.a_int32']
      const got = read(EVERYTHING, wanted, bytes, { indexes: [] })
      assert.ok(typeof got === 'string' || got.length === wanted.length)
    }),
  )
})

test('what is not set is its default where the schema cannot tell, otherwise absent', () => {
  const wanted = ['a_double', 'a_bool', 'a_string', 'b_double', 'b_string']
  assert.deepEqual(read(EVERYTHING, wanted, Buffer.alloc(0)), [0, false, '', undefined, undefined])
})

const ORDER = `
  syntax = "proto3";
  package shop;
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  import "shop/money.proto";
  import "google/type/unknown.proto";
  message Order {
    message Line { string sku = 1; message Deep { int32 x = 1; } }
    enum State { NEW = 0; PAID = 2; }
    shop.Money price = 1;
    google.protobuf.Timestamp at = 2;
    google.protobuf.DoubleValue weight = 3;
    google.protobuf.StringValue note = 4;
    State state = 5;
    map<string, double> rates = 6;
    map<int64, Line> lines = 7;
    oneof payment { string card = 8; Cash cash = 9; int64 voucher = 10; }
    google.type.Unknown unknown = 11;
    double total = 12 [json_name = "sum"];
    repeated double list = 13;
    bytes blob = 14;
  }
  message Cash { double given = 1; Order order = 2; }
  message Other { double total = 1; }`
const MONEY =
  'syntax = "proto3"; package shop; message Money { double amount = 1; string currency = 2; }'
const IMPORTS = { 'shop/money.proto': MONEY }
const withImports = { imports: IMPORTS }
const ENCODABLE = ORDER.replace('google.type.Unknown unknown = 11;', '').replace(
  'message Cash',
  'message Money { double amount = 1; string currency = 2; } message Cash',
)

function order(given: object): Buffer {
  const root = new protobuf.Root()
  for (const name of ['timestamp', 'wrappers']) {
    root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {})
  }
  const { root: parsed } = protobuf.parse(ENCODABLE, root, { keepCase: true })
  const type = parsed.lookupType('shop.Order')
  return Buffer.from(type.encode(type.fromObject(given)).finish())
}

test('a path leads through messages, imported ones, maps and members of a oneof', () => {
  const body = order({
    price: { amount: 2.5, currency: 'EUR' },
    rates: { eur: 1, usd: 1.25 },
    lines: { 5: { sku: 'a' }, 7: { sku: 'b' } },
    cash: { given: 10, order: { total: 3 } },
    total: 12,
    list: [1, 2],
    blob: Buffer.from('x'),
  })
  const wanted = [
    'price.amount',
    'rates.usd',
    'lines.7.sku',
    'cash.order.total',
    'sum',
    'rates.gbp',
    'list',
    'blob',
    'price',
  ]
  const expected = [2.5, 1.25, 'b', 3, 12, undefined, {}, {}, {}]
  assert.deepEqual(read(ORDER, wanted, body, withImports), expected)
})

test('timestamps are ms, wrappers what they wrap, enums names', () => {
  const wanted = ['at', 'weight', 'note', 'state', 'at.seconds', 'weight.value']
  const body = order({
    at: { seconds: 1_700_000_000, nanos: 123_999_999 },
    weight: { value: 0 },
    state: 'PAID',
  })
  const expected = [undefined, undefined, undefined, 'PAID', 1_700_000_000, 0]
  assert.deepEqual(read(ORDER, wanted, body, withImports), [{}, {}, ...expected.slice(2)])
  assert.deepEqual(read(ORDER, wanted.slice(0, 4), body, withImports), [
    1_700_000_000_123,
    0,
    undefined,
    'PAID',
  ])
  assert.deepEqual(read(ORDER, ['state'], Buffer.from([0x28, 0x07]), withImports), [7])
  assert.deepEqual(read(ORDER, ['state', 'at'], Buffer.alloc(0), withImports), ['NEW', undefined])
})

test('a message that comes twice is merged, and a member of a oneof takes the place of another', () => {
  const price = (given: object) => order({ price: given })
  const twice = Buffer.concat([price({ amount: 2 }), price({ currency: 'EUR' })])
  assert.deepEqual(read(ORDER, ['price.amount', 'price.currency'], twice, withImports), [2, 'EUR'])
  const paid = Buffer.concat([order({ card: 'x' }), order({ voucher: 3 })])
  assert.deepEqual(read(ORDER, ['card', 'voucher'], paid, withImports), [undefined, 3])
  const cash = Buffer.concat([order({ cash: { given: 1 } }), order({ card: 'x' })])
  assert.deepEqual(read(ORDER, ['cash.given'], cash, withImports), [undefined])
})

test('proto2: presence, declared defaults, groups passed over', () => {
  const schema = `syntax = "proto2";
    message Two {
      optional int32 plain = 1;
      optional double rate = 2 [default = 1.5];
      optional string text = 3 [default = "none"];
      optional Kind kind = 4 [default = B];
      repeated group Row = 5 { optional int32 x = 6; }
      required bool on = 7;
      enum Kind { A = 0; B = 1; }
      message Inner { optional int32 y = 1; }
    }`
  const group = [0x2b, 0x30, 0x01, 0x2c]
  const wanted = ['plain', 'rate', 'text', 'kind', 'on']
  const body = Buffer.from([...group, 0x38, 0x01, ...group])
  assert.deepEqual(read(schema, wanted, body), [undefined, 1.5, 'none', 'B', true])
  assert.deepEqual(read(schema, ['y'], Buffer.from([0x08, 5]), { indexes: [4, 0, 0] }), [5])
})

const INDEXES = [
  [[0], [0]],
  [[2, 0], [0]],
  [[2, 4], [0]],
  [[4, 0, 0], [undefined]],
  [[6, 0, 0, 0], [undefined]],
  [[1], 'message indexes must be from 1 to 32, got -1'],
  [[66], 'message indexes must be from 1 to 32, got 33'],
  [
    [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    'message indexes must be from 1 to 32, got 9223372036854775807',
  ],
  [[2, 6], 'message index must be from 0 to 2, got 3'],
  [[2, 1], 'message index must be from 0 to 2, got -1'],
  [[4, 2, 0], 'message index must be from 0 to -1, got 0'],
  [[2], 'the value ends too early'],
  [[], 'the value ends too early'],
] as const

for (const [indexes, expected] of INDEXES) {
  test(`message indexes [${indexes.join(' ')}] of an empty message: ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(read(ORDER, ['total'], Buffer.alloc(0), { ...withImports, indexes }), expected)
  })
}

test('message indexes that break off do not take a number of the value before', () => {
  const codec = compileProto(ORDER, [{ name: 'm', schema: MONEY }], needed(['given']))
  // Its last number is 0, which would be the short form of the first message.
  const sound = Buffer.from([2, 2, 0x28, 0])
  const broken = Buffer.from([0x87])
  const problems = [sound, broken, sound, broken].map((bytes) => {
    return codec.decode(bytes, 0, bytes.length, [])?.detail
  })
  const early = 'the value ends too early'
  assert.deepEqual(problems, [undefined, early, undefined, early])
})

test('a required field is looked for in the message that the indexes name', () => {
  const required = { ...withImports, isRequired: true }
  const body = Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0x40])
  assert.deepEqual(read(ORDER, ['total'], body, { ...required, indexes: [2, 4] }), [2])
  assert.equal(
    read(ORDER, ['total'], body, { ...required, indexes: [2, 2] }),
    'must have the field "total" in message Cash',
  )
})

const DAMAGED = [
  [[0x00], 'field number must be at least 1, got 0'],
  [[0x80, 0x00], 'field number must be from 1 to 536870911, got 0'],
  [[0xff, 0xff, 0xff, 0xff, 0x7f], 'field number must be from 1 to 536870911, got 4294967295'],
  [[0x61, 1, 2], 'the value ends too early'],
  [[0x60, 1], 'field 12 must have wire type 1, got 0'],
  [[0x0a, 5, 1], 'length must be from 0 to the 1 bytes left, got 5'],
  [
    [0x0a, ...Array(9).fill(0xff), 1],
    'length must be from 0 to the 0 bytes left, got 18446744073709552000',
  ],
  [[0x78, ...Array(10).fill(0xff), 1], 'number must take at most 10 bytes'],
  [[0x7e], 'wire type must be from 0 to 5, got 6'],
  [[0x7c], 'a group ends that did not begin'],
  [[0x7b, 0x08, 1], 'the value ends too early'],
  [[0x7b, 0x84, 0x01], 'group 15 must end with its own number, got 16'],
  [Array(100).fill(0x7b), 'nesting must be at most 64 deep'],
  [[0x22, 3, 0x0a, 1, 0xff], 'string must be UTF-8'],
  [
    [0x12, 6, 0x10, 0x80, 0x94, 0xeb, 0xdc, 3],
    'nanos of a timestamp must be from 0 to 999999999, got 1000000000',
  ],
  [
    [0x12, 10, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    'timestamp must be from -62135596800 to 253402300799 s, got 9223372036854776000',
  ],
] as const

for (const [bytes, problem] of DAMAGED) {
  test(`[${bytes.join(' ')}] is refused: ${problem}`, () => {
    const wanted = ['price.amount', 'at', 'note', 'total']
    assert.equal(read(ORDER, wanted, Buffer.from(bytes), withImports), problem)
  })
}

test('messages nested without end are refused', () => {
  let body = Buffer.alloc(0)
  for (let depth = 0; depth < 70; depth += 1) {
    const field = depth % 2 === 0 ? 0x12 : 0x4a
    const length =
      body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7]
    body = Buffer.concat([Buffer.from([field, ...length]), body])
  }
  const path = `${'cash.order.'.repeat(33)}total`
  assert.equal(read(ORDER, [path], body, withImports), 'nesting must be at most 64 deep')
})

test('a type that is not known matters only where a path meets it', () => {
  assert.deepEqual(read(ORDER, ['total'], Buffer.alloc(0), withImports), [0])
  assert.throws(
    () => read(ORDER, ['unknown.x'], Buffer.alloc(0), withImports),
    /google.type.Unknown/,
  )
  assert.throws(() => read(ORDER, ['price.amount'], Buffer.alloc(0)), /shop.Money/)
})

test('a schema that breaks off within an option is refused, soon', () => {
  const schema = `message E { int32 a = 1 [(m) = ${'{ a: '.repeat(100_000)}`
  assert.throws(() => compileProto(schema, [], []))
})

test('what is no Protobuf schema of a message is refused', () => {
  assert.throws(
    () => compileProto('syntax = "proto3"; enum E { A = 0; }', [], []),
    /declare a message/,
  )
  assert.throws(() => compileProto('{"type":"record"}', [], []), /illegal token/)
})
