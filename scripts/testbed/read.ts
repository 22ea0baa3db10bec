import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../../src/runtime/callback.ts'

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const POLL_WAIT_MS = 50
const POLL_RECORDS_MAX = 10_000
/** Longest time without a record before reading counts as failed. */
const SILENCE_MAX_MS = 30_000

/** A whole topic. */
export interface ReadPlan {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
}

/**
 * Hands over everything that a read-committed reader sees of a topic now, batch by batch, each
 * partition's records in order. It belongs to no group.
 *
 * @throws Error when the end is not reached
 */
export async function readCommitted(
  { brokers, topic, partitions }: ReadPlan,
  onMessages: (messages: readonly Message[]) => void,
): Promise<void> {
  const consumer = new kafka.RdKafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': `reader-${process.pid}`,
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'enable.partition.eof': true,
      'fetch.wait.max.ms': 50,
    },
    {},
  )
  const ended = new Set<number>()
  consumer.on('partition.eof', (end: { partition: number }) => ended.add(end.partition))
  consumer.setDefaultConsumeTimeout(POLL_WAIT_MS)
  waitForFirstOnly(consumer)
  await fromCallback((done) => consumer.connect({ ...CONNECT, topic }, done))
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  consumer.assign(all.map((each) => ({ ...each, offset: 0 })))
  let heardAt = performance.now()
  while (ended.size < partitions) {
    const messages = await fromCallback<Message[]>((done) =>
      consumer.consume(POLL_RECORDS_MAX, done),
    )
    if (messages.length > 0) heardAt = performance.now()
    if (performance.now() - heardAt > SILENCE_MAX_MS) {
      throw new Error(`the end of ${topic} was not reached`)
    }
    onMessages(messages)
  }
  await fromCallback((done) => consumer.disconnect(done))
}

/** Otherwise the time-out is paid per message. The client's type declarations leave the method out. */
function waitForFirstOnly(consumer: KafkaConsumer): void {
  const settable = consumer as unknown as {
    setDefaultIsTimeoutOnlyForFirstMessage(isOnly: boolean): void
  }
  settable.setDefaultIsTimeoutOnlyForFirstMessage(true)
}
