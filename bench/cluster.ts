import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message, Producer } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../src/runtime/callback.ts'

/** Where the parts are that a run uses. */
export interface Cluster {
  readonly brokers: string
  readonly registryUrl: string
}

/** Partitions of every topic of a run. */
export const PARTITIONS = 4

const REQUEST_TIMEOUT_MS = 10_000
const CONNECT = { topic: '', allTopics: false, timeout: REQUEST_TIMEOUT_MS } as const
const POLL_RECORDS_MAX = 10_000
const POLL_WAIT_MS = 50
const TOPICS_WAIT_MS = 30_000

/** The Kafka client's own version, and the library's beneath it. */
export const LIBRDKAFKA_VERSION = kafka.librdkafkaVersion

/** A connected producer that spreads keys as the Java clients do. */
export async function connectProducer(brokers: string, lingerMs: number): Promise<Producer> {
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    partitioner: 'murmur2_random',
    'linger.ms': lingerMs,
    'queue.buffering.max.messages': 200_000,
  })
  await fromCallback((done) => producer.connect(CONNECT, done))
  producer.setPollInBackground(true)
  return producer
}

/** Waits until everything produced is on the log. @throws Error when it is not within a minute */
export async function closeProducer(producer: Producer): Promise<void> {
  await fromCallback((done) => producer.flush(60_000, (error) => done(error, undefined)))
  await fromCallback((done) => producer.disconnect(1_000, done))
}

/** A connected consumer of committed records, assigned to the whole of a topic, from its beginning. */
export async function connectReader(brokers: string, topic: string): Promise<KafkaConsumer> {
  const consumer = await connectConsumer(brokers, `bench-reader-${process.pid}`)
  consumer.assign(allPartitions(topic).map((entry) => ({ ...entry, offset: 0 })))
  return consumer
}

/** A connected consumer that is no member of its group. */
export async function connectConsumer(brokers: string, group: string): Promise<KafkaConsumer> {
  const consumer = new kafka.RdKafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': group,
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'enable.partition.eof': true,
      'fetch.wait.max.ms': 100,
      'fetch.message.max.bytes': 4_194_304,
    },
    {},
  )
  consumer.setDefaultConsumeTimeout(POLL_WAIT_MS)
  waitForFirstOnly(consumer)
  await fromCallback((done) => consumer.connect(CONNECT, done))
  return consumer
}

/** What has come by now; waits a moment for the first record only. */
export function poll(consumer: KafkaConsumer, recordsMax = POLL_RECORDS_MAX): Promise<Message[]> {
  return fromCallback((done) => consumer.consume(recordsMax, done))
}

/** Disconnects a consumer that has no poll in flight. */
export async function closeConsumer(consumer: KafkaConsumer): Promise<void> {
  await fromCallback((done) => consumer.disconnect(done))
}

/** Calls `onMessages` with everything that is committed in a topic now, batch by batch. */
export async function readAll(
  brokers: string,
  topic: string,
  onMessages: (messages: readonly Message[]) => void,
): Promise<void> {
  const consumer = await connectReader(brokers, topic)
  const ended = new Set<number>()
  consumer.on('partition.eof', (end: { partition: number }) => ended.add(end.partition))
  while (ended.size < PARTITIONS) onMessages(await poll(consumer))
  await closeConsumer(consumer)
}

/** The partitions of a topic of a run. */
export function allPartitions(topic: string): { topic: string; partition: number }[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
}

/** Creates topics and waits until they can be written to. */
export async function createTopics(brokers: string, topics: readonly string[]): Promise<void> {
  const admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': brokers })
  for (const topic of topics) {
    const settings = { topic, num_partitions: PARTITIONS, replication_factor: -1 }
    await fromCallback((done) =>
      admin.createTopic(settings, REQUEST_TIMEOUT_MS, (error) => done(error, undefined)),
    )
  }
  const deadline = performance.now() + TOPICS_WAIT_MS
  const missing = new Set(topics)
  while (missing.size > 0) {
    if (performance.now() > deadline)
      throw new Error(`topics not there: ${[...missing].join(', ')}`)
    for (const topic of await fromCallback<string[]>((done) => admin.listTopics({}, done))) {
      missing.delete(topic)
    }
    await sleep(20)
  }
  admin.disconnect()
}

/** Deletes topics; those already gone do not matter. */
export async function deleteTopics(brokers: string, topics: readonly string[]): Promise<void> {
  const admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': brokers })
  await Promise.allSettled(
    topics.map((topic) =>
      fromCallback((done) =>
        admin.deleteTopic(topic, REQUEST_TIMEOUT_MS, (error) => done(error, undefined)),
      ),
    ),
  )
  admin.disconnect()
}

/** Otherwise the time-out is paid per message. The client's type declarations leave the method out. */
function waitForFirstOnly(consumer: KafkaConsumer): void {
  const settable = consumer as unknown as {
    setDefaultIsTimeoutOnlyForFirstMessage(isOnly: boolean): void
  }
  settable.setDefaultIsTimeoutOnlyForFirstMessage(true)
}
