import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { Backoff } from '../../../src/runtime/backoff.ts'
import { retry } from '../../../src/runtime/retry.ts'
import { FakeClock } from '../../fakes/clock.ts'

function optionsOf(attemptsMax: number) {
  return { clock: new FakeClock(0), backoff: new Backoff(100, 400, () => 0), attemptsMax }
}

test('a retriable failure is tried again after growing pauses', async () => {
  const options = optionsOf(10)
  let left = 4
  const value = await retry(async () => {
    left -= 1
    if (left > 0) throw new ServiceError('KAFKA_UNAVAILABLE', 'away')
    return 'there'
  }, options)
  assert.equal(value, 'there')
  assert.equal(options.clock.now(), 100 + 200 + 400)
})

test('other failures are not tried again', async () => {
  let calls = 0
  const failing = retry(async () => {
    calls += 1
    throw new ServiceError('CONFIG_INVALID', 'wrong')
  }, optionsOf(10))
  await assert.rejects(failing, { code: 'CONFIG_INVALID' })
  assert.equal(calls, 1)
})

test('attempts are bounded', async () => {
  let calls = 0
  const failing = retry(async () => {
    calls += 1
    throw new ServiceError('KAFKA_UNAVAILABLE', 'away')
  }, optionsOf(3))
  await assert.rejects(failing, { code: 'KAFKA_UNAVAILABLE' })
  assert.equal(calls, 3)
})
