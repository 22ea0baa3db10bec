import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript'
import type { Header, InputRecord } from '../../src/domain/record.ts'
import { fromCallback } from '../../src/runtime/callback.ts'

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const READ_WAIT_MS = 60_000
/** Whether a record is too large is for the topic to say. */
const RECORD_BYTES_MAX = 128 * 1024 * 1024

/** A record to be written. */
export interface NewRecord {
  readonly partition: number
  readonly key: string | Buffer | null
  readonly value: Buffer | null
  /** Ms; now, unless set. */
  readonly timestampMs?: number
  readonly headers?: readonly Header[]
}

/** Writes records to a topic and waits until all are on the log. */
export async function write(
  brokers: string,
  topic: string,
  records: Iterable<NewRecord>,
): Promise<void> {
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    'linger.ms': 5,
    'message.max.bytes': RECORD_BYTES_MAX,
    'queue.buffering.max.messages': 1_000_000,
  })
  await fromCallback((done) => producer.connect({ ...CONNECT, topic }, done))
  for (const { partition, key, value, timestampMs, headers } of records) {
    const copied = headers === undefined ? undefined : [...headers]
    producer.produce(topic, partition, value, key, timestampMs ?? null, undefined, copied)
  }
  await fromCallback((done) => producer.flush(60_000, (error) => done(error, undefined)))
  await fromCallback((done) => producer.disconnect(1_000, done))
}

/** Everything a read-committed reader sees of a topic now, by partition and offset. */
export async function readCommitted(
  brokers: string,
  topic: string,
  partitions: number,
): Promise<readonly InputRecord[]> {
  const consumer = new kafka.RdKafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': `reader-${process.pid}`,
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'enable.partition.eof': true,
    },
    // A log whose beginning was deleted is read from where it begins now.
    { 'auto.offset.reset': 'earliest' },
  )
  consumer.setDefaultConsumeTimeout(50)
  await fromCallback((done) => consumer.connect({ ...CONNECT, topic }, done))
  const ended = new Set<number>()
  consumer.on('partition.eof', (end: { partition: number }) => ended.add(end.partition))
  consumer.assign(
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })),
  )
  const records = await readUntil(consumer, () => ended.size === partitions, topic)
  await fromCallback((done) => consumer.disconnect(done))
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}

async function readUntil(
  consumer: KafkaConsumer,
  isDone: () => boolean,
  topic: string,
): Promise<InputRecord[]> {
  const records: InputRecord[] = []
  const deadline = performance.now() + READ_WAIT_MS
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error(`the end of ${topic} was not reached`)
    const messages = await fromCallback<Message[]>((done) => consumer.consume(5_000, done))
    records.push(...(messages as readonly InputRecord[]))
  }
  return records
}
