import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { RegistryDecoder } from '../../../src/decode/registry-codec.ts'
import { RegistryCache } from '../../../src/runtime/registry-cache.ts'
import { createRegistryClient } from '../../../src/runtime/registry-client.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FakeRegistry } from '../../fakes/registry.ts'
import { fateOf, inputRecord, wireValue } from '../../fixtures/records.ts'
import { AVRO_BODY, AVRO_EVENT, PROTO_BODY, PROTO_EVENT } from '../../fixtures/registry-events.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

async function open(t: TestContext) {
  const registry = new FakeRegistry()
  const url = await registry.open()
  t.after(() => registry.close())
  const client = createRegistryClient({
    baseURLs: [url],
    basicAuth: { user: 'reader', password: 'secret-word' },
  })
  const clock = new FakeClock()
  const decoder = new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock })
  const fates = async (...values: Buffer[]) => {
    const decoded = await decoder.decode(values.map((value) => inputRecord({ value })))
    return decoded.map(fateOf)
  }
  const fetches = () => registry.calls.filter((call) => call.startsWith('GET /schemas/ids'))
  const register = (schema: object) =>
    client.register('s', { schema: AVRO_EVENT, ...schema }, false)
  return { registry, client, clock, decoder, fates, fetches, register }
}

test('a schema is fetched once for all batches', async (t) => {
  const { fates, fetches, register } = await open(t)
  const value = wireValue(await register({}), AVRO_BODY)
  assert.deepEqual(await fates(value, value), ['event', 'event'])
  assert.deepEqual(await fates(value), ['event'])
  assert.equal(fetches().length, 1)
})

test('an id the registry does not know is asked for again after a minute', async (t) => {
  const { fates, fetches, register, clock } = await open(t)
  const value = wireValue(1, AVRO_BODY)
  const unknown = 'unknown-schema: the registry does not know schema 1: not found'
  const [first] = await fates(value, value)
  assert.ok(first?.startsWith(unknown), first)
  await register({})
  clock.advance(59_999)
  assert.match(String(await fates(value)), /^unknown-schema/)
  assert.equal(fetches().length, 1)
  clock.advance(1)
  assert.deepEqual(await fates(value), ['event'])
})

const NOT_NOW = [
  ['a server error', { status: 500, body: '{"error_code":50001,"message":"broken"}' }],
  ['too many requests', { status: 429, body: '{"error_code":429,"message":"slow down"}' }],
  ['no permission', { status: 401, body: '{"error_code":401,"message":"who?"}' }],
  ['a bare 404, as of a wrong path', { status: 404, body: 'Not Found' }],
  ['a 404 of a general kind', { status: 404, body: '{"error_code":404,"message":"HTTP 404"}' }],
] as const

for (const [name, answer] of NOT_NOW) {
  test(`${name} makes nothing a dead letter, and the batch can be tried again`, async (t) => {
    const { registry, fates, register } = await open(t)
    const value = wireValue(await register({}), AVRO_BODY)
    registry.failWith = answer
    await assert.rejects(fates(value), {
      name: 'ServiceError',
      code: 'REGISTRY_UNAVAILABLE',
      message: /schema 1 cannot be fetched: HTTP status/,
    })
    registry.failWith = undefined
    assert.deepEqual(await fates(value), ['event'])
  })
}

test('a registry that is down is unavailable, and no credentials are told', async (t) => {
  const { registry, fates, register } = await open(t)
  const value = wireValue(await register({}), AVRO_BODY)
  await registry.close()
  const error: unknown = await fates(value).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error)
  assert.match(error.message, /schema 1 cannot be fetched: .*ECONNREFUSED/)
  const told = JSON.stringify(error, allProperties)
  const encoded = Buffer.from('reader:secret-word').toString('base64')
  assert.ok(!told.includes('secret-word') && !told.includes(encoded), told)
})

test('records are ready up to the first whose schema must be asked for', async (t) => {
  const { fates, register, decoder } = await open(t)
  const known = wireValue(await register({}), AVRO_BODY)
  const unknown = wireValue(77, AVRO_BODY)
  const [a, b, c] = [known, Buffer.from('{}'), unknown].map((value) => inputRecord({ value }))
  assert.ok(a && b && c)
  assert.equal(decoder.readyCount([b, a]), 1)
  await fates(known)
  assert.equal(decoder.readyCount([a, b, inputRecord({ value: null }), c, a]), 3)
  assert.equal(decoder.readyCount([a, b]), 2)
  assert.equal(decoder.readyCount([]), 0)
})

/** Serializes errors with everything they carry. */
function allProperties(_name: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return Object.fromEntries(
    Object.getOwnPropertyNames(value).map((key) => [key, Object(value)[key]]),
  )
}

