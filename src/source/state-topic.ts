import kafka from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from '../runtime/callback.ts'
import { kafkaErrorOf, unauthorized } from '../runtime/kafka-error.ts'
import type { ClientProperties } from './kafka-consumer.ts'

const REQUEST_TIMEOUT_MS = 10_000
const TOPIC_ALREADY_EXISTS = 36
const HOUR_MS = 3_600_000
/**
 * Tiles are kept this much longer than any event can see them, so that a stream that pauses can be
 * restored; what Kafka Streams adds for its windowed stores
 * (`windowstore.changelog.additional.retention.ms`).
 */
const RETENTION_MORE_MS = 24 * HOUR_MS

/** The settings of a changelog whose tiles can be seen for `reachMs`. */
export function stateTopicSettings(reachMs: number): Readonly<Record<string, string>> {
  const retentionMs = reachMs + RETENTION_MORE_MS
  return {
    'cleanup.policy': 'compact,delete',
    'retention.ms': String(retentionMs),
    // Only closed segments are compacted or deleted.
    'segment.ms': String(Math.min(HOUR_MS, Math.ceil(retentionMs / 4))),
    'segment.bytes': String(64 * 1024 * 1024),
    'min.cleanable.dirty.ratio': '0.1',
    // Retention counts from when a tile was written, whatever time its events have.
    'message.timestamp.type': 'LogAppendTime',
  }
}

/**
 * Creates the changelog unless it is there.
 *
 * @returns whether it was created
 * @throws ServiceError `KAFKA_UNAVAILABLE`; `KAFKA_UNAUTHORIZED` when the service may not create it
 */
export async function createStateTopic(
  properties: ClientProperties,
  plan: { readonly topic: string; readonly partitions: number; readonly reachMs: number },
): Promise<boolean> {
  const admin = kafka.RdKafka.AdminClient.create({ ...properties })
  const { topic, partitions, reachMs } = plan
  try {
    await fromCallback((done) =>
      admin.createTopic(
        {
          topic,
          num_partitions: partitions,
          // −1: the broker's own default.
          replication_factor: -1,
          config: stateTopicSettings(reachMs),
        },
        REQUEST_TIMEOUT_MS,
        (error) => done(error, undefined),
      ),
    )
    return true
  } catch (error) {
    const cause = kafkaErrorOf(error)
    if (cause.code === TOPIC_ALREADY_EXISTS) return false
    const doing = `creating the changelog "${topic}"`
    throw (
      unauthorized(cause, doing) ??
      new ServiceError('KAFKA_UNAVAILABLE', `${doing}: ${cause.message}`, error)
    )
  } finally {
    admin.disconnect()
  }
}
