import { createTopics, deleteBefore } from '../../scripts/testbed/topics.ts'
import { invariant } from '../../src/domain/errors.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaChangelog } from '../../src/source/kafka-changelog.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
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

sourceContract('Kafka, one by one', () => openWorld(false))
if (canKafka('consumeBatch')) sourceContract('Kafka, in blocks', () => openWorld(true))
