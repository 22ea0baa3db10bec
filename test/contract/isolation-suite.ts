import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransactionalProducer } from '../../src/sink/port.ts'
import type { ProducerWorld } from './producer-suite.ts'
import { offsetOf, produce, recordTo } from './producer-suite.ts'

/** A world with room for two producers that have nothing to do with each other, and with a group. */
export interface IsolationWorld extends ProducerWorld {
  /** A producer with a transactional id of its own. */
  openOther(): Promise<TransactionalProducer>
  /** Another process takes the place of the group's member, for which the producers send offsets. */
  replaceMember(): Promise<void>
}

/**
 * What a reader sees of two producers at once, and what the group takes of whom; run on the simulated broker
 * and on the real one.
 */
export function isolationContract(name: string, openWorld: () => Promise<IsolationWorld>): void {
  const law = (title: string, body: (world: IsolationWorld) => Promise<void>): void => {
    test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
      const world = await openWorld()
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
  }

  for (const isCommitted of [true, false]) {
    const end = isCommitted ? 'is committed' : 'is aborted'
    law(
      `an open transaction holds back what is committed after it, until it ${end}`,
      async (world) => {
        const [first, second] = [await world.open(), await world.openOther()]
        await open(first)
        await produce(first, recordTo(world, 'a'))
        // A read takes longer than a producer lingers: now the record is on the log.
        assert.deepEqual(await world.readCommitted(), [])
        await open(second)
        await produce(second, recordTo(world, 'b'))
        await second.commitTransaction()
        assert.deepEqual(await world.readCommitted(), [])
        if (isCommitted) await first.commitTransaction()
        else await first.abortTransaction()
        assert.deepEqual(await world.readCommitted(), isCommitted ? ['a', 'b'] : ['b'])
      },
    )

    law(
      `the committed offset is told once the transaction that may move it ${end}`,
      async (world) => {
        const producer = await world.open()
        await open(producer)
        await producer.sendOffsets([offsetOf(world, 3)])
        await producer.commitTransaction()
        await producer.beginTransaction()
        await producer.sendOffsets([offsetOf(world, 7)])
        const asked = world.committedOffset()
        if (isCommitted) await producer.commitTransaction()
        else await producer.abortTransaction()
        assert.deepEqual(await asked, offsetOf(world, isCommitted ? 7 : 3))
      },
    )
  }

  law(
    'offsets of a member that is no longer in the group are refused, and what was committed stands',
    async (world) => {
      const producer = await world.open()
      await open(producer)
      await produce(producer, recordTo(world, 'kept'))
      await producer.sendOffsets([offsetOf(world, 3)])
      await producer.commitTransaction()
      await producer.beginTransaction()
      await produce(producer, recordTo(world, 'gone'))
      await world.replaceMember()
      await assert.rejects(producer.sendOffsets([offsetOf(world, 7)]), {
        code: 'TRANSACTION_ABORTABLE',
      })
      await assert.rejects(producer.abortTransaction(), { code: 'PRODUCER_FATAL' })
      await producer.renew()
      assert.deepEqual(await world.readCommitted(), ['kept'])
      assert.deepEqual(await world.committedOffset(), offsetOf(world, 3))
    },
  )

  async function open(producer: TransactionalProducer): Promise<void> {
    await producer.initTransactions()
    await producer.beginTransaction()
  }
}
