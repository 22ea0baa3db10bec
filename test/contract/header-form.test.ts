import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AvroSerializer,
  HeaderSchemaIdSerializer,
  JsonSerializer,
  ProtobufSerializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import type { Client } from '@confluentinc/schemaregistry'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import type { SchemaClient } from '../../src/decode/schema-source.ts'
import { FakeClock } from '../fakes/clock.ts'
import { inputRecord } from '../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../fixtures/specs.ts'

const TOPIC = 'events'
const EVENT = { user_id: 'u1', action: 'view', value: 2.5 }
const FIELDS = { user_id: 'string', action: 'string', value: 'double' }
/** GUIDs, which the registry of the tests has none of; a registry of Confluent's own, within the process. */
const MOCK = { baseURLs: ['mock://'] }

const AVRO = {
  type: 'record',
  name: 'Clicked',
  fields: Object.entries(FIELDS).map(([name, type]) => ({ name, type })),
}
const JSON_SCHEMA = {
  type: 'object',
  properties: { user_id: { type: 'string' }, value: { type: 'number' } },
}
const WRITING = { useLatestVersion: true, schemaIdSerializer: HeaderSchemaIdSerializer }

/** The client as the decoder knows it. */
function readerOf(client: Client): SchemaClient {
  return {
    getBySubjectAndId: (subject, id) => client.getBySubjectAndId(subject, id),
    getByGuid: (guid) => client.getByGuid(guid),
    getSchemaMetadata: (...asked) => client.getSchemaMetadata(...asked),
    getVersion: (...asked) => client.getVersion(...asked, false),
    clearCaches: () => client.clearCaches(),
  }
}

for (const [schemaType, schema, Serializer] of [
  ['AVRO', AVRO, AvroSerializer],
  ['JSON', JSON_SCHEMA, JsonSerializer],
] as const) {
  test(`${schemaType} that Confluent's serializer wrote with its GUID in a header is read`, async () => {
    const client = SchemaRegistryClient.newClient(MOCK)
    await client.register(`${TOPIC}-value`, { schemaType, schema: JSON.stringify(schema) }, false)
    const headers: Record<string, Buffer> = {}
    const serializer = new Serializer(client, SerdeType.VALUE, WRITING)
    const value = await serializer.serialize(TOPIC, EVENT, headers)
    assert.deepEqual(Object.keys(headers), ['__value_schema_id'])
    await assertRead(client, value, headers)
  })
}

test("PROTOBUF that Confluent's serializer wrote with GUID and message indexes in a header is read", async () => {
  const client = SchemaRegistryClient.newClient(MOCK)
  const info = { schemaType: 'PROTOBUF', schema: protobufSchema() }
  await client.register(`${TOPIC}-value`, info, false)
  const serializer = new ProtobufSerializer(client, SerdeType.VALUE, WRITING)
  for (const message of (await serializer.toFileDesc(client, info)).messages) {
    serializer.registry.add(message)
  }
  const headers: Record<string, Buffer> = {}
  const { user_id: userId, ...event } = EVENT
  const message = { $typeName: 'Event', userId, ...event }
  const value = await serializer.serialize(TOPIC, message, headers)
  // A GUID, one index, and that is 1: the second message.
  assert.deepEqual([...(headers['__value_schema_id'] ?? [])].slice(17), [2, 2])
  await assertRead(client, value, headers)
})

/** A file descriptor in base64, as this serializer registers schemas: the event is its second message. */
function protobufSchema(): string {
  const [optional, double, string] = [1, 1, 9]
  const field = (name: string, index: number) => ({
    name,
    number: index + 1,
    label: optional,
    type: name === 'value' ? double : string,
  })
  const file = {
    name: 'event.proto',
    syntax: 'proto3',
    messageType: [
      { name: 'Other', field: [field('other', 0)] },
      { name: 'Event', field: Object.keys(FIELDS).map(field) },
    ],
  }
  const bytes = descriptor.FileDescriptorProto.encode(file).finish()
  return Buffer.from(bytes).toString('base64')
}

async function assertRead(
  client: Client,
  value: Buffer,
  headers: Record<string, Buffer>,
): Promise<void> {
  const decoder = new RegistryDecoder({
    client: readerOf(client),
    mapping: ENGAGEMENT_EVENT,
    clock: new FakeClock(),
  })
  const [decoded] = await decoder.decode([inputRecord({ value, headers: [headers] })])
  assert.ok(decoded?.result.kind === 'event')
  const { key, values } = decoded.result.event
  assert.deepEqual([key, ...values], ['u1', 'view', 2.5])
}
