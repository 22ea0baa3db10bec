import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import { fromCallback } from '../../src/runtime/callback.ts'

const REQUEST_TIMEOUT_MS = 10_000
const WAIT_MS = 30_000
/** librdkafka's logical offset for the end of the log. */
const END_OF_LOG = -1

/** A topic to be made. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Settings that are not the broker's own. */
  readonly config?: Readonly<Record<string, string>>
}

/** Creates topics and waits until all are known. @throws Error when one cannot be created */
export async function createTopics(brokers: string, topics: readonly TopicPlan[]): Promise<void> {
  const admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': brokers })
  try {
    await Promise.all(
      topics.map(({ name, partitions, config = {} }) =>
        fromCallback((done) =>
          admin.createTopic(
            { topic: name, num_partitions: partitions, replication_factor: -1, config },
            REQUEST_TIMEOUT_MS,
            (error) => done(error, undefined),
          ),
        ),
      ),
    )
    const missing = new Set(topics.map(({ name }) => name))
    const deadline = performance.now() + WAIT_MS
    while (missing.size > 0) {
      if (performance.now() > deadline) throw new Error(`not there: ${[...missing].join(', ')}`)
      const known = await fromCallback<string[]>((done) => admin.listTopics({}, done))
      for (const name of known) missing.delete(name)
      await sleep(20)
    }
  } finally {
    admin.disconnect()
  }
}

/** Deletes the records of a partition below an offset, or all of them, as retention does. */
export async function deleteBefore(
  brokers: string,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  offset: number = END_OF_LOG,
): Promise<void> {
  const admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': brokers })
  try {
    await fromCallback((done) => admin.deleteRecords([{ topic, partition, offset }], {}, done))
  } finally {
    admin.disconnect()
  }
}
