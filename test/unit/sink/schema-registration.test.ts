import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { RegistryCache } from '../../../src/runtime/registry-cache.ts'
import { createRegistryClient } from '../../../src/runtime/registry-client.ts'
import type { RegistryOptions } from '../../../src/runtime/registry-client.ts'
import { registeredSchemas } from '../../../src/sink/schema-body.ts'
import { resolveOutputSchemas, subjectOf } from '../../../src/sink/schema-registration.ts'
import { FakeRegistry } from '../../fakes/registry.ts'
import { ENGAGEMENT_SPEC } from '../../fixtures/specs.ts'

const SCHEMAS = registeredSchemas(ENGAGEMENT_SPEC, 'avro')
const PLAN = {
  topics: { features: 'ml-features', predictions: 'ml-predictions', audit: 'ml-audit-log' },
  schemas: SCHEMAS,
  strategy: 'topic-name',
  autoRegister: true,
} as const

async function open(t: TestContext, options: Omit<RegistryOptions, 'baseURLs'> = {}) {
  const registry = new FakeRegistry()
  const url = await registry.open()
  t.after(() => registry.close())
  return { registry, client: createRegistryClient({ baseURLs: [url], ...options }) }
}

test('schemas are registered under their subjects, and found again without registering', async (t) => {
  const { registry, client } = await open(t)
  const ids = await resolveOutputSchemas(client, PLAN)
  assert.deepEqual(ids, { features: 1, predictions: 2, audit: 3 })
  assert.deepEqual(registry.calls, [
    'POST /subjects/ml-features-value/versions',
    'POST /subjects/ml-predictions-value/versions',
    'POST /subjects/ml-audit-log-value/versions',
  ])
  client.clearCaches()
  assert.deepEqual(await resolveOutputSchemas(client, { ...PLAN, autoRegister: false }), ids)
  assert.equal(registry.calls.at(-1), 'POST /subjects/ml-audit-log-value')
})

test('a schema that is not there and may not be registered is refused, saying what to do', async (t) => {
  const { registry, client } = await open(t)
  await assert.rejects(resolveOutputSchemas(client, { ...PLAN, autoRegister: false }), {
    code: 'SCHEMA_REFUSED',
    message:
      'subject "ml-features-value" does not hold the schema of millrace.engagement.MLFeature: register it, or set ' +
      'SCHEMA_AUTO_REGISTER=true',
  })
  assert.equal(registry.calls.length, 1)
})

const REFUSALS = [
  [409, 409, 'SCHEMA_REFUSED', /refuses the schema of millrace.engagement.MLFeature .*: why not/],
  [
    422,
    42_201,
    'SCHEMA_REFUSED',
    /refuses the schema of millrace.engagement.MLFeature .*: why not/,
  ],
  [403, 403, 'SCHEMA_REFUSED', /not allowed to use subject "ml-features-value" .*403/],
  [401, 401, 'SCHEMA_REFUSED', /not allowed to use subject "ml-features-value" .*401/],
  [500, 50_001, 'REGISTRY_UNAVAILABLE', /cannot be resolved .*HTTP status 500: why not/],
  [404, 404, 'REGISTRY_UNAVAILABLE', /does the registry URL end as it should/],
] as const

for (const [status, errorCode, code, message] of REFUSALS) {
  test(`an answer of ${status} (${errorCode}) is ${code}`, async (t) => {
    const { registry, client } = await open(t)
    const body = JSON.stringify({ error_code: errorCode, message: 'why not' })
    registry.failWith = { status, body }
    await assert.rejects(resolveOutputSchemas(client, PLAN), { code, message })
  })
}

test('a registry that is down is unavailable', async (t) => {
  const { registry, client } = await open(t)
  await registry.close()
  await assert.rejects(resolveOutputSchemas(client, PLAN), {
    code: 'REGISTRY_UNAVAILABLE',
    message: /ECONNREFUSED/,
  })
})

test('credentials reach the registry', async (t) => {
  const basic = await open(t, { basicAuth: { user: 'u', password: 'p:q' } })
  await resolveOutputSchemas(basic.client, PLAN)
  const encoded = Buffer.from('u:p:q').toString('base64')
  assert.equal(basic.registry.authorizations[0], `Basic ${encoded}`)
  const bearer = await open(t, { bearer: 'token' })
  await resolveOutputSchemas(bearer.client, PLAN)
  assert.equal(bearer.registry.authorizations[0], 'Bearer token')
})

test('subjects are named as the strategy says', () => {
  const { name } = SCHEMAS.features
  assert.equal(subjectOf('topic-name', 't', name), 't-value')
  assert.equal(subjectOf('record-name', 't', name), 'millrace.engagement.MLFeature')
  assert.equal(subjectOf('topic-record-name', 't', name), 't-millrace.engagement.MLFeature')
})

test('ids that were resolved once are used while the registry is away, for the same schemas only', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-cache-'))
  t.after(() => rm(directory, { recursive: true }))
  const used: string[] = []
  const events = { used: (what: string) => used.push(what), problem: assert.ifError }
  const cache = await RegistryCache.open({ directory, registryUrls: ['http://r'], events })
  const { registry, client } = await open(t)
  const ids = await resolveOutputSchemas(client, { ...PLAN, cache })
  assert.deepEqual(used, [])
  client.clearCaches()
  await registry.close()
  assert.deepEqual(await resolveOutputSchemas(client, { ...PLAN, cache }), ids)
  assert.equal(used[0], 'the id of "ml-features-value"')
  const { name, body } = SCHEMAS.audit
  const audit = { name, body: { ...body, schema: `${body.schema} ` } }
  const changed = { ...PLAN, cache, schemas: { ...SCHEMAS, audit } }
  await assert.rejects(resolveOutputSchemas(client, changed), { code: 'REGISTRY_UNAVAILABLE' })
})

for (const [format, schemaType] of [
  ['protobuf', 'PROTOBUF'],
  ['json-schema', 'JSON'],
] as const) {
  test(`schemas of ${format} are registered as such, under the same subjects`, async (t) => {
    const { registry, client } = await open(t)
    const schemas = registeredSchemas(ENGAGEMENT_SPEC, format)
    const ids = await resolveOutputSchemas(client, { ...PLAN, schemas })
    assert.deepEqual(ids, { features: 1, predictions: 2, audit: 3 })
    assert.equal(registry.calls[0], 'POST /subjects/ml-features-value/versions')
    const held = await client.getBySubjectAndId('', ids.features)
    assert.equal(held.schemaType, schemaType)
    assert.equal(
      subjectOf('record-name', 't', schemas.features.name),
      'millrace.engagement.MLFeature',
    )
  })
}
