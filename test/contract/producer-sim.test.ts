import { SimBroker } from '../simulation/broker.ts'
import { Group } from '../simulation/group.ts'
import { SimProducer } from '../simulation/producer.ts'
import { SimSource } from '../simulation/source.ts'
import { TOPICS } from '../simulation/topics.ts'
import { callerOf, World } from '../simulation/world.ts'
import { isolationContract } from './isolation-suite.ts'
import type { IsolationWorld } from './isolation-suite.ts'
import { letTimePass } from './let-time-pass.ts'
import { producerContract } from './producer-suite.ts'

const READ_MAX = 1_000
/** By then the markers of a decided transaction have come. */
const MARKED_MS = 100

/** A broker without faults; the changelog is the topic that has transactions in its log. */
async function openWorld(): Promise<IsolationWorld> {
  const world = new World(1, { faultsMax: 0 })
  const broker = new SimBroker(world, 1)
  const group = new Group(world, 1)
  const memberOf = (name: string) => new SimSource(world, broker, { group, caller: callerOf(name) })
  const source = memberOf('a')
  source.subscribe((rebalance) => rebalance.answer())
  const other = memberOf('b')
  const life = { isOver: false }
  void letTimePass(world, life)
  return {
    inputTopic: 'events',
    outputTopic: TOPICS.state,
    open: async () => new SimProducer(world, broker, { group, member: source.member }),
    replaceMember: async () => memberOf('a').subscribe((rebalance) => rebalance.answer()),
    openOther: async () => new SimProducer(world, broker, { group, member: other.member }),
    readCommitted: async () => {
      await world.clock.sleep(MARKED_MS)
      const records = broker.states[0]?.read(0, READ_MAX).records ?? []
      return records.map(({ value }) => String(value))
    },
    committedOffset: async () => {
      await source.committed([0])
      return broker.committed.get(0)
    },
    close: async () => {
      life.isOver = true
      group.isClosed = true
    },
  }
}

producerContract('simulation', openWorld)
isolationContract('simulation', openWorld)
