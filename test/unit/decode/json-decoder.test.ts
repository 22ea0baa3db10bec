import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonDecoder } from '../../../src/decode/json-decoder.ts'
import { inputRecord } from '../../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../../fixtures/specs.ts'

async function fateOf(value: Buffer | string, mapping = ENGAGEMENT_EVENT): Promise<string> {
  const record = inputRecord({ value: Buffer.from(value) })
  const [decoded] = await new JsonDecoder(mapping).decode([record])
  assert.equal(decoded?.schemaId, undefined)
  const { result } = decoded ?? assert.fail('one record in, one out')
  return result.kind === 'event' ? 'event' : `${result.reason}: ${result.detail}`
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
    assert.equal(await fateOf(value), `undecodable: ${detail}`)
  })
}

test('what is no JSON is undecodable and says where', async () => {
  assert.match(await fateOf('{"value": }'), /^undecodable: value must be JSON: .*Unexpected token/)
})

test('a million nested arrays do no harm', async () => {
  const value = `{"deep":${'['.repeat(500_000)}${']'.repeat(500_000)},"user_id":"u","value":1}`
  assert.equal(await fateOf(value), 'event')
})

test('a field of every object is no field of the event', async () => {
  const fields = [{ name: 'toString', type: 'string', optional: false }] as const
  const fate = await fateOf('{"user_id":"u1"}', { ...ENGAGEMENT_EVENT, fields })
  assert.match(fate, /"toString" must be a string .* but it is missing/)
})

test('a field called __proto__ is a field like any other', async () => {
  const fields = [{ name: '__proto__', type: 'double', optional: false }] as const
  const mapping = { ...ENGAGEMENT_EVENT, fields }
  assert.equal(await fateOf('{"user_id":"u1","__proto__":1}', mapping), 'event')
  assert.match(await fateOf('{"user_id":"u1"}', mapping), /missing/)
})