test('what was answered is kept when another schema was not', async (t) => {
  const { registry, fates, register, fetches } = await open(t)
  const value = wireValue(await register({}), AVRO_BODY)
  assert.deepEqual(await fates(value), ['event'])
  registry.failWith = { status: 503, body: '' }
  await assert.rejects(fates(value, wireValue(9, AVRO_BODY)), { code: 'REGISTRY_UNAVAILABLE' })
  registry.failWith = undefined
  const before = fetches().length
  assert.match(String(await fates(value, wireValue(9, AVRO_BODY))), /^event,unknown-schema/)
  assert.equal(fetches().length, before + 1)
})

const UNUSABLE = [
  [
    { schemaType: 'XML' },
    'undecodable: schema 1 cannot be used: its type must be AVRO, PROTOBUF or JSON, got XML',
  ],
  [{ schema: '"string"' }, 'undecodable: schema 1 cannot be used: it must be a record, got string'],
  [
    { schema: AVRO_EVENT.replace('"value"', '"amount"') },
    'invalid-event: schema 1 must have the field "value"',
  ],
] as const

for (const [schema, fate] of UNUSABLE) {
  test(`a schema nothing can be done with makes dead letters: ${fate}`, async (t) => {
    const { fates, register } = await open(t)
    assert.deepEqual(await fates(wireValue(await register(schema), AVRO_BODY)), [fate])
  })
}

const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  properties: { user_id: { type: 'string' }, value: { type: 'number' } },
})
const JSON_BODY = Buffer.from('{"user_id":"u1","value":2}')

test('each schema says the format of its values, mixed on one topic', async (t) => {
  const { decoder, register } = await open(t)
  const avro = await register({})
  const proto = await register({ schema: PROTO_EVENT, schemaType: 'PROTOBUF' })
  const json = await register({ schema: JSON_SCHEMA, schemaType: 'JSON' })
  const values = [
    wireValue(proto, Buffer.concat([Buffer.from([0]), PROTO_BODY])),
    wireValue(avro, AVRO_BODY),
    wireValue(json, JSON_BODY),
    wireValue(proto, Buffer.concat([Buffer.from([2, 0]), PROTO_BODY])),
  ]
  const decoded = await decoder.decode(values.map((value) => inputRecord({ value })))
  const [first, ...others] = decoded.map(({ result }) => result)
  assert.equal(first?.kind, 'event')
  for (const other of others) assert.deepEqual(other, first)
})

test('a schema named by a GUID in a header is asked for once, and its value begins at once', async (t) => {
  const { decoder, registry, register } = await open(t)
  await register({})
  await register({ schema: PROTO_EVENT, schemaType: 'PROTOBUF' })
  const header = (id: number, indexes: readonly number[]) => [
    { trace: 'x' },
    {
      __value_schema_id: Buffer.concat([
        Buffer.from([1]),
        registry.guidOf(id),
        Buffer.from(indexes),
      ]),
    },
  ]
  const records = [
    inputRecord({ value: AVRO_BODY, headers: header(1, []) }),
    inputRecord({ value: PROTO_BODY, headers: header(2, [0]) }),
    inputRecord({ value: AVRO_BODY, headers: header(1, []) }),
    inputRecord({
      value: AVRO_BODY,
      headers: [{ __value_schema_id: Buffer.from([0, 0, 0, 0, 1]) }],
    }),
    inputRecord({ value: wireValue(1, AVRO_BODY), headers: [{ trace: 'x' }] }),
  ]
  const decoded = await decoder.decode(records)
  assert.deepEqual(
    decoded.map(({ result }) => result.kind),
    Array(5).fill('event'),
  )
  assert.deepEqual(
    decoded.map(({ schemaId }) => schemaId),
    [undefined, undefined, undefined, 1, 1],
  )
  assert.equal(registry.calls.filter((call) => call.startsWith('GET /schemas/guids')).length, 2)
  const broken = [
    inputRecord({ value: PROTO_BODY, headers: header(2, []) }),
    inputRecord({ value: AVRO_BODY, headers: header(9, []) }),
    inputRecord({ value: null, headers: header(1, []) }),
    inputRecord({ value: AVRO_BODY, headers: [{ __value_schema_id: 'x' }] }),
  ]
  assert.deepEqual(
    (await decoder.decode(broken)).map(
      ({ result }) => result.kind === 'dead-letter' && result.reason,
    ),
    ['undecodable', 'unknown-schema', 'empty-value', 'not-wire-format'],
  )
})

