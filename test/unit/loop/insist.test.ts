import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { Insistence } from '../../../src/loop/insist.ts'
import { Backoff } from '../../../src/runtime/backoff.ts'
import { FakeClock } from '../../fakes/clock.ts'

/** Requests on a source that can be away, with what was done meanwhile. */
class World {
  readonly clock = new FakeClock(0)
  readonly backoff = new Backoff(100, 5_000, () => 0)
  readonly waits: number[] = []
  polls = 0
  onThirdPoll: () => void = () => undefined
  beats = 0
  isAway = false
  isHeld = false
  readonly insistence = new Insistence(
    {
      source: {
        trouble: () => (this.isAway ? 'no broker reachable' : undefined),
        hold: () => {
          this.isHeld = true
        },
        release: () => {
          this.isHeld = false
        },
      },
      fetcher: {
        keepAlive: async () => {
          assert.equal(this.isHeld, true, 'a poll would bring records')
          this.polls += 1
          if (this.polls === 3) this.onThirdPoll()
        },
      },
      clock: this.clock,
      backoff: this.backoff,
      events: { retrying: (_, waitMs) => this.waits.push(waitMs) },
    },
    {
      isStopping: () => false,
      beat: () => {
        this.beats += 1
      },
    },
  )
}

function failing(times: number, then?: (call: number) => void): () => Promise<string> {
  let calls = 0
  return async () => {
    calls += 1
    then?.(calls)
    if (calls <= times) throw new ServiceError('KAFKA_UNAVAILABLE', 'away')
    return 'there'
  }
}

test('commits that go well meanwhile do not shorten the pauses', async () => {
  const world = new World()
  const call = failing(5, () => world.backoff.reset())
  assert.equal(await world.insistence.repeat(call), 'there')
  assert.deepEqual(world.waits, [100, 200, 400, 800, 1_600])
})

test('attempts are bounded while brokers are there', async () => {
  const world = new World()
  await assert.rejects(world.insistence.repeat(failing(10)), { code: 'KAFKA_UNAVAILABLE' })
  assert.equal(world.waits.length, 9)
})

test('an outage is waited out, however long it takes', async () => {
  const world = new World()
  world.isAway = true
  const call = failing(200, (count) => {
    world.isAway = count < 195
  })
  assert.equal(await world.insistence.repeat(call), 'there')
  assert.equal(world.beats, 200, 'liveness must not end what waits')
})

test('what takes long is waited for with polls that bring nothing', async () => {
  const world = new World()
  const call = () =>
    new Promise<string>((resolve) => {
      world.onThirdPoll = () => resolve('there')
    })
  assert.equal(await world.insistence.repeatInGroup(call), 'there')
  assert.deepEqual([world.polls, world.beats, world.isHeld], [3, 3, false])
})
