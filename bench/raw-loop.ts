/**
 * The ceiling: what the same Kafka client does at most on this machine. Consumes a topic and produces
 * three records of the service's sizes for each record, in transactions of 100 ms with the offsets;
 * nothing is decoded, computed or encoded. Prints its rate as JSON.
 *
 *     node bench/raw-loop.ts BROKERS INPUT EVENTS TOPIC…
 */
import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../src/runtime/callback.ts'
import { waitForFirstOnly } from './cluster.ts'

const [brokers = '', input = '', eventsText = '', ...topics] = process.argv.slice(2)
const EVENTS = Number(eventsText)
const CONNECT = { topic: '', allTopics: false, timeout: 10_000 } as const
const COMMIT_INTERVAL_MS = 100
const BATCH_MAX_RECORDS = 1_000
/** What the service writes per event, by topic: features, prediction, audit. */
const VALUES = [95, 75, 210].map((bytes) => Buffer.alloc(bytes, 7))
const QUEUE_FULL = -184

const consumer = new kafka.RdKafka.KafkaConsumer(
  {
    'bootstrap.servers': brokers,
    'group.id': `${input}-raw`,
    'group.instance.id': 'raw',
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'partition.assignment.strategy': 'cooperative-sticky',
    'fetch.wait.max.ms': 100,
    'fetch.message.max.bytes': 4_194_304,
    'queued.min.messages': 100_000,
    'queued.max.messages.kbytes': 65_536,
    'fetch.queue.backoff.ms': 20,
  },
  { 'auto.offset.reset': 'earliest' },
)
const producer = new kafka.RdKafka.Producer({
  'bootstrap.servers': brokers,
  'transactional.id': `${input}-raw`,
  'linger.ms': 5,
  'compression.codec': 'lz4',
  'queue.buffering.max.messages': 200_000,
  'retry.backoff.ms': 5,
})
await fromCallback((done) => consumer.connect(CONNECT, done))
consumer.setDefaultConsumeTimeout(50)
waitForFirstOnly(consumer)
await fromCallback((done) => producer.connect(CONNECT, done))
producer.setPollInBackground(true)
await fromCallback<void>((done) => producer.initTransactions(30_000, (e) => done(e, undefined)))
consumer.subscribe([input])
const result = await run(consumer)
process.stdout.write(`${JSON.stringify(result)}\n`)
await fromCallback((done) => producer.disconnect(1_000, done))
process.exit(0)

async function run(from: KafkaConsumer): Promise<{ eventsPerSecond: number }> {
  const positions = new Map<number, number>()
  let done = 0
  let first: { readonly done: number; readonly atMs: number } | undefined
  let openedAt: number | undefined
  let ahead = consume(from)
  while (done < EVENTS) {
    const messages = await ahead
    ahead = consume(from)
    if (messages.length === 0) continue
    if (openedAt === undefined) {
      await fromCallback<void>((end) => producer.beginTransaction((e) => end(e, undefined)))
      openedAt = performance.now()
    }
    for (const { partition, offset, key } of messages) {
      for (const [index, topic] of topics.entries()) {
        while (!tryProduce(topic, partition, VALUES[index] ?? null, key)) await pause()
      }
      positions.set(partition, offset + 1)
    }
    done += messages.length
    if (done < EVENTS && performance.now() - openedAt < COMMIT_INTERVAL_MS) continue
    await commit(positions)
    openedAt = undefined
    first ??= { done, atMs: performance.now() }
  }
  await ahead
  const measured = done - (first?.done ?? 0)
  const seconds = (performance.now() - (first?.atMs ?? 0)) / 1_000
  return { eventsPerSecond: measured / seconds }
}

function consume(from: KafkaConsumer): Promise<Message[]> {
  return fromCallback((done) => from.consume(BATCH_MAX_RECORDS, done))
}

function tryProduce(
  topic: string,
  partition: number,
  value: Buffer | null,
  key: Message['key'],
): boolean {
  try {
    producer.produce(topic, partition, value, key)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === QUEUE_FULL) return false
    throw error
  }
}

async function commit(positions: Map<number, number>): Promise<void> {
  const offsets = [...positions].map(([partition, offset]) => ({ topic: input, partition, offset }))
  positions.clear()
  await fromCallback<void>((done) =>
    producer.sendOffsetsToTransaction(offsets, consumer, 10_000, (e) => done(e, undefined)),
  )
  await fromCallback<void>((done) => producer.commitTransaction(-1, (e) => done(e, undefined)))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2))
}
