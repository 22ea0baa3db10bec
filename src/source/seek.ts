import type { KafkaConsumer } from '@confluentinc/kafka-javascript'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import type { StartOffset } from './port.ts'

/** After it the client's threads have woken of themselves. */
const WAKE_TIMEOUT_MS = 1_000

/**
 * Seeks paused partitions, all at once: one after the other, the last of many would stand still for long.
 *
 * @param timeoutMs bound on each seek
 * @throws ServiceError that names the partition
 */
export async function seekAll(
  client: KafkaConsumer,
  topic: string,
  starts: readonly StartOffset[],
  timeoutMs: number,
): Promise<void> {
  const seeks = starts.map(({ partition, offset }) =>
    kafkaRequest(`seeking ${topic}-${partition} to ${offset}`, (done) =>
      client.seek({ topic, partition, offset }, timeoutMs, (error) => done(error, undefined)),
    ),
  )
  for (const seek of await Promise.allSettled(seeks)) {
    if (seek.status === 'rejected') throw seek.reason
  }
}

/**
 * Has partitions that were resumed fetched at once. Else that happens the next time their broker's thread
 * looks, and an idle one sleeps for up to a second (librdkafka 2.15, `rd_kafka_broker_consumer_serve`).
 * Any request wakes it.
 */
export async function wakeLeaders(
  client: KafkaConsumer,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  const woken = partitions.map(
    (partition) =>
      new Promise<void>((resolve) => {
        client.queryWatermarkOffsets(topic, partition, WAKE_TIMEOUT_MS, () => resolve())
      }),
  )
  await Promise.all(woken)
}
