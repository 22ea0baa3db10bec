import { ServiceError } from '../../src/domain/errors.ts'
import type { Fencing } from '../../src/loop/former-owners.ts'
import type { SimBroker } from './broker.ts'
import type { SimSource } from './source.ts'
import type { World } from './world.ts'

/** Of the fencings, of which there are few. */
const SHARE = 0.5
/** Long enough for the owner to be back, and for its transaction to be over. */
const SLOW_MAX_MS = 20_000
const REQUEST_TIMEOUT_MS = 5_000

/** What an instance can do to others on the simulated broker: late, in vain, or unbeknown to itself. */
export function fencingOf(world: World, broker: SimBroker, source: SimSource): Fencing {
  const { caller } = source.member
  const request = async (): Promise<void> => {
    await world.travel(caller)
    if (world.fault('fence-slow', SHARE)) {
      await world.clock.sleep(world.random.whole(0, SLOW_MAX_MS))
      await world.travel(caller)
    }
    const isThrough = await world.reaches(caller, REQUEST_TIMEOUT_MS)
    if (!isThrough || world.fault('fence-refused', SHARE)) {
      throw new ServiceError('KAFKA_UNAVAILABLE', 'fencing')
    }
  }
  return {
    lastWritten: async (asked) => {
      await request()
      return source.lastWritten(asked)
    },
    fence: async (name) => {
      await request()
      broker.init(name)
      await world.travel(caller)
      if (world.fault('fence-answer-lost', SHARE)) {
        throw new ServiceError('KAFKA_UNAVAILABLE', 'fenced, and no answer')
      }
    },
  }
}
