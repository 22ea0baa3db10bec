import avro from 'avsc'
import protobuf from 'protobufjs'
import type { EventMapping } from '../../src/domain/model-spec.ts'
import type { Random } from '../../test/simulation/random.ts'

/** A schema, its id, and how a valid body of it is made from an event. */
export interface FuzzFormat {
  readonly name: string
  /** What is done harm to. */
  readonly family: 'avro' | 'protobuf' | 'json'
  /** −1: plain JSON, without a registry. */
  readonly id: number
  readonly schemaType: string
  readonly schema: string
  /** What a body begins with, after the id. */
  readonly prefix: readonly number[]
  encode(event: FuzzEvent): Uint8Array
}

/** What a valid record says; the rest of it is made up by the format. */
export interface FuzzEvent {
  readonly user: string
  readonly at: number
  readonly amount: number | null
  readonly kind: 'BUY' | 'SELL'
  readonly size: number
  readonly tags: Readonly<Record<string, number>>
  readonly lines: readonly { readonly sku: string; readonly on: boolean }[]
}

/** The event that all formats are read as. */
export const FUZZ_MAPPING: EventMapping = {
  key: { from: 'field', field: 'user' },
  keyName: 'user',
  time: { from: 'field', field: 'at', unit: 'ms' },
  id: { from: 'coordinates' },
  fields: [
    { name: 'payload.amount', type: 'double', optional: true },
    { name: 'payload.kind', type: 'string', optional: false },
    { name: 'payload.tags.a', type: 'double', optional: true },
    { name: 'size', type: 'long', optional: false },
    { name: 'flag', type: 'boolean', optional: true },
  ],
}

/** @param orNull a union of a type and null, in the order that is tried */
function avroSchema(orNull: (type: unknown) => readonly unknown[]): string {
  const kind = { type: 'enum', name: 'Kind', symbols: ['BUY', 'SELL'] }
  const payload = {
    type: 'record',
    name: 'Payload',
    fields: [
      { name: 'amount', type: orNull('double') },
      { name: 'kind', type: kind },
      { name: 'tags', type: { type: 'map', values: 'double' } },
      { name: 'next', type: orNull('Payload') },
    ],
  }
  const line = {
    type: 'record',
    name: 'Line',
    fields: [
      { name: 'sku', type: 'string' },
      { name: 'on', type: 'boolean' },
    ],
  }
  const fields = [
    { name: 'nothing', type: { type: 'array', items: 'null' } },
    { name: 'payload', type: orNull(payload) },
    { name: 'lines', type: { type: 'array', items: line } },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'user', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'size', type: ['int', 'long'] },
  ]
  return JSON.stringify({ type: 'record', name: 'Event', fields })
}

const PROTO = `syntax = "proto3";
import "google/protobuf/timestamp.proto";
message Other { string user = 1; }
message Event {
  message Line { string sku = 1; bool on = 2; }
  message Payload {
    optional double amount = 1;
    Kind kind = 2;
    map<string, double> tags = 3;
    Payload next = 4;
  }
  enum Kind { BUY = 0; SELL = 1; }
  string user = 1;
  google.protobuf.Timestamp at = 2;
  Payload payload = 3;
  repeated Line lines = 4;
  sint64 size = 17;
  oneof maybe { bool flag = 18; bytes blob = 19; }
}`

/** Groups, presence, declared defaults, a closed enum. */
const PROTO2 = `syntax = "proto2";
message Event {
  required string user = 1;
  required int64 at = 2;
  optional group Before = 3 { optional int32 x = 1; optional Payload payload = 4; }
  message Payload {
    optional double amount = 1;
    optional Kind kind = 2 [default = SELL];
    map<string, double> tags = 3;
    repeated group Next = 4 { optional Payload payload = 1; }
  }
  enum Kind { BUY = 3; SELL = 1; }
  optional Payload payload = 5;
  optional sint64 size = 6 [default = 9223372036854775807];
  optional bool flag = 7;
}`

