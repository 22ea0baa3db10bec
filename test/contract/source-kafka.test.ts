import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopics, deleteBefore } from '../../scripts/testbed/topics.ts'
import { invariant } from '../../src/domain/errors.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaChangelog } from '../../src/source/kafka-changelog.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import type { Source } from '../../src/source/port.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { write } from '../harness/kafka.ts'
import { produce } from './producer-suite.ts'
import { sourceContract } from './source-suite.ts'
import type { SourceWorld } from './source-suite.ts'

const REQUEST_TIMEOUT_MS = 10_000
let worlds = 0

/** A real topic and a real group. */
async function openWorld(isPatched: boolean): Promise<SourceWorld> {
  const { brokers } = testbedAddresses()
  const prefix = `s${process.pid}-${++worlds}-${Date.now().toString(36)}`
  const topic = `${prefix}-in`
  await createTopics(brokers, [{ name: topic, partitions: 2 }])
  const sources: KafkaSource[] = []
  const producers: KafkaProducer[] = []
  // Sees the end of a log before transactions are decided.
  const changelog = new KafkaChangelog(topic, {
    'bootstrap.servers': brokers,
    'group.id': `${prefix}-bounds`,
    'enable.auto.commit': false,
  })
  const openProducer = async (source: KafkaSource, id: string): Promise<KafkaProducer> => {
    const producer = new KafkaProducer({
      properties: {
        'bootstrap.servers': brokers,
        'transactional.id': `${prefix}-${id}`,
        'transaction.timeout.ms': 30_000,
        'linger.ms': 0,
      },
      topic,
      consumer: () => source.client,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    })
    producers.push(producer)
    await producer.initTransactions()
    return producer
  }
  const open = async (name: string): Promise<KafkaSource> => {
    const source = new KafkaSource({
      topic,
      isPatched,
      properties: {
        'bootstrap.servers': brokers,
        'group.id': prefix,
        'group.instance.id': name,
        'partition.assignment.strategy': 'cooperative-sticky',
        'isolation.level': 'read_committed',
        'enable.auto.commit': false,
        'session.timeout.ms': 6_000,
        'heartbeat.interval.ms': 200,
        'fetch.wait.max.ms': 20,
        'statistics.interval.ms': 100,
      },
    })
    sources.push(source)
    await source.connect()
    return source
  }
  return {
    inputTopic: topic,
    open,
    producerOf: (source) => {
      invariant(source instanceof KafkaSource, 'a source of this world')
      return openProducer(source, 'offsets')
    },
    write: (partition, values) =>
      write(
        brokers,
        topic,
        values.map((value) => ({ partition, key: null, value: Buffer.from(value) })),
      ),
    writeOpen: async (partition, values) => {
      const [source] = sources
      invariant(source !== undefined, 'a transaction needs a source of this world')
      const producer = await openProducer(source, 'foreign')
      await producer.beginTransaction()
      const { end } = await changelog.bounds(partition)
      for (const value of values) {
        await produce(producer, { topic, partition, key: null, value: Buffer.from(value) })
      }
      await whenGrown(changelog, partition, end + values.length)
      return {
        commit: () => producer.commitTransaction(),
        abort: () => producer.abortTransaction(),
      }
    },
    deleteBefore: (partition, offset) => deleteBefore(brokers, { topic, partition }, offset),
    close: async () => {
      for (const producer of producers) await producer.close()
      for (const source of sources) await source.close()
      await changelog.disconnect()
    },
  }
}

async function whenGrown(log: KafkaChangelog, partition: number, end: number): Promise<void> {
  for (let look = 0; look < 500; look += 1) {
    if ((await log.bounds(partition)).end >= end) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`partition ${partition} did not grow to ${end}`)
}

for (const isPatched of canKafka('consumeBatch') ? [false, true] : [false]) {
  const how = isPatched ? 'Kafka, in blocks' : 'Kafka, one by one'
  sourceContract(how, () => openWorld(isPatched))

  test(`${how}: the end of records is before the markers and aborted records that follow`, async () => {
    const world = await openWorld(isPatched)
    try {
      const source = await world.open('one')
      let isAssigned = false
      source.subscribe(({ kind, answer }) => {
        answer()
        isAssigned = kind === 'assigned'
      })
      await whilePolling(source, () => isAssigned)
      await world.write(0, ['a'])
      await (await world.writeOpen(0, ['b'])).commit()
      await (await world.writeOpen(0, ['c', 'd'])).abort()
      await source.seek([{ partition: 0, offset: 0 }])
      // a, b, a marker, c, d, a marker
      await whilePolling(source, () => source.recordsEnd(0) === 2)
      await source.seek([{ partition: 0, offset: 0 }])
      assert.equal(source.recordsEnd(0), 6, 'not reached again')
      await whilePolling(source, () => source.recordsEnd(0) === 2)
      await source.seek([{ partition: 0, offset: 2 }])
      assert.equal(source.recordsEnd(0), 6)
      await whilePolling(source, () => source.recordsEnd(0) === 2)
      await (await world.writeOpen(0, ['e'])).commit()
      await whilePolling(source, () => source.recordsEnd(0) === 7)
    } finally {
      await world.close()
    }
  })
}

async function whilePolling(source: Source, isDone: () => boolean): Promise<void> {
  for (let poll = 0; poll < 200 && !isDone(); poll += 1) await source.poll(100)
  assert.ok(isDone(), 'not after 200 polls')
}
