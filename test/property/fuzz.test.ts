import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fuzzer } from '../../scripts/fuzz/run.ts'
import { SEED } from './seed.ts'

test('bytes that were made to do harm have exactly one fate each, in time', async () => {
  const { findings, fates } = await new Fuzzer().run(SEED, 5_000)
  assert.deepEqual(findings, [])
  const formats = ['avro', 'avro-record-first', 'protobuf', 'protobuf-2', 'json-schema', 'json']
  for (const format of [...formats, 'made-up-avro', 'made-up-protobuf']) {
    for (const fate of ['event', 'undecodable', 'invalid-event']) {
      assert.ok((fates.get(`${format} ${fate}`) ?? 0) > 0, `${format} must have reached ${fate}`)
    }
  }
})
