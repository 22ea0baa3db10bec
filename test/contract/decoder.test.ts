import avro from 'avsc'
import protobuf from 'protobufjs'
import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import { createRegistryClient } from '../../src/runtime/registry-client.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeRegistry } from '../fakes/registry.ts'
import { wireValue } from '../fixtures/records.ts'
import { decoderContract } from './decoder-suite.ts'
import type { DecoderWorld, Written } from './decoder-suite.ts'

interface Format {
  readonly name: string
  readonly schema: string
  readonly schemaType: string
  encode(written: Written): Buffer
}

const AVRO = {
  type: 'record' as const,
  name: 'Event',
  fields: [
    { name: 'user_id', type: ['null', 'string'] },
    { name: 'action', type: ['null', 'string'] },
    { name: 'value', type: ['null', 'double'] },
  ],
}
const PROTO = `syntax = "proto3";
  message Event { optional string user_id = 1; optional string action = 2; optional double value = 3; }`
const JSON_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Event',
  type: 'object',
  properties: {
    user_id: { type: ['string', 'null'] },
    action: { type: ['string', 'null'] },
    value: { type: ['number', 'null'] },
  },
}

const avroType = avro.Type.forSchema(AVRO, { wrapUnions: 'never' })
const message = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Event')

const FORMATS: readonly Format[] = [
  {
    name: 'Avro',
    schema: JSON.stringify(AVRO),
    schemaType: 'AVRO',
    encode: (written) => avroType.toBuffer(written),
  },
  {
    name: 'Protobuf',
    schema: PROTO,
    schemaType: 'PROTOBUF',
    encode: (written) => {
      const set = Object.entries(written).filter(([, value]) => value !== null)
      const body = message.encode(message.fromObject(Object.fromEntries(set))).finish()
      return Buffer.concat([Buffer.from([0]), body])
    },
  },
  {
    name: 'JSON Schema',
    schema: JSON.stringify(JSON_SCHEMA),
    schemaType: 'JSON',
    encode: (written) => Buffer.from(JSON.stringify(written)),
  },
]

decoderContract('plain JSON', async () => ({
  decoder: (mapping) => new JsonDecoder(mapping),
  valueOf: (written) => Buffer.from(JSON.stringify(written)),
  absent: 'null',
  close: async () => undefined,
}))

const realUrl = process.env['TEST_REGISTRY_URL']

for (const format of FORMATS) {
  decoderContract(`${format.name}, registry over HTTP`, async () => {
    const registry = new FakeRegistry()
    return registryWorld(format, await registry.open(), () => registry.close())
  })
  if (realUrl !== undefined) {
    decoderContract(`${format.name}, real registry`, () =>
      registryWorld(format, realUrl, async () => undefined),
    )
  }
}

async function registryWorld(
  { name, schema, schemaType, encode }: Format,
  url: string,
  close: () => Promise<void>,
): Promise<DecoderWorld> {
  const client = createRegistryClient({ baseURLs: [url] })
  const subject = `millrace-decoder-contract-${schemaType}-value`
  const schemaId = await client.register(subject, { schema, schemaType }, true)
  return {
    decoder: (mapping) => new RegistryDecoder({ client, mapping, clock: new FakeClock() }),
    valueOf: (written) => wireValue(schemaId, encode(written)),
    absent: name === 'Protobuf' ? 'absent' : 'null',
    close,
  }
}
