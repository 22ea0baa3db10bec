import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransactionalProducer } from '../../src/sink/port.ts'
import type { ProducerWorld } from './producer-suite.ts'
import { offsetOf, produce, recordTo } from './producer-suite.ts'

/** A world with room for two producers that have nothing to do with each other. */
export interface IsolationWorld extends ProducerWorld {
  /** A producer with a transactional id of its own. */
  openOther(): Promise<TransactionalProducer>
}

/** What a reader sees of two producers at once; run on the simulated broker and on the real one. */
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

  async function open(producer: TransactionalProducer): Promise<void> {
    await producer.initTransactions()
    await producer.beginTransaction()
  }
}
