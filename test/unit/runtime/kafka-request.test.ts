import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafkaRequest } from '../../../src/runtime/kafka-request.ts'

test('a request that is never answered fails by name, after a while', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = kafkaRequest('reading metadata', () => undefined)
  t.mock.timers.tick(30_000)
  await assert.rejects(asked, {
    code: 'KAFKA_UNAVAILABLE',
    message: 'reading metadata: no answer within 30000 ms',
  })
})

test('an answer in time is the answer', async () => {
  const answer = await kafkaRequest<number>('counting', (done) => done(null, 7))
  assert.equal(answer, 7)
})
