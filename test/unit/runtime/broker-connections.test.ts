import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAnyBrokerUp } from '../../../src/runtime/broker-connections.ts'

const brokersOf = (bootstrap: string, broker: string, coordinator: string) => ({
  brokers: {
    bootstrap: { nodeid: -1, state: bootstrap },
    one: { nodeid: 1, state: broker },
    coordinator: { nodeid: -1, state: coordinator },
  },
})

for (const [wanted, bootstrap, broker, coordinator] of [
  [true, 'DOWN', 'UP', 'DOWN'],
  // An idle producer after an outage, as seen with librdkafka 2.15.
  [true, 'UP', 'INIT', 'UP'],
  [true, 'DOWN', 'INIT', 'UP'],
  [false, 'DOWN', 'INIT', 'DOWN'],
  [false, 'UP', 'DOWN', 'DOWN'],
  [false, 'UP', 'TRY_CONNECT', 'UP'],
] as const) {
  test(`bootstrap ${bootstrap}, broker ${broker}, coordinator ${coordinator}: ${wanted ? 'up' : 'not up'}`, () => {
    assert.equal(isAnyBrokerUp(brokersOf(bootstrap, broker, coordinator)), wanted)
  })
}

test('before any broker is known, nothing is up', () => {
  assert.equal(isAnyBrokerUp({ brokers: { bootstrap: { nodeid: -1, state: 'UP' } } }), false)
  assert.equal(isAnyBrokerUp({}), false)
})
