import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  abortsOnGap,
  canKafka,
  clientWarning,
  joinsProduceRequests,
  setMmapThreshold,
} from '../../../src/runtime/kafka-addon.ts'
import { releaseLargeBlocks } from '../../../src/runtime/malloc.ts'

const STAMP = new URL('../../../.millrace/binding', import.meta.url)
const consumer = { prototype: { consumeBatch: () => undefined } }
const producer = { prototype: { produceBatch: () => undefined } }
const admin = { prototype: { describeConfigs: () => undefined } }
const MARKED = {
  millracePatches: 'send-offsets-leak',
  joinsProduceRequests: true,
  abortsOnGap: true,
}

test('the Kafka client that the bootstrap has built is patched', () => {
  // `unpatched` is what the bootstrap leaves where it could only fetch a prebuilt client.
  const isBuilt = readFileSync(STAMP, 'utf8') !== 'unpatched'
  assert.equal(clientWarning() === undefined, isBuilt)
  assert.equal(canKafka('consumeBatch'), isBuilt)
  assert.equal(canKafka('produceBatch'), isBuilt)
  assert.equal(canKafka('describeConfigs'), isBuilt)
  assert.equal(joinsProduceRequests(), isBuilt)
  assert.equal(abortsOnGap(), isBuilt)
})

test('large blocks are released where the patched client and the C library can', () => {
  const isBuilt = readFileSync(STAMP, 'utf8') !== 'unpatched'
  const isGlibc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header
  assert.equal(releaseLargeBlocks(), isBuilt && isGlibc)
  assert.equal(setMmapThreshold(1_000_000, {}), false)
})

test('a client without our mark, or with another one, is warned of', () => {
  for (const native of [null, {}, { millracePatches: '' }, { millracePatches: 1 }]) {
    const warning = clientWarning(native) ?? ''
    assert.match(warning, /leaks.*crashes.*answered twice.*one by one.*not checked/)
  }
})

test('the warning names what this client lacks, and nothing else', () => {
  const whole = { ...MARKED, KafkaConsumer: consumer, Producer: producer, AdminClient: admin }
  assert.equal(clientWarning(whole), undefined)
  assert.doesNotMatch(clientWarning({ ...whole, AdminClient: {} }) ?? '', /leaks|one by one/)
  assert.match(clientWarning({ ...whole, KafkaConsumer: { prototype: {} } }) ?? '', /one by one/)
  assert.match(clientWarning({ ...whole, Producer: {} }) ?? '', /takes records one by one/)
  assert.match(clientWarning({ ...whole, millracePatches: '' }) ?? '', /leaks/)
  assert.match(clientWarning({ ...whole, joinsProduceRequests: 1 }) ?? '', /for each partition/)
  assert.match(clientWarning({ ...whole, abortsOnGap: 1 }) ?? '', /one request at a time/)
})
