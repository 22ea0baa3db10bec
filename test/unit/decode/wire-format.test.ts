import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSchemaId, wireFormatProblem } from '../../../src/decode/wire-format.ts'

test('the schema id is the four bytes after byte 0, big endian', () => {
  assert.equal(readSchemaId(Buffer.from([0, 0x01, 0x02, 0x03, 0x04, 9])), 0x01020304)
  assert.equal(readSchemaId(Buffer.from([0, 0, 0, 0, 0])), 0)
})

const PROBLEMS = [
  { value: null, reason: 'empty-value', detail: 'value is null (a tombstone)' },
  { value: [], reason: 'empty-value', detail: 'value has no bytes' },
  {
    value: [1, 0, 0, 0, 1],
    reason: 'not-wire-format',
    detail: 'value must begin with byte 0, got byte 1',
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
