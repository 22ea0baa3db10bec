import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { RegistryDecoder } from '../../../src/decode/registry-codec.ts'
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
  const client = createRegistryClient({ baseURLs: [url] })
  const decoder = new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock: new FakeClock() })
  const fates = async (...values: Buffer[]) => {
    const decoded = await decoder.decode(values.map((value) => inputRecord({ value })))
    return decoded.map(fateOf)
  }
  return { registry, client, decoder, fates }
}

test('a version that takes a needed field away is named, and the records before it go on', async (t) => {
  const { fates, client } = await open(t)
  const first = await client.register('events-value', { schema: AVRO_EVENT }, false)
  const schema = AVRO_EVENT.replace('"value"', '"amount"')
  const second = await client.register('events-value', { schema }, false)
  assert.deepEqual(await fates(wireValue(first, AVRO_BODY), wireValue(second, AVRO_BODY)), [
    'event',
    'invalid-event: schema 2 (events-value version 2) must have the field "value"',
  ])
})

for (const subject of ['events-value', 'events-shop.Event', 'shop.Event']) {
  test(`the version is named by whatever subject has it, references and all: ${subject}`, async (t) => {
    const { fates, client, registry } = await open(t)
    await client.register(
      'kind',
      { schema: '{"type":"enum","name":"shop.K","symbols":["A"]}' },
      false,
    )
    const fields = [
      { name: 'user_id', type: 'string' },
      { name: 'k', type: 'K' },
    ]
    const id = await client.register(
      subject,
      {
        schema: JSON.stringify({ type: 'record', name: 'Event', namespace: 'shop', fields }),
        references: [{ name: 'shop.K', subject: 'kind', version: 1 }],
      },
      false,
    )
    registry.asksReferences = true
    client.clearCaches()
    assert.deepEqual(await fates(wireValue(id, AVRO_BODY)), [
      `invalid-event: schema 2 (${subject} version 1) must have the field "value"`,
    ])
  })
}

test('the version is named also where another message than the first lacks a field', async (t) => {
  const { fates, client } = await open(t)
  const schema = `${PROTO_EVENT} message Other { string user_id = 1; }`
  const id = await client.register('events-value', { schema, schemaType: 'PROTOBUF' }, false)
  const value = (...indexes: number[]) => wireValue(id, Buffer.from([...indexes, ...PROTO_BODY]))
  assert.deepEqual(await fates(value(0), value(2, 2)), [
    'event',
    'invalid-event: schema 1 (events-value version 1) must have the field "value" in message Other',
  ])
})

test('versions of one subject go on in the middle of a batch: promoted, moved, added to, renamed', async (t) => {
  const { fates, client } = await open(t)
  const versions = [
    [
      { name: 'user_id', type: 'string' },
      { name: 'value', type: 'int' },
    ],
    [
      { name: 'value', type: 'long' },
      { name: 'more', type: { type: 'array', items: 'string' } },
      { name: 'user_id', type: 'string' },
    ],
    [
      { name: 'amount', type: ['null', 'double'], aliases: ['value'] },
      { name: 'user_id', type: 'string' },
    ],
  ]
  const bodies = [
    [2, 0x75, 4],
    [4, 2, 2, 0x61, 0, 2, 0x75],
    [2, 0, 0, 0, 0, 0, 0, 0, 0x40, 2, 0x75],
  ]
  const values: Buffer[] = []
  for (const [index, fields] of versions.entries()) {
    const schema = JSON.stringify({ type: 'record', name: 'Event', fields })
    const id = await client.register('events-value', { schema }, false)
    values.push(wireValue(id, Buffer.from(bodies[index] ?? [])))
  }
  assert.deepEqual(await fates(...values, ...values.toReversed()), Array(6).fill('event'))
})

test('a default of a later version is not applied to earlier records: absent is null, or a dead letter', async (t) => {
  const { decoder, client } = await open(t)
  const fields = [
    [
      { name: 'user_id', type: 'string' },
      { name: 'value', type: 'double' },
    ],
    [{ name: 'user_id', type: 'string' }],
    [
      { name: 'user_id', type: 'string' },
      { name: 'value', type: 'double', default: 7 },
      { name: 'action', type: 'string', default: 'view' },
    ],
  ]
  const two = [0, 0, 0, 0, 0, 0, 0, 0x40]
  const bodies = [
    [2, 0x75, ...two],
    [2, 0x75],
    [2, 0x75, ...two, 2, 0x61],
  ]
  const values: Buffer[] = []
  for (const [index, list] of fields.entries()) {
    const schema = JSON.stringify({ type: 'record', name: 'Event', fields: list })
    const id = await client.register('events-value', { schema }, false)
    values.push(wireValue(id, Buffer.from(bodies[index] ?? [])))
  }
  const decoded = await decoder.decode(values.map((value) => inputRecord({ value })))
  // `action` is optional in the model, `value` is not.
  assert.deepEqual(
    decoded.map(({ result }) =>
      result.kind === 'event' ? result.event.values : fateOf({ result }),
    ),
    [
      [null, 2],
      'invalid-event: schema 2 (events-value version 2) must have the field "value"',
      ['a', 2],
    ],
  )
})
