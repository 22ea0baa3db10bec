import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  readSchemaHeader,
  readSchemaId,
  wireFormatProblem,
} from '../../../src/decode/wire-format.ts'

test('the schema id is the four bytes after byte 0, big endian', () => {
  assert.equal(readSchemaId(Buffer.from([0, 0x01, 0x02, 0x03, 0x04, 9])), 0x01020304)
  assert.equal(readSchemaId(Buffer.from([0, 0, 0, 0, 0])), 0)
})

const PROBLEMS = [
  { value: null, reason: 'empty-value', detail: 'value is null (a tombstone)' },
  { value: [], reason: 'empty-value', detail: 'value has no bytes' },
  {
    value: [2, 0, 0, 0, 1],
    reason: 'not-wire-format',
    detail: 'value must begin with byte 0, got byte 2',
  },
  {
    value: [1, 0, 0, 0, 1],
    reason: 'not-wire-format',
    detail:
      'value must begin with byte 0 and a schema id; a GUID (byte 1) must be in header __value_schema_id',
  },
  {
    value: [0, 0, 0, 1],
    reason: 'not-wire-format',
    detail: 'value must have at least 5 bytes, got 4',
  },
  {
    value: [0, 0xff, 0xff, 0xff, 0xff],
    reason: 'not-wire-format',
    detail: 'schema id must be >= 0, got -1',
  },
]

for (const { value, reason, detail } of PROBLEMS) {
  test(`a value of ${JSON.stringify(value)} is a dead letter: ${detail}`, () => {
    const bytes = value === null ? null : Buffer.from(value)
    assert.equal(readSchemaId(bytes), -1)
    assert.deepEqual(wireFormatProblem(bytes), {
      kind: 'dead-letter',
      reason,
      stage: 'decode',
      detail,
    })
  })
}

const GUID = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const GUID_TEXT = '00112233-4455-6677-8899-aabbccddeeff'

test('a header names a schema by GUID or id, the last of several counts', () => {
  const byGuid = { __value_schema_id: Buffer.concat([Buffer.from([1]), GUID, Buffer.from([0])]) }
  const byId = { __value_schema_id: Buffer.from([0, 0, 0, 0, 9]) }
  assert.equal(readSchemaHeader([]), undefined)
  assert.equal(readSchemaHeader([{ trace: 'x' }, { __key_schema_id: GUID }]), undefined)
  assert.deepEqual(readSchemaHeader([byId, byGuid, { trace: 'x' }]), {
    schema: GUID_TEXT,
    indexes: Buffer.from([0]),
  })
  assert.deepEqual(readSchemaHeader([byGuid, byId]), { schema: 9, indexes: Buffer.alloc(0) })
})

test('a header that names no schema is a dead letter', () => {
  for (const bytes of [Buffer.alloc(0), GUID.subarray(1), Buffer.from([1, 2, 3])]) {
    assert.deepEqual(readSchemaHeader([{ __value_schema_id: bytes }]), {
      kind: 'dead-letter',
      reason: 'not-wire-format',
      stage: 'decode',
      detail:
        'header __value_schema_id must be byte 1 and a GUID of 16 bytes, or byte 0 and a schema ' +
        `id, got ${bytes.length} bytes`,
    })
  }
})
