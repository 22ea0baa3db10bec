import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { RegistryDecoder } from '../../../src/decode/registry-codec.ts'
import { createRegistryReader } from '../../../src/runtime/registry-client.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { serve } from '../../fakes/http-server.ts'
import { FakeRegistry } from '../../fakes/registry.ts'
import { inputRecord, wireValue } from '../../fixtures/records.ts'
import { AVRO_BODY, AVRO_EVENT } from '../../fixtures/registry-events.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

/** A registry that takes its time, and knows schema 1. */
async function slowRegistry(t: TestContext) {
  const calls = new Map<string, number>()
  let [asked, peak] = [0, 0]
  const url = await serve(t, (request, response) => {
    const path = String(request.url)
    calls.set(path, (calls.get(path) ?? 0) + 1)
    asked += 1
    peak = Math.max(peak, asked)
    setTimeout(() => {
      asked -= 1
      const isKnown = path.startsWith('/schemas/ids/1?')
      response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' })
      response.end(
        isKnown ? JSON.stringify({ schema: AVRO_EVENT }) : '{"error_code":40403,"message":"none"}',
      )
    }, 2)
  })
  const client = createRegistryReader({ baseURLs: [url] })
  return { client, calls, peak: () => peak }
}

test('ids that somebody makes up are asked for some at a time, each once however many batches wait, and drive out no schema', async (t) => {
  const { client, calls, peak } = await slowRegistry(t)
  const decoder = new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock: new FakeClock() })
  const sound = inputRecord({ value: wireValue(1, AVRO_BODY) })
  await decoder.decode([sound])
  const madeUp = Array.from({ length: 1_100 }, (_, index) =>
    inputRecord({ value: wireValue(1_000 + index, AVRO_BODY) }),
  )
  const batches = await Promise.all(
    [madeUp, madeUp.slice(0, 300)].map((each) => decoder.decode(each)),
  )
  for (const { result } of batches.flat()) {
    assert.equal(result.kind === 'dead-letter' && result.reason, 'unknown-schema')
  }
  assert.equal(peak(), 8)
  await decoder.decode([...madeUp, sound])
  assert.deepEqual(
    [...calls.values()].filter((count) => count > 1),
    [],
  )
  assert.equal(calls.size, 1_101)
})

test('after a schema that cannot be fetched no more of a batch are asked for', async (t) => {
  const registry = new FakeRegistry()
  const url = await registry.open()
  t.after(() => registry.close())
  const client = createRegistryReader({ baseURLs: [url] })
  const decoder = new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock: new FakeClock() })
  registry.failWith = { status: 401, body: '{"error_code":401,"message":"who?"}' }
  const many = Array.from({ length: 100 }, (_, index) =>
    inputRecord({ value: wireValue(1_000 + index, AVRO_BODY) }),
  )
  await assert.rejects(decoder.decode(many), { code: 'REGISTRY_UNAVAILABLE' })
  assert.ok(registry.calls.length <= 8, String(registry.calls.length))
})
