import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerChannel } from '../../../src/inference/worker-channel.ts'

const CRASHING = new URL('../../fixtures/crashing-worker.ts', import.meta.url)

function channelOn(modelFile: string, script = CRASHING): WorkerChannel {
  const setup = { modelFile, inputTensor: 'input', outputs: [], features: 1, threads: 1 }
  return new WorkerChannel(script, setup)
}

test('a crash of the worker rejects the request in flight and every later one', async () => {
  const channel = channelOn('throws')
  assert.equal((await channel.ready()).kind, 'ready')
  const crashed = { code: 'INVARIANT_BROKEN', message: 'the inference worker crashed' }
  await assert.rejects(channel.ask({ kind: 'score', count: 1 }), (error: unknown) => {
    assert.ok(error instanceof Error && error.cause instanceof Error)
    assert.equal(error.message, crashed.message)
    assert.equal(error.cause.message, 'out of luck')
    return true
  })
  await assert.rejects(channel.ask({ kind: 'score', count: 1 }), crashed)
  await channel.close()
})

test('a worker that ends unasked rejects the request in flight', async () => {
  const channel = channelOn('exits')
  await channel.ready()
  await assert.rejects(channel.ask({ kind: 'score', count: 1 }), {
    code: 'INVARIANT_BROKEN',
    message: 'the inference worker ended with status 0',
  })
})

test('a worker that cannot start rejects the wait for its first word', async () => {
  const channel = channelOn('none', new URL('no-such-worker.ts', CRASHING))
  await assert.rejects(channel.ready(), {
    code: 'INVARIANT_BROKEN',
    message: 'the inference worker crashed',
  })
})
