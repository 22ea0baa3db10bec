import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { clientWarning } from '../../../src/sink/kafka-producer.ts'

const STAMP = new URL('../../../.millrace/binding', import.meta.url)

test('the Kafka client that the bootstrap has built is patched', () => {
  // `unpatched` is what the bootstrap leaves where it could only fetch a prebuilt client.
  const isBuilt = readFileSync(STAMP, 'utf8') !== 'unpatched'
  assert.equal(clientWarning() === undefined, isBuilt)
})

test('a client without our mark, or with another one, is warned of', () => {
  for (const native of [null, {}, { millracePatches: '' }, { millracePatches: 1 }]) {
    assert.match(clientWarning(native) ?? '', /leaks/)
  }
  assert.equal(clientWarning({ millracePatches: 'send-offsets-leak' }), undefined)
})
