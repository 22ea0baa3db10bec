import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopics } from '../../scripts/testbed/topics.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import { canKafka, clientWarning } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { readCommitted } from '../harness/kafka.ts'
import { isolationContract } from './isolation-suite.ts'
import type { IsolationWorld } from './isolation-suite.ts'
import { produce, producerContract } from './producer-suite.ts'

const REQUEST_TIMEOUT_MS = 10_000
let worlds = 0

/** Real topics and a real group of one member, whose offsets the producers send. */
async function openWorld(isPatched: boolean): Promise<IsolationWorld> {
  const { brokers } = testbedAddresses()
  const prefix = `c${process.pid}-${++worlds}-${Date.now().toString(36)}`
  const inputTopic = `${prefix}-in`
  const outputTopic = `${prefix}-out`
  await createTopics(
    brokers,
    [inputTopic, outputTopic].map((name) => ({ name, partitions: 1 })),
  )
  const source = await joinGroup(brokers, prefix, inputTopic)
  const others: KafkaSource[] = []
  const producers: KafkaProducer[] = []
  const open = async (transactionalId: string): Promise<KafkaProducer> => {
    const producer = new KafkaProducer({
      properties: {
        'bootstrap.servers': brokers,
        'transactional.id': transactionalId,
        'transaction.timeout.ms': 10_000,
        'retry.backoff.ms': 5,
      },
      topic: outputTopic,
      consumer: () => source.client,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      isPatched,
    })
    producers.push(producer)
    return producer
  }
  return {
    inputTopic,
    outputTopic,
    open: () => open(prefix),
    openOther: () => open(`${prefix}-other`),
    readCommitted: async () =>
      (await readCommitted(brokers, outputTopic, 1)).map(({ value }) => String(value)),
    committedOffset: async () => {
      // A member that was replaced is told nothing any more.
      const [stored] = await (others.at(-1) ?? source).committed([0])
      if (stored?.offset === undefined) return undefined
      const { partition, offset, metadata = '' } = stored
      return { topic: inputTopic, partition, offset, metadata }
    },
    replaceMember: async () => void others.push(await joinGroup(brokers, prefix, inputTopic)),
    close: async () => {
      for (const producer of producers) await producer.close()
      for (const each of [source, ...others]) await each.close()
    },
  }
}

async function joinGroup(brokers: string, group: string, topic: string): Promise<KafkaSource> {
  const source = new KafkaSource({
    topic,
    properties: {
      'bootstrap.servers': brokers,
      'group.id': group,
      'group.instance.id': 'contract',
      'partition.assignment.strategy': 'cooperative-sticky',
      'isolation.level': 'read_committed',
      'enable.auto.commit': false,
      // A member whose place is taken does not learn of it before a test is over.
      'session.timeout.ms': 45_000,
      'heartbeat.interval.ms': 20_000,
    },
  })
  await source.connect()
  const member = { isAssigned: false }
  source.subscribe((rebalance) => {
    if (rebalance.kind === 'assigned') {
      rebalance.answer()
      member.isAssigned = true
    } else rebalance.answer()
  })
  while (!member.isAssigned) await source.poll(1)
  return source
}

producerContract('Kafka, records one by one', () => openWorld(false))
if (canKafka('produceBatch')) producerContract('Kafka, records at once', () => openWorld(true))
isolationContract('Kafka', () => openWorld(canKafka('produceBatch')))

for (const isPatched of canKafka('produceBatch') ? [true, false] : [false]) {
  const how = isPatched ? 'at once' : 'one by one'
  test(`Kafka, records ${how}: keys, values, headers and timestamps arrive as they were`, async () => {
    const { brokers } = testbedAddresses()
    const world = await openWorld(isPatched)
    const topic = world.outputTopic
    const records: OutputRecord[] = [
      { topic, partition: 0, key: null, value: null },
      { topic, partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(0) },
      {
        topic,
        partition: 0,
        key: Buffer.from([0, 255]),
        value: Buffer.from([7]),
        timestamp: 1_700_000_000_123,
        headers: [
          { twice: Buffer.from('ä') },
          { twice: Buffer.alloc(0) },
          { '': Buffer.from([0]) },
        ],
      },
    ]
    try {
      const producer = await world.open()
      await producer.initTransactions()
      await producer.beginTransaction()
      assert.equal(await produce(producer, ...records), records.length)
      await producer.commitTransaction()
      const read = await readCommitted(brokers, topic, 1)
      for (const [index, { key, value, headers, timestamp }] of records.entries()) {
        const found = read[index]
        assert.deepEqual([found?.key, found?.value, found?.headers], [key, value, headers])
        if (timestamp !== undefined) assert.equal(found?.timestamp, timestamp)
      }
      await assert.rejects(async () => {
        await producer.beginTransaction()
        await produce(producer, { topic, partition: 99, key: null, value: Buffer.from('x') })
        await producer.commitTransaction()
      }, /-99: .*partition/u)
    } finally {
      await world.close()
    }
  })
}

/** What a stock librdkafka waits before it asks again for a transactional id whose transaction is open. */
const ASK_AGAIN_MS = 500

if (clientWarning() === undefined) {
  test('Kafka: the successor of a producer that had to abort need not wait for the transaction', async (t) => {
    const { brokers } = testbedAddresses()
    const world = await openWorld(canKafka('produceBatch'))
    const topic = `${world.outputTopic}-small`
    await createTopics(brokers, [
      { name: topic, partitions: 1, config: { 'max.message.bytes': '150' } },
    ])
    const small: OutputRecord = { topic, partition: 0, key: null, value: Buffer.from('x') }
    const tooLarge: OutputRecord = { ...small, value: Buffer.alloc(1_000) }
    const tookMs: number[] = []
    try {
      const producer = await world.open()
      await producer.initTransactions()
      // The machine may have been busy meanwhile: one of them suffices.
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await producer.beginTransaction()
        await produce(producer, tooLarge)
        await assert.rejects(producer.commitTransaction(), { code: 'TRANSACTION_ABORTABLE' })
        await assert.rejects(producer.abortTransaction(), { code: 'PRODUCER_FATAL' })
        const startedAt = performance.now()
        await producer.renew()
        tookMs.push(performance.now() - startedAt)
      }
      t.diagnostic(`renewed in ${tookMs.map((each) => Math.round(each)).join(', ')} ms`)
      assert.ok(Math.min(...tookMs) < ASK_AGAIN_MS, `renewed in ${tookMs.join(', ')} ms`)
      await producer.beginTransaction()
      await produce(producer, small)
      await producer.commitTransaction()
      const read = await readCommitted(brokers, topic, 1)
      assert.deepEqual(
        read.map(({ value }) => String(value)),
        ['x'],
      )
    } finally {
      await world.close()
    }
  })
}
