import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputRecord } from '../../src/domain/record.ts'
import { OutputBatch } from '../../src/sink/output-batch.ts'
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
    await produce(producer, recordTo(world, 'a'))
    await produce(producer, recordTo(world, 'b'))
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
    await produce(producer, recordTo(world, 'gone'))
    await producer.sendOffsets([offsetOf(world, 7)])
    await producer.abortTransaction()
    await producer.beginTransaction()
    await produce(producer, recordTo(world, 'kept'))
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['kept'])
    assert.equal(await world.committedOffset(), undefined)
    await producer.close()
  })

  law('a newer instance takes the open transaction of an older one back', async (world) => {
    const older = await world.open()
    await older.initTransactions()
    await older.beginTransaction()
    await produce(older, recordTo(world, 'zombie'))
    const newer = await world.open()
    await newer.initTransactions()
    await newer.beginTransaction()
    await produce(newer, recordTo(world, 'new'))
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
        await produce(older, recordTo(world, 'zombie'))
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
    await produce(producer, recordTo(world, 'gone'))
    await producer.sendOffsets([offsetOf(world, 7)])
    await producer.renew()
    await producer.beginTransaction()
    await produce(producer, recordTo(world, 'kept'))
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
    await produce(older, recordTo(world, 'back'))
    await older.sendOffsets([offsetOf(world, 8)])
    await older.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['back'])
    assert.deepEqual(await world.committedOffset(), offsetOf(world, 8))
    await older.close()
    await newer.close()
  })

  law('a batch may be filled anew as soon as it is produced', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    const batch = new OutputBatch()
    for (const values of [
      ['1', '2'],
      ['3', '4'],
    ]) {
      for (const value of values) batch.add(recordTo(world, value))
      assert.equal(await producer.produce(batch, 0), 2)
      batch.clear()
    }
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['1', '2', '3', '4'])
    await producer.close()
  })

  law('a batch is produced from the record on that is asked for', async (world) => {
    const producer = await world.open()
    await producer.initTransactions()
    await producer.beginTransaction()
    assert.equal(await produce(producer, recordTo(world, 'before'), recordTo(world, 'asked')), 2)
    const batch = new OutputBatch()
    for (const value of ['skipped', 'last']) batch.add(recordTo(world, value))
    assert.equal(await producer.produce(batch, 1), 2)
    await producer.commitTransaction()
    assert.deepEqual(await world.readCommitted(), ['before', 'asked', 'last'])
    await producer.close()
  })
}

/** Produces these records as one batch. */
export function produce(
  producer: TransactionalProducer,
  ...records: readonly OutputRecord[]
): Promise<number> {
  const batch = new OutputBatch()
  for (const record of records) batch.add(record)
  return producer.produce(batch, 0)
}

/** A record of the output topic. */
export function recordTo(world: ProducerWorld, value: string) {
  return { topic: world.outputTopic, partition: 0, key: null, value: Buffer.from(value) }
}

/** A commit of the one input partition. */
export function offsetOf(world: ProducerWorld, offset: number): OffsetCommit {
  return { topic: world.inputTopic, partition: 0, offset, metadata: '{"v":1}' }
}
