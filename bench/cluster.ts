import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message, Producer } from '@confluentinc/kafka-javascript'
import type { Testbed } from '../scripts/testbed/testbed.ts'
import { fromCallback } from '../src/runtime/callback.ts'

/** Where the parts are that a run uses. */
export interface Cluster {
  readonly brokers: string
  readonly registryUrl: string
  /** Process id of the broker, when it is ours to look at. */
  readonly brokerPid?: number
}

/** What a run needs to know of a testbed. */
export function clusterOf(testbed: Testbed): Cluster {
  const { brokers, registryUrl } = testbed
  const pid = testbed.isOwn ? testbed.broker().pid : undefined
  return { brokers, registryUrl, ...(pid === undefined ? {} : { brokerPid: pid }) }
}

/** Partitions of every topic of a run, unless others are asked for. */
export const PARTITIONS = 4

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const POLL_RECORDS_MAX = 10_000
const POLL_WAIT_MS = 20

/** A connected producer that spreads keys as the Java clients do. */
export async function connectProducer(
  brokers: string,
  topic: string,
  lingerMs: number,
): Promise<Producer> {
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    partitioner: 'murmur2_random',
    'linger.ms': lingerMs,
    'queue.buffering.max.messages': 200_000,
  })
  await fromCallback((done) => producer.connect({ ...CONNECT, topic }, done))
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
  const consumer = new kafka.RdKafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': `bench-reader-${process.pid}`,
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'fetch.wait.max.ms': 100,
    },
    {},
  )
  consumer.setDefaultConsumeTimeout(POLL_WAIT_MS)
  waitForFirstOnly(consumer)
  await fromCallback((done) => consumer.connect({ ...CONNECT, topic }, done))
  const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
  consumer.assign(all.map((entry) => ({ ...entry, offset: 0 })))
  return consumer
}

/** What has come by now; waits a moment for the first record only. */
export function poll(consumer: KafkaConsumer): Promise<Message[]> {
  return fromCallback((done) => consumer.consume(POLL_RECORDS_MAX, done))
}

/** Disconnects a consumer that has no poll in flight. */
export async function closeConsumer(consumer: KafkaConsumer): Promise<void> {
  await fromCallback((done) => consumer.disconnect(done))
}

/** Otherwise the time-out is paid per message. The client's type declarations leave the method out. */
function waitForFirstOnly(consumer: KafkaConsumer): void {
  const settable = consumer as unknown as {
    setDefaultIsTimeoutOnlyForFirstMessage(isOnly: boolean): void
  }
  settable.setDefaultIsTimeoutOnlyForFirstMessage(true)
}