test('a value of 10 MB is read without what nobody needs, one beyond the bound is not looked at', async (t) => {
  const { fates, register } = await open(t)
  const fields = [{ name: 'blob', type: 'bytes' }, ...JSON.parse(AVRO_EVENT).fields]
  const id = await register({ schema: JSON.stringify({ type: 'record', name: 'Event', fields }) })
  const blobOf = (sizeBytes: number): Buffer => {
    const length: number[] = []
    let rest = sizeBytes * 2
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
    return Buffer.concat([Buffer.from([...length, rest]), Buffer.alloc(sizeBytes), AVRO_BODY])
  }
  const [large, tooLarge] = await fates(wireValue(id, blobOf(10e6)), wireValue(id, blobOf(17e6)))
  assert.equal(large, 'event')
  assert.match(String(tooLarge), /^undecodable: value must have at most 16777216 bytes, got 170/)
})

test('bytes that do not fit their schema are undecodable, and name it', async (t) => {
  const { fates, register } = await open(t)
  const value = wireValue(await register({}), Buffer.concat([AVRO_BODY, AVRO_BODY]))
  const detail = '11 bytes are left over after the value, at byte 16'
  assert.deepEqual(await fates(value), [`undecodable: value does not fit schema 1: ${detail}`])
})

test('the fields of a value are told as far as its bytes can be read', async (t) => {
  const { decoder, register } = await open(t)
  const id = await register({})
  const fields = async (value: Buffer | null) => {
    const raw = await decoder.rawFields(inputRecord({ value }))
    return raw.map(({ name, value: found }) => [name, found])
  }
  const user = ['user_id', 'u1']
  assert.deepEqual(await fields(wireValue(id, AVRO_BODY)), [['value', 2], user])
  assert.deepEqual(await fields(wireValue(id, AVRO_BODY.subarray(0, 7))), [user])
  assert.deepEqual(await fields(wireValue(id, AVRO_BODY.subarray(0, 2))), [])
  assert.deepEqual(await fields(wireValue(id + 1, AVRO_BODY)), [])
  assert.deepEqual(await fields(Buffer.from('plain')), [])
  assert.deepEqual(await fields(null), [])
})

test('the schemas a schema refers to are fetched too, the deepest first', async (t) => {
  const { fates, register, client } = await open(t)
  const name = { type: 'fixed', name: 'Two', size: 2 }
  await client.register('two', { schema: JSON.stringify(name) }, false)
  const pair = { type: 'record', name: 'Pair', fields: [{ name: 'x', type: 'Two' }] }
  const two = { name: 'Two', subject: 'two', version: 1 }
  await client.register('pair', { schema: JSON.stringify(pair), references: [two] }, false)
  const fields = [...JSON.parse(AVRO_EVENT).fields, { name: 'pair', type: 'Pair' }]
  const id = await register({
    schema: JSON.stringify({ type: 'record', name: 'Event', fields }),
    references: [{ name: 'Pair', subject: 'pair', version: 1 }, two],
  })
  assert.deepEqual(await fates(wireValue(id, Buffer.concat([AVRO_BODY, Buffer.alloc(2)]))), [
    'event',
  ])
})

test('decoded records carry their schema id, broken ones none', async (t) => {
  const { decoder, register } = await open(t)
  const id = await register({})
  const values = [wireValue(id, AVRO_BODY), Buffer.from('x'), wireValue(77, AVRO_BODY)]
  const decoded = await decoder.decode(values.map((value) => inputRecord({ value })))
  assert.deepEqual(
    decoded.map(({ schemaId }) => schemaId),
    [id, undefined, 77],
  )
})

test('with a cache a new decoder knows earlier ids, references and all, without the registry', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-cache-'))
  t.after(() => rm(directory, { recursive: true }))
  const events = { used: () => undefined, problem: assert.ifError }
  const cache = await RegistryCache.open({ directory, registryUrls: ['http://r'], events })
  const { registry, client, clock, register } = await open(t)
  const amount = JSON.stringify({ type: 'record', name: 'Amount', fields: [] })
  await client.register('amount', { schema: amount, schemaType: 'AVRO' }, false)
  const fields = [...JSON.parse(AVRO_EVENT).fields, { name: 'amount', type: 'Amount' }]
  const schema = JSON.stringify({ type: 'record', name: 'Event', fields })
  const references = [{ name: 'Amount', subject: 'amount', version: 1 }]
  const values = [wireValue(await register({}), AVRO_BODY)]
  values.push(wireValue(await register({ schema, references }), AVRO_BODY))
  const kinds = async (...more: Buffer[]) => {
    client.clearCaches()
    const decoder = new RegistryDecoder({ client, cache, mapping: ENGAGEMENT_EVENT, clock })
    const records = [...values, ...more].map((value) => inputRecord({ value }))
    return (await decoder.decode(records)).map(({ result }) => result.kind)
  }
  const unknown = wireValue(99, AVRO_BODY)
  assert.deepEqual(await kinds(unknown), ['event', 'event', 'dead-letter'])
  await registry.close()
  assert.deepEqual(await kinds(), ['event', 'event'])
  await assert.rejects(kinds(unknown), { code: 'REGISTRY_UNAVAILABLE' })
})