/** The formats that a run mixes; what a schema of JSON allows is not enforced, so one is enough. */
export function fuzzFormats(): readonly FuzzFormat[] {
  return [
    avroFormat(
      'avro',
      1,
      avroSchema((type) => ['null', type]),
    ),
    // What cannot be read is branch 0, which must not lead back to the record.
    avroFormat(
      'avro-record-first',
      2,
      avroSchema((type) => [type, 'null']),
    ),
    protoFormat(),
    proto2Format(),
    jsonFormat('json-schema', 5),
    jsonFormat('json', -1),
  ]
}

function avroFormat(name: string, id: number, schema: string): FuzzFormat {
  const type = avro.Type.forSchema(JSON.parse(schema), { wrapUnions: 'always' })
  return {
    name,
    family: 'avro',
    id,
    schemaType: 'AVRO',
    schema,
    prefix: [],
    encode: ({ user, at, amount, kind, size, tags, lines }) =>
      type.toBuffer({
        nothing: [null, null],
        payload: {
          Payload: {
            amount: amount === null ? null : { double: amount },
            kind,
            tags,
            next: { Payload: { amount: null, kind: 'BUY', tags: {}, next: null } },
          },
        },
        lines,
        price: Buffer.from([1, 2]),
        user,
        at,
        size: { long: size },
      }),
  }
}

function protoFormat(): FuzzFormat {
  const message = messageOf(PROTO)
  return {
    name: 'protobuf',
    family: 'protobuf',
    id: 3,
    schemaType: 'PROTOBUF',
    schema: PROTO,
    prefix: [2, 2],
    encode: ({ user, at, amount, kind, size, tags, lines }) =>
      encoded(message, {
        user,
        at: { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 },
        payload: { ...(amount !== null && { amount }), kind, tags, next: { kind: 'BUY' } },
        lines,
        size,
        blob: Buffer.from('blob'),
      }),
  }
}

function proto2Format(): FuzzFormat {
  const message = messageOf(PROTO2)
  return {
    name: 'protobuf-2',
    family: 'protobuf',
    id: 4,
    schemaType: 'PROTOBUF',
    schema: PROTO2,
    prefix: [0],
    encode: ({ user, at, amount, kind, size, tags }) =>
      encoded(message, {
        user,
        at,
        before: { x: 1 },
        payload: { ...(amount !== null && { amount }), kind, tags, next: [{}, {}] },
        size,
      }),
  }
}

function messageOf(schema: string): protobuf.Type {
  const root = new protobuf.Root()
  root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {})
  return protobuf.parse(schema, root, { keepCase: true }).root.lookupType('Event')
}

function encoded(message: protobuf.Type, given: object): Uint8Array {
  return message.encode(message.fromObject(given)).finish()
}

function jsonFormat(name: string, id: number): FuzzFormat {
  return {
    name,
    family: 'json',
    id,
    schemaType: 'JSON',
    schema: 'true',
    prefix: [],
    encode: ({ amount, kind, tags, ...event }) =>
      Buffer.from(JSON.stringify({ ...event, payload: { amount, kind, tags } })),
  }
}

/** A valid event. */
export function randomEvent(random: Random): FuzzEvent {
  const texts = ['u1', 'ü', 'a'.repeat(200), '__proto__', '😀', 'user-12345']
  return {
    user: random.pick(texts) ?? 'u',
    at: random.whole(0, 4_000_000_000) * 1000 + random.whole(0, 999),
    amount: random.chance(0.2) ? null : random.next() * 10 ** random.whole(-5, 15),
    kind: random.chance(0.5) ? 'BUY' : 'SELL',
    size: random.whole(-5, 5) * 10 ** random.whole(0, 14),
    tags: random.chance(0.5) ? { a: random.next(), b: 1 } : {},
    lines: Array.from({ length: random.whole(0, 4) }, () => ({ sku: 'x', on: random.chance(0.5) })),
  }
}
