import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AvroSerializer,
  HeaderSchemaIdSerializer,
  JsonSerializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import type { Client } from '@confluentinc/schemaregistry'
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
    const decoder = new RegistryDecoder({
      client: readerOf(client),
      mapping: ENGAGEMENT_EVENT,
      clock: new FakeClock(),
    })
    const [decoded] = await decoder.decode([inputRecord({ value, headers: [headers] })])
    assert.equal(decoded?.result.kind, 'event')
    assert.deepEqual(decoded.result.event.key, 'u1')
  })
}
