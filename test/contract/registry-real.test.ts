import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Compatibility } from '@confluentinc/schemaregistry'
import { JsonSchemaPaths } from '../../src/decode/json-schema.ts'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import { fetchSchema } from '../../src/decode/schema-source.ts'
import type { FoundSchema, SchemaClient } from '../../src/decode/schema-source.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { createRegistryClient } from '../../src/runtime/registry-client.ts'
import { registeredSchemas } from '../../src/sink/schema-body.ts'
import type { RegisteredFormat } from '../../src/sink/schema-body.ts'
import { resolveOutputSchemas } from '../../src/sink/schema-registration.ts'
import { schemaCheck } from '../../src/tools/schema-check.ts'
import { FakeClock } from '../fakes/clock.ts'
import { fateOf, inputRecord, wireValue } from '../fixtures/records.ts'
import { ENGAGEMENT_EVENT, ENGAGEMENT_SPEC } from '../fixtures/specs.ts'

// What only a real registry can show; `scripts/test.ts contract` starts one.
const url = process.env['TEST_REGISTRY_URL']
const FORMATS = ['avro', 'protobuf', 'json-schema'] as const
const ENDINGS = { avro: 'avsc', protobuf: 'proto', 'json-schema': 'schema.json' } as const
const ROOT = new URL('../../', import.meta.url)
let runs = 0

