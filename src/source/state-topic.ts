import kafka from '@confluentinc/kafka-javascript'
import { fromCallback } from '../runtime/callback.ts'
import { canKafka } from '../runtime/kafka-addon.ts'
import { kafkaErrorOf } from '../runtime/kafka-error.ts'
import { requestError } from '../runtime/kafka-request.ts'
import type { ClientProperties } from './group-client.ts'
import { checkSettings, stateTopicSettings } from './state-topic-settings.ts'
import { readTopicSettings } from './topic-settings.ts'

const REQUEST_TIMEOUT_MS = 10_000
const TOPIC_ALREADY_EXISTS = 36

/** What a changelog is for. */
export interface StateTopicPlan {
  readonly topic: string
  readonly partitions: number
  /** How long tiles can be seen. */
  readonly reachMs: number
}

/**
 * Creates the changelog unless it is there.
 *
 * @returns whether it was created
 * @throws ServiceError `KAFKA_UNAVAILABLE`; `KAFKA_UNAUTHORIZED` when the service may not create it
 */
export async function createStateTopic(
  properties: ClientProperties,
  { topic, partitions, reachMs }: StateTopicPlan,
): Promise<boolean> {
  const admin = kafka.RdKafka.AdminClient.create({ ...properties })
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
    if (kafkaErrorOf(error).code === TOPIC_ALREADY_EXISTS) return false
    throw requestError(`creating the changelog "${topic}"`, error)
  } finally {
    admin.disconnect()
  }
}

/**
 * Looks at the settings of a changelog that is there.
 *
 * @returns what is not as it would be created and costs no state, a line each
 * @throws ServiceError `TOPIC_SETTINGS` when they can lose state; `KAFKA_UNAVAILABLE`
 */
export async function checkStateTopic(
  properties: ClientProperties,
  { topic, reachMs }: Omit<StateTopicPlan, 'partitions'>,
): Promise<readonly string[]> {
  if (!canKafka('describeConfigs')) return []
  const settings = (await readTopicSettings(properties, [topic])).get(topic)
  if (settings !== undefined) return checkSettings(topic, settings, reachMs)
  return [`settings of "${topic}" are not checked: the service may not read them`]
}
