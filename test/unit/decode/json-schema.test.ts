import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileJson } from '../../../src/decode/json-codec.ts'
import { JsonSchemaPaths } from '../../../src/decode/json-schema.ts'
import { needed } from '../../fixtures/records.ts'

const CLOSED = {
  type: 'object',
  required: ['amount'],
  properties: {
    amount: { type: 'number' },
    note: { type: ['string', 'null'] },
    payload: { $ref: '#/definitions/payload' },
    other: { $ref: 'money.json#/$defs/money' },
    either: {
      oneOf: [{ type: 'null' }, { type: 'object', properties: { x: { type: 'integer' } } }],
    },
    both: { allOf: [{ type: 'number' }, { type: 'integer' }] },
    never: false,
    open: { type: 'object', additionalProperties: { type: 'boolean' } },
    loop: { $ref: '#/properties/loop' },
    pattern: { patternProperties: { '^(a+)+$': { type: 'string' } }, additionalProperties: false },
  },
  definitions: {
    payload: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
  },
  additionalProperties: false,
}
const MONEY = { $defs: { money: { properties: { 'a/b': { type: 'string' } } } } }

const PATHS = [
  ['amount', ['number']],
  ['note', ['string', 'null', 'absent']],
  ['payload.x', ['integer', 'absent']],
  ['payload.y', ['any', 'absent']],
  ['other.a/b', ['string', 'absent']],
  ['either.x', ['null', 'integer', 'absent']],
  ['both', ['integer', 'absent']],
  ['never', []],
  ['open.anything', ['boolean', 'absent']],
  ['loop', ['any', 'absent']],
  ['pattern.aaaa', ['any', 'absent']],
  ['absent', []],
  ['amount.x', []],
  ['__proto__', []],
  ['constructor', []],
] as const

for (const [path, kinds] of PATHS) {
  test(`the schema says of ${path}: ${kinds.join(' or ') || 'nothing'}`, () => {
    const references = [{ name: 'money.json', schema: JSON.stringify(MONEY) }]
    const paths = new JsonSchemaPaths(JSON.stringify(CLOSED), references)
    assert.deepEqual([...paths.kindsAt(path)].sort(), [...kinds].sort())
  })
}

test('a schema that rules a required field out is refused, one that is open is not', () => {
  const bytes = Buffer.from('{"absent":1}')
  const into: unknown[] = []
  const closed = compileJson(JSON.stringify(CLOSED), [], needed(['absent']))
  assert.equal(closed.decode(bytes, 0, bytes.length, into)?.detail, 'must have the field "absent"')
  const open = compileJson('true', [], needed(['absent']))
  assert.equal(open.decode(bytes, 0, bytes.length, into), undefined)
  assert.deepEqual(into, [1])
})

test('what is no JSON Schema is refused', () => {
  assert.throws(() => compileJson('{', [], []), /JSON/)
  assert.throws(() => compileJson('[]', [], []), /it must be an object, true or false/)
})

for (const [draft, kinds] of [
  ['http://json-schema.org/draft-07/schema#', ['number']],
  [undefined, ['number']],
  ['https://json-schema.org/draft/2020-12/schema', []],
] as const) {
  test(`what stands beside a reference ${kinds.length === 0 ? 'counts' : 'does not count'}: ${draft ?? 'no draft named'}`, () => {
    const schema = {
      ...(draft !== undefined && { $schema: draft }),
      $ref: '#/definitions/E',
      additionalProperties: false,
      definitions: {
        E: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
      },
    }
    const paths = new JsonSchemaPaths(JSON.stringify(schema), [])
    assert.deepEqual([...paths.kindsAt('total')], kinds)
  })
}
