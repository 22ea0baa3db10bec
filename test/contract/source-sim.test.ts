import { invariant } from '../../src/domain/errors.ts'
import { SimBroker } from '../simulation/broker.ts'
import { Group } from '../simulation/group.ts'
import { SimProducer } from '../simulation/producer.ts'
import { SimSource } from '../simulation/source.ts'
import { callerOf, World } from '../simulation/world.ts'
import { letTimePass } from './let-time-pass.ts'
import { sourceContract } from './source-suite.ts'
import type { SourceWorld } from './source-suite.ts'

/** A group without faults. */
async function openWorld(): Promise<SourceWorld> {
  const world = new World(1, { faultsMax: 0 })
  const broker = new SimBroker(world, 2)
  const group = new Group(world, 2)
  const life = { isOver: false }
  void letTimePass(world, life)
  const logOf = (partition: number) => {
    const log = broker.inputs[partition]
    invariant(log !== undefined, `there is no partition ${partition}`)
    return log
  }
  const write = (partition: number, values: readonly string[]): void => {
    for (const value of values) {
      const timestamp = world.clock.now()
      logOf(partition).append({ partition, timestamp, key: null, value: Buffer.from(value) })
    }
  }
  return {
    inputTopic: 'events',
    open: async (name) => new SimSource(world, broker, { group, caller: callerOf(name) }),
    producerOf: async (source) => {
      invariant(source instanceof SimSource, 'a source of this world')
      const producer = new SimProducer(world, broker, { group, member: source.member })
      await producer.initTransactions()
      return producer
    },
    write: async (partition, values) => write(partition, values),
    writeOpen: async (partition, values) => {
      const log = logOf(partition)
      const from = log.records.length
      write(partition, values)
      const decide = log.hold(from)
      return { commit: async () => decide('committed'), abort: async () => decide('aborted') }
    },
    deleteBefore: async (partition, offset) => logOf(partition).deleteBefore(offset),
    close: async () => {
      life.isOver = true
      group.isClosed = true
    },
  }
}

sourceContract('simulation', openWorld)
