import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../../src/runtime/callback.ts'

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const POLL_MS = 20
const POLL_RECORDS_MAX = 5_000

/** What is read, and who is told. */
export interface ReadingPlan {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
  /** Each time there is something, within about twice 20 ms of its commit. */
  readonly onMessages: (messages: readonly Message[]) => void
}

/** Follows a topic as a read-committed reader sees it: what can be read, its transaction is committed. */
export class CommittedReader {
  readonly #consumer: KafkaConsumer
  readonly #onMessages: ReadingPlan['onMessages']
  #isClosed = false
  #polling: Promise<void> = Promise.resolve()

  private constructor(consumer: KafkaConsumer, onMessages: ReadingPlan['onMessages']) {
    this.#consumer = consumer
    this.#onMessages = onMessages
  }

  static async open(plan: ReadingPlan): Promise<CommittedReader> {
    const { brokers, topic, partitions, onMessages } = plan
    const consumer = new kafka.RdKafka.KafkaConsumer(
      {
        'bootstrap.servers': brokers,
        'group.id': `follower-${process.pid}`,
        'enable.auto.commit': false,
        'isolation.level': 'read_committed',
        'fetch.wait.max.ms': POLL_MS,
        'reconnect.backoff.ms': 50,
        'reconnect.backoff.max.ms': 200,
      },
      {},
    )
    consumer.setDefaultConsumeTimeout(1)
    // Lost connections are part of the run; the client comes back by itself.
    consumer.on('event.error', () => undefined)
    await fromCallback((done) => consumer.connect({ ...CONNECT, topic }, done))
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    consumer.assign(all.map((each) => ({ ...each, offset: 0 })))
    const reader = new CommittedReader(consumer, onMessages)
    reader.#polling = reader.#poll()
    return reader
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#polling
    await fromCallback((done) => this.#consumer.disconnect(done))
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed) {
      const messages = await fromCallback<Message[]>((done) =>
        this.#consumer.consume(POLL_RECORDS_MAX, done),
      ).catch(() => [])
      if (messages.length > 0) this.#onMessages(messages)
      await new Promise((done) => {
        setTimeout(done, POLL_MS)
      })
    }
  }
}
