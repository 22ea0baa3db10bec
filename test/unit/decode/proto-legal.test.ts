import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProto as read } from '../../fixtures/protobuf.ts'

test('of entries of a map with one key the last counts, as a whole, also one without a value', () => {
  const schema = `syntax = "proto3";
    import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
    message E { map<string, L> m = 1; message L { string s = 1; string t = 2; }
      map<string, google.protobuf.Timestamp> at = 2; map<string, google.protobuf.Int64Value> n = 3;
      map<string, bytes> raw = 4; map<string, double> d = 5; }`
  const entry = (field: number, ...value: number[]) => [
    field,
    value.length + 3,
    0x0a,
    1,
    0x6b,
    ...value,
  ]
  const full = entry(0x0a, 0x12, 3, 0x0a, 1, 0x61)
  const other = entry(0x0a, 0x12, 3, 0x12, 1, 0x62)
  const wanted = ['m.k.s', 'm.k.t']
  assert.deepEqual(read(schema, wanted, Buffer.from([...full, ...other])), ['', 'b'])
  assert.deepEqual(read(schema, wanted, Buffer.from([...full, ...entry(0x0a)])), ['', ''])
  assert.deepEqual(read(schema, wanted, Buffer.from(full)), ['a', ''])
  const empty = Buffer.from([0x12, 0x1a, 0x22, 0x2a].flatMap((field) => entry(field)))
  assert.deepEqual(read(schema, ['at.k', 'n.k', 'raw.k', 'd.k', 'd.other'], empty), [
    0,
    0,
    {},
    0,
    undefined,
  ])
})

test('defaults beyond 2^53 are exact, in digits or hexadecimal; those of doubles are doubles', () => {
  const schema = `syntax = "proto2"; message E {
    optional int64 a = 1 [default = 9223372036854775807];
    optional int64 b = 2 [deprecated = true, default = -9223372036854775808, json_name = "x"];
    optional uint64 c = 3 [default = 0xFFFFFFFFFFFFFFFF];
    optional sint64 d = 4 [default=-0x10];
    optional double e = 5 [default = 12345678901234567890];
    optional string f = 6 [default = "12345678901234567890"];
    optional int32 g = 7 [default = 0x10];
  }`
  const wanted = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const values = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n, -16, Number('12345678901234567890')]
  const expected = [...values, '12345678901234567890', 16]
  assert.deepEqual(read(schema, wanted, Buffer.alloc(0)), expected)
})

test('a number that a closed enum does not name counts as not set; an open one keeps it', () => {
  const enums = 'enum K { A = 5; B = 2; }'
  const closed = `syntax = "proto2"; message E { optional K k = 1; optional K d = 2 [default = B]; ${enums} }`
  const unnamed = Buffer.from([0x08, 2, 0x08, 9, 0x10, 9])
  assert.deepEqual(read(closed, ['k', 'd'], unnamed), ['B', 'B'])
  assert.deepEqual(read(closed, ['k'], Buffer.from([0x08, 9])), [undefined])
  const open = 'edition = "2023"; message E { K k = 1; enum K { A = 0; } }'
  assert.deepEqual(read(open, ['k'], Buffer.from([0x08, 9])), [9])
  const told = open.replace('A = 0', 'option features.enum_type = CLOSED; A = 0')
  assert.deepEqual(read(told, ['k'], Buffer.from([0x08, 9])), [undefined])
})

const DELIMITED = `edition = "2023";
  import "google/protobuf/timestamp.proto";
  option features.message_encoding = DELIMITED;
  message E {
    I i = 1; google.protobuf.Timestamp at = 2; map<string, I> m = 3; int32 z = 4;
    I length = 5 [features.message_encoding = LENGTH_PREFIXED];
    message I { int32 x = 1; I next = 2; }
  }`

test('messages that an edition delimits by tags are followed, and end with their own', () => {
  const inner = (x: number) => [0x08, x]
  const body = [
    [0x0b, ...inner(5), 0x13, ...inner(7), 0x14, 0x0c],
    [0x13, 0x08, 3, 0x14],
    [0x1a, 7, 0x0a, 1, 0x6b, 0x12, 2, ...inner(9)],
    [0x20, 4],
    [0x2a, 2, ...inner(6)],
  ].flat()
  const wanted = ['i.x', 'i.next.x', 'at', 'm.k.x', 'z', 'length.x']
  assert.deepEqual(read(DELIMITED, wanted, Buffer.from(body)), [5, 7, 3_000, 9, 4, 6])
  const broken = [
    [[0x0b, 0x08, 5], 'the value ends too early'],
    [[0x0b, 0x08, 5, 0x14], 'group 1 must end with its own number, got 2'],
    [[0x0a, 2, 0x08, 5], 'field 1 must have wire type 3, got 2'],
    [Array(100).fill(0x0b), 'nesting must be at most 64 deep'],
  ] as const
  for (const [bytes, problem] of broken) {
    assert.equal(read(DELIMITED, wanted, Buffer.from(bytes)), problem)
  }
})

const LEGAL = [
  [
    'an option of a list of messages',
    `int32 a = 1 [(confluent.field_meta) = {
      doc: "} ; it's", params: [{ key: "scale", value: '3}' }, { key: "x" /* } */ }]
    }, json_name = "sum"];`,
  ],
  [
    'an option of a message with a list of messages',
    'option (meta) = { a: { b: [{ c: 1 }] } }; int32 a = 1;',
  ],
  [
    'an option of a path',
    'int32 a = 1 [(validate.field).cel = { id: "x" expression: "this > 0; {" }];',
  ],
  ['statements of nothing', '; int32 a = 1;; // ;{\n ; enum K { ; Z = 0;; } ;'],
  ['a message with a semicolon behind it', 'message I { int32 x = 1; };; int32 a = 1;'],
] as const

for (const [what, body] of LEGAL) {
  test(`what reading has no use for is passed over in a schema: ${what}`, () => {
    const schema = `;syntax = "proto3";; import "confluent/meta.proto"; message E { ${body} };`
    assert.deepEqual(read(schema, ['a'], Buffer.from([8, 1])), [1])
  })
}
