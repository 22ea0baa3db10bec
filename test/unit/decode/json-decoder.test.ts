import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonDecoder } from '../../../src/decode/json-decoder.ts'
import { JsonFields } from '../../../src/decode/json-fields.ts'
import { fateOf, inputRecord } from '../../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

async function fate(value: Buffer | string, mapping = ENGAGEMENT_EVENT): Promise<string> {
  const record = inputRecord({ value: Buffer.from(value) })
  const [decoded] = await new JsonDecoder(mapping).decode([record])
  assert.equal(decoded?.schemaId, undefined)
  return fateOf(decoded ?? assert.fail('one record in, one out'))
}

const UNDECODABLE = [
  ['[1]', 'value must be a JSON object, got an array'],
  ['null', 'value must be a JSON object, got null'],
  ['5', 'value must be a JSON object, got a number'],
  [Buffer.from([0x7b, 0x22, 0xff]), 'value must be UTF-8'],
  [Buffer.alloc(1_048_577, 0x20), 'value must have at most 1048576 bytes, got 1048577'],
] as const

for (const [value, detail] of UNDECODABLE) {
  test(`undecodable: ${detail}`, async () => {
    assert.equal(await fate(value), `undecodable: ${detail}`)
  })
}

test('what is no JSON is undecodable and says where', async () => {
  assert.match(await fate('{"value": }'), /^undecodable: value must be JSON: .*Unexpected token/)
})

test('nesting is counted before anything is parsed, and not within text', async () => {
  const deep = `{"deep":${'['.repeat(64)}${']'.repeat(64)},"user_id":"u","value":1}`
  assert.equal(await fate(deep), 'undecodable: nesting must be at most 64 deep')
  const text = JSON.stringify('['.repeat(500) + '\\"{{')
  assert.equal(await fate(`{"deep":${text},"user_id":"u","value":1}`), 'event')
})

test('an integer beyond 2^53 is no other integer, and a double where the field is one', async () => {
  const decoder = new JsonDecoder({ ...ENGAGEMENT_EVENT, id: { from: 'field', field: 'id' } })
  const value = Buffer.from('{"user_id":9007199254740993,"id":-9223372036854775808,"value":1e300}')
  const [decoded] = await decoder.decode([inputRecord({ value })])
  assert.deepEqual(decoded?.result, {
    kind: 'event',
    event: {
      key: '9007199254740993',
      timeMs: 1_357_000_000_000,
      id: '-9223372036854775808',
      values: [null, 1e300],
    },
  })
})

test('a path leads through objects, null stands for all within it, and arrays are no way', async () => {
  const paths = { ...ENGAGEMENT_EVENT, key: { from: 'field', field: 'who.id' } } as const
  const fields = [{ name: 'a.b.c', type: 'double', optional: true }] as const
  const decoder = new JsonDecoder({ ...paths, fields })
  const values = ['{"b":{"c":2}}', '{"b":null}', 'null', '[{"c":2}]', '{"b":{}}', '3']
  const records = values.map((a) =>
    inputRecord({ value: Buffer.from(`{"who":{"id":"u"},"a":${a}}`) }),
  )
  const read = (await decoder.decode(records)).map(
    ({ result }) => result.kind === 'event' && result.event.values[0],
  )
  assert.deepEqual(read, [2, null, null, null, null, null])
})

for (const name of ['__proto__', 'constructor']) {
  test(`${name} is a field like any other, also on a path`, async () => {
    const fields = [{ name: `${name}.${name}`, type: 'double', optional: true }] as const
    const decoder = new JsonDecoder({ ...ENGAGEMENT_EVENT, fields })
    const values = [`{"user_id":"u","${name}":{"${name}":7}}`, '{"user_id":"u"}']
    const decoded = await decoder.decode(
      values.map((value) => inputRecord({ value: Buffer.from(value) })),
    )
    const read = decoded.map(({ result }) => result.kind === 'event' && result.event.values[0])
    assert.deepEqual(read, [7, null])
  })
}

test('a field of every object is no field of the event', async () => {
  const fields = [{ name: 'toString', type: 'string', optional: false }] as const
  const told = await fate('{"user_id":"u1"}', { ...ENGAGEMENT_EVENT, fields })
  assert.match(told, /"toString" must be a string .* but it is missing/)
})

test('a field called __proto__ is a field like any other', async () => {
  const fields = [{ name: '__proto__', type: 'double', optional: false }] as const
  const mapping = { ...ENGAGEMENT_EVENT, fields }
  assert.equal(await fate('{"user_id":"u1","__proto__":1}', mapping), 'event')
  assert.match(await fate('{"user_id":"u1"}', mapping), /missing/)
})

test('a tombstone is a dead letter, or skipped when that is asked for', async () => {
  const records = [inputRecord(), inputRecord({ value: Buffer.alloc(0) })]
  const fates = async (decoder: JsonDecoder) => (await decoder.decode(records)).map(fateOf)
  const [tombstone, empty] = [
    'empty-value: value is null (a tombstone)',
    'empty-value: value has no bytes',
  ]
  assert.deepEqual(await fates(new JsonDecoder(ENGAGEMENT_EVENT)), [tombstone, empty])
  assert.deepEqual(await fates(new JsonDecoder(ENGAGEMENT_EVENT, 'skip')), ['skipped', empty])
})

test('an integer beyond 2^53 has its digits read a second time: only in a value that is not too large for that', async () => {
  const withMore = (bytes: number): string =>
    `{"user_id":"u","action":"a","value":9007199254740993,"x":[${'0,'.repeat(bytes / 2)}0]}`
  assert.doesNotMatch(await fate(withMore(500 * 1024)), /undecodable/)
  assert.match(
    await fate(withMore(1_000_000)),
    /^undecodable: value with an integer beyond 2\^53 must have at most 524288 bytes, got 1000/,
  )
})

test('integers beyond 2^53 are exact wherever they stand, and a large value of them takes no long time', () => {
  const wanted = ['a', 'p.q', 'minus', 'point', 'power', 'text', 'twice']
  const text = `{"x":"\\\\\\"9007199254740993,","a":9007199254740993,"p":{"q":[1],"q":18014398509481985},
    "minus":-9007199254740993,"point":9007199254740993.0,"power":1e20,"text":"9007199254740993",
    "twice":"ü","twice":9007199254740995,"ok":[true,false,1E5,9007199254740993]}`
  const into: unknown[] = wanted.map(() => undefined)
  const bytes = Buffer.from(text)
  assert.equal(new JsonFields(wanted).read(bytes, 0, bytes.length, into), undefined)
  assert.deepEqual(into, [
    2n ** 53n + 1n,
    2n ** 54n + 1n,
    -(2n ** 53n) - 1n,
    9007199254740992,
    1e20,
    '9007199254740993',
    2n ** 53n + 3n,
  ])
  const large = Buffer.from(`{"a":9007199254740993,"x":[${'0,'.repeat(250_000)}0]}`)
  const leastMs = Math.min(
    ...[1, 2, 3, 4, 5].map(() => {
      const startedAt = performance.now()
      new JsonFields(['a']).read(large, 0, large.length, into)
      return performance.now() - startedAt
    }),
  )
  assert.ok(leastMs < 60, `it took ${Math.round(leastMs)} ms`)
})