if (url !== undefined) {
  const client = createRegistryClient({ baseURLs: [url] })
  const unique = (what: string): string => `${what}-${process.pid}-${Date.now()}-${++runs}`
  const planOf = (format: RegisteredFormat, prefix: string) => ({
    topics: { features: `${prefix}-f`, predictions: `${prefix}-p`, audit: `${prefix}-a` },
    schemas: registeredSchemas(shippedSpec(), format),
    strategy: 'topic-name' as const,
    autoRegister: false,
  })

  for (const format of FORMATS) {
    test(`${format}: the shipped files, once registered, are found without registering`, async () => {
      const plan = planOf(format, unique(format))
      await assert.rejects(resolveOutputSchemas(client, plan), { code: 'SCHEMA_REFUSED' })
      for (const topic of ['features', 'predictions', 'audit'] as const) {
        const path = `schemas/engagement/${topic}.${ENDINGS[format]}`
        const schema = readFileSync(new URL(path, ROOT), 'utf8')
        const { schemaType } = plan.schemas[topic].body
        await client.register(`${plan.topics[topic]}-value`, { schema, schemaType }, true)
      }
      client.clearCaches()
      const ids = await resolveOutputSchemas(client, plan)
      assert.equal(new Set(Object.values(ids)).size, 3)
      client.clearCaches()
      assert.deepEqual(await resolveOutputSchemas(client, { ...plan, autoRegister: true }), ids)
    })

    test(`${format}: a schema that is not compatible is refused at start`, async () => {
      const plan = { ...planOf(format, unique(format)), autoRegister: true }
      const subject = `${plan.topics.features}-value`
      await resolveOutputSchemas(client, plan)
      await client.updateCompatibility(subject, Compatibility.FULL)
      const [first, ...others] = ENGAGEMENT_SPEC.features
      assert.ok(first !== undefined)
      const spec = {
        ...ENGAGEMENT_SPEC,
        event: { ...ENGAGEMENT_SPEC.event, keyName: 'customer' },
        features: [{ ...first, type: 'double' as const }, ...others],
      }
      client.clearCaches()
      await assert.rejects(
        resolveOutputSchemas(client, { ...plan, schemas: registeredSchemas(spec, format) }),
        { code: 'SCHEMA_REFUSED', message: /the registry refuses the schema of .*MLFeature/ },
      )
    })
  }

  test('references are followed in every format', async () => {
    const money = unique('money')
    const avro = JSON.stringify({ type: 'enum', name: 'Kind', symbols: ['A', 'B'] })
    await client.register(`${money}-avro`, { schema: avro, schemaType: 'AVRO' }, false)
    const proto = 'syntax = "proto3"; package money; message Value { double value = 1; }'
    await client.register(`${money}-proto`, { schema: proto, schemaType: 'PROTOBUF' }, false)
    const fields = [
      { name: 'user_id', type: 'string' },
      { name: 'kind', type: 'Kind' },
      { name: 'value', type: 'double' },
    ]
    const avroId = await client.register(
      `${unique('event')}-value`,
      {
        schema: JSON.stringify({ type: 'record', name: 'Event', fields }),
        schemaType: 'AVRO',
        references: [{ name: 'Kind', subject: `${money}-avro`, version: 1 }],
      },
      false,
    )
    const protoId = await client.register(
      `${unique('event')}-value`,
      {
        schema: `syntax = "proto3"; import "money.proto";
          message Event { string user_id = 1; money.Value price = 2; }`,
        schemaType: 'PROTOBUF',
        references: [{ name: 'money.proto', subject: `${money}-proto`, version: 1 }],
      },
      false,
    )
    const json = JSON.stringify({ type: 'object', properties: { value: { type: 'string' } } })
    await client.register(`${money}-json`, { schema: json, schemaType: 'JSON' }, false)
    const jsonId = await client.register(
      `${unique('event')}-value`,
      {
        schema: JSON.stringify({
          type: 'object',
          properties: { user_id: { type: 'string' }, price: { $ref: 'money.json' } },
          additionalProperties: false,
        }),
        schemaType: 'JSON',
        references: [{ name: 'money.json', subject: `${money}-json`, version: 1 }],
      },
      false,
    )
    const two = [0, 0, 0, 0, 0, 0, 0, 0x40]
    const avroValue = wireValue(avroId, Buffer.from([2, 0x75, 2, ...two]))
    const protoBody = [0, 0x0a, 1, 0x75, 0x12, 9, 0x09, ...two]
    const protoValue = wireValue(protoId, Buffer.from(protoBody))
    const fate = async (name: string, value: Buffer): Promise<string> => {
      const mapping = {
        ...ENGAGEMENT_EVENT,
        fields: [{ name, type: 'double', optional: false }] as const,
      }
      const decoder = new RegistryDecoder({ client, mapping, clock: new FakeClock() })
      return (await decoder.decode([inputRecord({ value })])).map(fateOf).join()
    }
    assert.equal(await fate('value', avroValue), 'event')
    assert.equal(await fate('price.value', protoValue), 'event')
    const jsonValue = wireValue(jsonId, Buffer.from('{"user_id":"u","price":{"value":2}}'))
    assert.equal(await fate('price.value', jsonValue), 'event')
    // Without what it refers to, a schema says nothing of what is within.
    const { schema, references } = await fetchedSchema(client, jsonId)
    const paths = new JsonSchemaPaths(schema.schema, references)
    assert.deepEqual([...paths.kindsAt('price.value')], ['string', 'absent'])
  })

  test('each version of a subject is checked against the model', async () => {
    const subject = `${unique('checked')}-value`
    for (const value of ['int', 'double']) {
      const fields = ['user_id', 'action', 'value'].map((name) => ({
        name,
        type: name === 'value' ? value : 'string',
      }))
      const schema = JSON.stringify({ type: 'record', name: 'Event', fields })
      await client.register(subject, { schema, schemaType: 'AVRO' }, false)
    }
    const { output, status } = await schemaCheck(client, {
      spec: shippedSpec(),
      subject,
      json: true,
    })
    const { versions } = JSON.parse(output)
    assert.deepEqual(
      versions.map(({ version }: { version: number }) => version),
      [1, 2],
    )
    assert.equal(status, 0, output)
    await assert.rejects(
      schemaCheck(client, { spec: shippedSpec(), subject: unique('none'), json: true }),
      {
        code: 'CONFIG_INVALID',
      },
    )
  })

  test('an id that was never given is unknown, as the registry itself says', async () => {
    const decoder = new RegistryDecoder({
      client,
      mapping: ENGAGEMENT_EVENT,
      clock: new FakeClock(),
    })
    const value = wireValue(2_000_000_000, Buffer.from([0]))
    const [fate] = (await decoder.decode([inputRecord({ value })])).map(fateOf)
    assert.match(String(fate), /^unknown-schema: the registry does not know schema 2000000000/)
  })
}

async function fetchedSchema(client: SchemaClient, id: number): Promise<FoundSchema> {
  const fetched = await fetchSchema(client, id)
  assert.ok(fetched.kind === 'found', fetched.kind)
  return fetched
}

function shippedSpec() {
  const path = 'models/engagement/model.yaml'
  return parseModelSpec(readFileSync(new URL(path, ROOT), 'utf8'), path)
}
