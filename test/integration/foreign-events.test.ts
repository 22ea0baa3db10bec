import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import type { EventMapping } from '../../src/domain/model-spec.ts'
import { createRegistryReader } from '../../src/runtime/registry-client.ts'
import { FakeClock } from '../fakes/clock.ts'
import { createBed } from '../harness/bed.ts'
import { runPythonClient } from '../harness/foreign.ts'
import { readCommitted } from '../harness/kafka.ts'

const UUID = '00112233-4455-6677-8899-aabbccddeeff'
const LONG_MAX = 2n ** 63n - 1n
const LARGE = { $int: String(LONG_MAX) }
/** 2023-11-14T22:13:20.123456Z */
const AT_MICROS = 1_700_000_000_123_456
const AT_MS = 1_700_000_000_123

const MONEY = {
  type: 'record',
  name: 'Money',
  fields: [
    { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 } },
    { name: 'rate', type: ['null', 'double'] },
  ],
}
const AVRO = {
  type: 'record',
  name: 'Event',
  namespace: 'shop',
  fields: [
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'session', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'payment', type: ['null', MONEY] },
    { name: 'tags', type: { type: 'map', values: ['null', 'Money'] } },
    { name: 'large', type: 'long' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['BUY', 'SELL'] } },
    { name: 'user', type: 'string' },
  ],
}

const PROTOBUF = `syntax = "proto3"; package shop;
  import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
  message Other { string x = 1; }
  message Orders {
    message Line { string sku = 1; }
    message Order {
      string user = 1;
      google.protobuf.Timestamp at = 2;
      google.protobuf.DoubleValue rate = 3;
      google.protobuf.StringValue note = 4;
      oneof payment { string card = 5; Cash cash = 6; }
      int64 large = 7;
      uint64 larger = 8;
      map<string, Cash> tags = 9;
      optional bool flag = 10;
      Kind kind = 11;
      repeated Line lines = 12;
    }
    message Cash { double amount = 1; }
    enum Kind { BUY = 0; SELL = 1; }
  }`

const JSON_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Event',
  type: 'object',
  properties: {
    user: { type: 'string' },
    large: { type: 'integer' },
    payment: { oneOf: [{ type: 'null' }, { $ref: '#/definitions/money' }] },
    tags: { type: 'object', additionalProperties: { $ref: '#/definitions/money' } },
  },
  definitions: { money: { type: 'object', properties: { amount: { type: 'number' } } } },
}

/** What Confluent's Python serializers are given, and what is read of it, by path. */
const CASES = [
  {
    format: 'avro',
    record: 'shop.Event',
    schema: JSON.stringify(AVRO),
    event: {
      at: { $time: AT_MICROS },
      session: { $uuid: UUID },
      payment: { amount: { $decimal: '-1234567890123.4567' }, rate: 0.5 },
      tags: { a: { amount: { $decimal: '2.5000' }, rate: null }, b: null },
      large: LARGE,
      kind: 'SELL',
      user: 'ü😀',
    },
    read: {
      at: AT_MS,
      session: UUID,
      'payment.amount': Number('-1234567890123.4567'),
      'payment.rate': 0.5,
      'tags.a.amount': 2.5,
      'tags.a.rate': null,
      'tags.b.rate': null,
      large: LONG_MAX,
      kind: 'SELL',
      user: 'ü😀',
    },
  },
  {
    format: 'protobuf',
    record: 'shop.Orders.Order',
    schema: PROTOBUF,
    event: {
      user: 'ü😀',
      at: { seconds: AT_MS / 1000 - 0.123, nanos: 123_456_789 },
      rate: { value: 0 },
      cash: { amount: 2.5 },
      large: LARGE,
      larger: { $int: String(2n ** 64n - 1n) },
      tags: { a: { amount: 7 } },
      flag: false,
      kind: 1,
      lines: [{ sku: 'x' }],
    },
    read: {
      user: 'ü😀',
      at: AT_MS,
      rate: 0,
      note: undefined,
      card: undefined,
      'cash.amount': 2.5,
      large: LONG_MAX,
      larger: 2n ** 64n - 1n,
      'tags.a.amount': 7,
      'tags.b.amount': undefined,
      flag: false,
      kind: 'SELL',
    },
  },
  {
    format: 'json-schema',
    record: 'Event',
    schema: JSON.stringify(JSON_SCHEMA),
    event: { user: 'ü😀', large: LARGE, payment: null, tags: { a: { amount: 1e-7 } } },
    read: {
      user: 'ü😀',
      large: LONG_MAX,
      'payment.amount': null,
      'tags.a.amount': 1e-7,
      'tags.b.amount': undefined,
    },
  },
] as const

test("rich events that Confluent's Python serializers write are read, each value as it was given", async () => {
  const { brokers, registryUrl, topics } = await createBed()
  const topic = topics.input
  const write = CASES.map(({ format, record, schema, event }) => {
    return { topic, format, record, schema, events: [event] }
  })
  await runPythonClient({ brokers, registry: registryUrl, write, read: [] })
  const written = await readCommitted(brokers, topic, 1)
  assert.equal(written.length, CASES.length)
  const client = createRegistryReader({ baseURLs: [registryUrl] })
  for (const [index, { read }] of CASES.entries()) {
    const record = written[index]
    assert.ok(record !== undefined)
    const mapping = mappingOf(Object.keys(read))
    const decoder = new RegistryDecoder({ client, mapping, clock: new FakeClock() })
    const raw = await decoder.rawFields(record)
    const found = new Map(raw.map(({ name, value }) => [name, value]))
    const paths = Object.keys(read).map((path) => [path, found.get(path)])
    assert.deepEqual(Object.fromEntries(paths), read)
  }
})

function mappingOf(names: readonly string[]): EventMapping {
  return {
    key: { from: 'record-key' },
    keyName: 'key',
    time: { from: 'record-timestamp' },
    id: { from: 'coordinates' },
    fields: names.map((name) => ({ name, type: 'string', optional: true })),
  }
}
