import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OffsetCommit, TransactionalProducer } from '../../src/sink/port.ts'

/** What a suite needs to see from outside: what a read-committed reader and the group would get. */
export interface ProducerWorld {
  /** A producer with the world's transactional id; each call is a newer instance of it. */
  open(): Promise<TransactionalProducer>
  /** Values of the output topic, read committed. */
  readCommitted(): Promise<readonly string[]>
  committedOffset(): Promise<OffsetCommit | undefined>
  readonly outputTopic: string
  readonly inputTopic: string
  close(): Promise<void>
}

/** The contract of `TransactionalProducer`, run on the fake, in simulation and on the Kafka adapter. */
export function producerContract(name: string, openWorld: () => Promise<ProducerWorld>): void {
  const law = (title: string, body: (world: ProducerWorld) => Promise<void>): void => {
    test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
      const world = await openWorld()
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
  }

  law('nothing shows before the commit, records and offsets together after it', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    producer.produce(recordTo(world, 'a'))
    producer.produce(recordTo(world, 'b'))
    await producer.sendOffsets([offsetOf(world, 7)])
    assert.deepEqual(await world.readCommitted(), [])
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['a', 'b'])
    assert.deepEqual(await world.committedOffset(), offsetOf(world, 7))
    await producer.close()
  })

  law('an aborted transaction leaves neither records nor offsets', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    producer.produce(recordTo(world, 'gone'))
    await producer.sendOffsets([offsetOf(world, 7)])
    await producer.abortTransaction()
    await producer.beginTransaction()
    producer.produce(recordTo(world, 'kept'))
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['kept'])
    assert.equal(await world.committedOffset(), undefined)
    await producer.close()
  })

  law('a newer instance takes the open transaction of an older one back', async (world) => {
    const older = await world.open()
    await older.initTransactions()
    await older.beginTransaction()
    older.produce(recordTo(world, 'zombie'))
    const newer = await world.open()
    await newer.initTransactions()
    await newer.beginTransaction()
    newer.produce(recordTo(world, 'new'))
    await newer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['new'])
    await newer.close()
  })

  law('a fenced instance is told so when it commits', async (world) => {
    const older = await world.open()
    await older.initTransactions()
    await older.beginTransaction()
    const newer = await world.open()
    await newer.initTransactions()
    await assert.rejects(
      async () => {
        older.produce(recordTo(world, 'zombie'))
        await older.sendOffsets([offsetOf(world, 9)])
        await older.commitTransaction()
      },
      { code: 'PRODUCER_FENCED' },
    )
    assert.equal(await world.committedOffset(), undefined)
    await newer.close()
  })

  law('a renewed producer has left its open transaction behind, and goes on', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    producer.produce(recordTo(world, 'gone'))
    await producer.sendOffsets([offsetOf(world, 7)])
    await producer.renew()
    await producer.beginTransaction()
    producer.produce(recordTo(world, 'kept'))
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['kept'])
    assert.equal(await world.committedOffset(), undefined)
    await producer.close()
  })

  law('a fenced producer is mended by renewing it', async (world) => {
    const older = await world.open()
    await older.initTransactions()
    const newer = await world.open()
    await newer.initTransactions()
    await older.renew()
    await older.beginTransaction()
    older.produce(recordTo(world, 'back'))
    await older.sendOffsets([offsetOf(world, 8)])
    await older.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['back'])
    assert.deepEqual(await world.committedOffset(), offsetOf(world, 8))
    await older.close()
    await newer.close()
  })

  law('a buffer may be reused as soon as it is produced', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    const shared = Buffer.from('1')
    producer.produce({ topic: world.outputTopic, partition: 0, key: null, value: shared })
    shared.write('2')
    producer.produce({ topic: world.outputTopic, partition: 0, key: null, value: shared })
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['1', '2'])
    await producer.close()
  })
}

/** A record of the output topic. */
export function recordTo(world: ProducerWorld, value: string) {
  return { topic: world.outputTopic, partition: 0, key: null, value: Buffer.from(value) }
}

/** A commit of the one input partition. */
export function offsetOf(world: ProducerWorld, offset: number): OffsetCommit {
  return { topic: world.inputTopic, partition: 0, offset, metadata: '{"v":1}' }
}
