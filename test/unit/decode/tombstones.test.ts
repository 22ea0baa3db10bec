import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryDecoder } from '../../../src/decode/registry-codec.ts'
import { createRegistryReader } from '../../../src/runtime/registry-client.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FakeRegistry } from '../../fakes/registry.ts'
import { fateOf, inputRecord } from '../../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

test('a tombstone is skipped when that is asked for, whatever its headers, and asks for no schema', async (t) => {
  const registry = new FakeRegistry()
  const url = await registry.open()
  t.after(() => registry.close())
  const client = createRegistryReader({ baseURLs: [url] })
  const clock = new FakeClock()
  const tombstones = 'skip' as const
  const decoder = new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock, tombstones })
  const headers = [{ __value_schema_id: Buffer.from([0, 0, 0, 0, 9]) }]
  const records = [inputRecord(), inputRecord({ headers }), inputRecord({ value: Buffer.alloc(0) })]
  assert.deepEqual((await decoder.decode(records)).map(fateOf), [
    'skipped',
    'skipped',
    'empty-value: value has no bytes',
  ])
  assert.deepEqual(registry.calls, [])
})
