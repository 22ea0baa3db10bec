import avro from 'avsc'
import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import { createRegistryClient } from '../../src/runtime/registry-client.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeRegistry } from '../fakes/registry.ts'
import { wireValue } from '../fixtures/records.ts'
import { decoderContract } from './decoder-suite.ts'
import type { DecoderWorld } from './decoder-suite.ts'

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'user_id', type: ['null', 'string'] },
    { name: 'action', type: ['null', 'string'] },
    { name: 'value', type: ['null', 'double'] },
  ],
})

decoderContract('plain JSON', async () => ({
  decoder: (mapping) => new JsonDecoder(mapping),
  valueOf: (written) => Buffer.from(JSON.stringify(written)),
  close: async () => undefined,
}))

decoderContract('registry over HTTP', async () => {
  const registry = new FakeRegistry()
  return registryWorld(await registry.open(), () => registry.close())
})

const realUrl = process.env['SCHEMA_REGISTRY_URL']
if (realUrl !== undefined) {
  decoderContract('real registry', () => registryWorld(realUrl, async () => undefined))
}

async function registryWorld(url: string, close: () => Promise<void>): Promise<DecoderWorld> {
  const client = createRegistryClient({ baseURLs: [url] })
  const schemaId = await client.register(
    'millrace-decoder-contract-value',
    { schema: SCHEMA, schemaType: 'AVRO' },
    true,
  )
  const type = avro.Type.forSchema(JSON.parse(SCHEMA), { wrapUnions: 'never' })
  return {
    decoder: (mapping) => new RegistryDecoder({ client, mapping, clock: new FakeClock() }),
    valueOf: (written) => wireValue(schemaId, type.toBuffer(written)),
    close,
  }
}
