import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fuzzer } from '../../scripts/fuzz/run.ts'
import { SEED } from './seed.ts'

const FORMATS = ['avro', 'avro-record-first', 'protobuf', 'protobuf-2', 'json-schema', 'json']
const REACHED = [
  ...FORMATS.flatMap((format) =>
    ['event', 'undecodable', 'invalid-event'].map((fate) => `${format} ${fate}`),
  ),
  ...['avro', 'protobuf'].flatMap((format) =>
    ['event', 'undecodable'].map((fate) => `made-up-${format} ${fate}`),
  ),
]

test('bytes that were made to do harm have exactly one fate each, in time', async () => {
  const { findings, fates } = await new Fuzzer().run(SEED, 5_000)
  assert.deepEqual(findings, [])
  const reached = REACHED.filter((fate) => (fates.get(fate) ?? 0) > 0)
  assert.deepEqual(reached, REACHED)
})
