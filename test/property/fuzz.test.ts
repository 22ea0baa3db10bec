import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from '../../scripts/fuzz/run.ts'
import { SEED } from './seed.ts'

test('bytes that were made to do harm have exactly one fate each, in time', async () => {
  const { findings, fates } = await fuzz(SEED, 5_000)
  assert.deepEqual(findings, [])
  for (const format of ['avro', 'protobuf', 'json-schema']) {
    for (const fate of ['event', 'undecodable', 'invalid-event']) {
      assert.ok((fates.get(`${format} ${fate}`) ?? 0) > 0, `${format} must have reached ${fate}`)
    }
  }
})
