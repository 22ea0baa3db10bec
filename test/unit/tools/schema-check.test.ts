import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaCheck } from '../../../src/tools/schema-check.ts'
import type { SubjectClient } from '../../../src/tools/schema-check.ts'
import { parseSchemaCheck } from '../../../src/tools/schema-check-options.ts'
import { ENGAGEMENT_SPEC } from '../../fixtures/specs.ts'

/** Needs `user_id` as key, `value` as a double; `action` is an optional string. */
const GIVEN = { spec: ENGAGEMENT_SPEC, subject: 'events-value' }

interface Held {
  readonly schema: string
  readonly schemaType?: string
}

function avro(...fields: readonly (readonly [name: string, type: unknown])[]): Held {
  const list = fields.map(([name, type]) => ({ name, type }))
  return { schema: JSON.stringify({ type: 'record', name: 'Event', fields: list }) }
}

function clientOf(held: readonly Held[]): SubjectClient {
  return {
    getAllVersions: async () => held.map((_, index) => index + 1).toReversed(),
    getSchemaMetadata: async (_subject, version) => ({
      ...(held[version - 1] ?? { schema: '' }),
      id: 100 + version,
    }),
  }
}

async function check(...held: readonly Held[]) {
  const { output, status } = await schemaCheck(clientOf(held), { ...GIVEN, json: true })
  const { versions } = JSON.parse(output)
  return { versions, status }
}

const CASES: readonly (readonly [Held, readonly string[], readonly string[]])[] = [
  [avro(['user_id', 'string'], ['action', ['null', 'string']], ['value', 'double']), [], []],
  [
    avro(['user_id', 'long'], ['value', 'int']),
    [],
    ['there is no field "action": it is null always'],
  ],
  [
    avro(['user_id', 'string'], ['action', 'string'], ['amount', 'double']),
    ['there is no field "value"'],
    [],
  ],
  [
    avro(['user_id', 'boolean'], ['action', 'string'], ['value', 'string']),
    [
      'field "value" must be a number, is string',
      'field "user_id" must be a string or an integer, is boolean',
    ],
    [],
  ],
  [
    avro(['user_id', 'string'], ['action', 'string'], ['value', ['null', 'double', 'string']]),
    [],
    [
      'field "value" must be a number, may be string',
      'field "value" must be a number, may be null',
    ],
  ],
  [
    {
      schemaType: 'PROTOBUF',
      schema:
        'syntax = "proto3"; message E { string user_id = 1; string action = 2; optional float value = 3; }',
    },
    [],
    ['field "value" must be a number, may be absent'],
  ],
  [
    {
      schemaType: 'JSON',
      schema: JSON.stringify({
        properties: { user_id: { type: 'string' }, action: {}, value: { type: 'number' } },
        required: ['user_id', 'value'],
        additionalProperties: false,
      }),
    },
    [],
    [],
  ],
  [{ schema: '"int"' }, ['it cannot be used: it must be a record, got int'], []],
]

for (const [held, breaks, warnings] of CASES) {
  const verdict = breaks.length > 0 ? `breaks: ${breaks[0]}` : 'can feed the model'
  test(`${held.schema.slice(0, 60)}… ${verdict}; ${warnings[0] ?? ''}`, async () => {
    const { versions, status } = await check(held)
    assert.deepEqual([versions[0].breaks, versions[0].warnings], [breaks, warnings])
    assert.equal(status, breaks.length === 0 ? 0 : 7)
  })
}

test('every version is told, in order, and one that breaks is enough', async () => {
  const good = avro(['user_id', 'string'], ['action', 'string'], ['value', 'double'])
  const held = [good, avro(['user_id', 'string']), good]
  const { output, status } = await schemaCheck(clientOf(held), { ...GIVEN, json: false })
  assert.equal(status, 7)
  assert.deepEqual(output.split('\n'), [
    'subject events-value, model engagement 1.0.0',
    'version 1 (id 101, avro) can feed the model',
    'version 2 (id 102, avro) CANNOT feed the model',
    '  breaks: there is no field "value"',
    '  note:   there is no field "action": it is null always',
    'version 3 (id 103, avro) can feed the model',
    '1 of 3 versions cannot',
    '',
  ])
})

const TWO_MESSAGES = {
  schemaType: 'PROTOBUF',
  schema: `syntax = "proto3"; package shop;
    message Other { string x = 1; message Inner { string user_id = 1; string action = 2; double value = 3; } }
    message Event { string user_id = 1; string action = 2; double value = 3; }`,
}

for (const [message, breaks, warnings] of [
  [
    undefined,
    ['there is no field "value"', 'there is no field "user_id"'],
    [
      'there is no field "action": it is null always',
      'message "shop.Other.Inner" can feed the model: name it with --message',
      'message "shop.Event" can feed the model: name it with --message',
    ],
  ],
  ['shop.Event', [], []],
  ['shop.Other.Inner', [], []],
  ['Event', ['there is no message "Event", only shop.Other, shop.Other.Inner, shop.Event'], []],
] as const) {
  test(`of Protobuf the message that records name is checked: ${message ?? 'the first'}`, async () => {
    const client = clientOf([TWO_MESSAGES])
    const { output, status } = await schemaCheck(client, { ...GIVEN, message, json: true })
    const [version] = JSON.parse(output).versions
    assert.deepEqual([version.breaks, version.warnings], [breaks, warnings])
    assert.equal(status, breaks.length === 0 ? 0 : 7)
    const { output: text } = await schemaCheck(client, { ...GIVEN, message, json: false })
    const shown = version.message === undefined ? 'protobuf' : `protobuf ${message ?? 'shop.Other'}`
    assert.ok(text.includes(`(id 101, ${shown})`), text)
  })
}

test('that only the first message was looked at is told where there are more', async () => {
  const [others, event] = TWO_MESSAGES.schema.split('message Event')
  const schema = `syntax = "proto3"; message Event ${event} ${others?.split('shop;')[1]}`
  const { versions } = await check({ schemaType: 'PROTOBUF', schema })
  assert.deepEqual(versions[0].warnings, [
    'only the first message, "Event", is looked at: name another with --message',
  ])
})

test('the options of the check are a subject, a message and --json', () => {
  assert.deepEqual(parseSchemaCheck(['s', '--json', '--message', 'shop.Event']), {
    subject: 's',
    message: 'shop.Event',
    json: true,
  })
  assert.deepEqual(parseSchemaCheck([]), { subject: undefined, message: undefined, json: false })
  for (const options of [['--what'], ['a', 'b'], ['--message']]) {
    assert.throws(() => parseSchemaCheck(options), { code: 'CONFIG_INVALID' })
  }
})

test('a subject the registry does not know is told as such, an outage as what it is', async () => {
  const failing = (error: object): SubjectClient => ({
    ...clientOf([]),
    getAllVersions: async () => {
      throw Object.assign(new Error('why'), error)
    },
  })
  const run = (error: object) => schemaCheck(failing(error), { ...GIVEN, json: false })
  await assert.rejects(run({ status: 404, errorCode: 40_401 }), {
    code: 'CONFIG_INVALID',
    message: 'the registry has no subject "events-value"',
  })
  await assert.rejects(run({ code: 'ECONNREFUSED' }), { code: 'REGISTRY_UNAVAILABLE' })
})
