import { adminProperties } from '../config/client-properties.ts'
import type { Config } from '../config/schema.ts'
import { ServiceError } from '../domain/errors.ts'
import type { KafkaSource } from '../source/kafka-consumer.ts'
import { checkStateTopic, createStateTopic } from '../source/state-topic.ts'
import { requireTopics } from '../source/topic-check.ts'
import type { Log } from '../telemetry/log.ts'
import type { WaitFor } from './wait-for.ts'

/**
 * Creates the changelog where it is absent, and checks its partitions and its settings.
 *
 * @throws ServiceError naming what differs, when the settings of a changelog that exists would lose state
 */
export async function prepareChangelog(parts: {
  readonly config: Config
  /** How far back in event time a tile may still be read, ms. */
  readonly reachMs: number
  readonly source: KafkaSource
  readonly log: Log
  readonly waitFor: WaitFor
}): Promise<void> {
  const { config, reachMs, source, log, waitFor } = parts
  const { inputTopic, stateTopic: topic } = config
  const counts = await waitFor(() => source.partitionCounts([inputTopic, topic]))
  if (!counts.has(topic)) {
    const plan = { topic, partitions: counts.get(inputTopic) ?? 0, reachMs }
    const isNew = await waitFor(() => createStateTopic(adminProperties(config), plan))
    if (isNew) log('STATE_TOPIC_CREATED', `"${topic}" with ${plan.partitions} partitions`)
    // It takes a moment until every broker knows.
    await waitFor(() => requireKnown(source, topic))
  }
  await waitFor(() => requireTopics(source, inputTopic, [topic]))
  const differences = await waitFor(() =>
    checkStateTopic(adminProperties(config), { topic, reachMs }),
  )
  for (const difference of differences) log('STATE_TOPIC_SETTINGS', difference)
}

/** @throws ServiceError `KAFKA_UNAVAILABLE` while the broker asked does not know the topic */
async function requireKnown(source: KafkaSource, topic: string): Promise<void> {
  if ((await source.partitionCounts([topic])).has(topic)) return
  throw new ServiceError('KAFKA_UNAVAILABLE', `the new topic "${topic}" is not known yet`)
}
