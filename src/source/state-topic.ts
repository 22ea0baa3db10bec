import kafka from '@confluentinc/kafka-javascript'
import type { IAdminClient } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../runtime/callback.ts'
import { canKafka } from '../runtime/kafka-addon.ts'
import type { ConfigsHandle } from '../runtime/kafka-addon.ts'
import { kafkaErrorOf, KAFKA_ERROR } from '../runtime/kafka-error.ts'
import { kafkaRequest, requestError } from '../runtime/kafka-request.ts'
import type { ClientProperties } from './group-client.ts'
import { checkSettings, stateTopicSettings } from './state-topic-settings.ts'

const REQUEST_TIMEOUT_MS = 10_000
const TOPIC_ALREADY_EXISTS = 36
/** Kafka's number for topics among the resources that have settings. */
const TOPIC_RESOURCE = 2

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
 * Looks at the settings of a changelog that is there. Only a patched client can
 * (`runtime/kafka-addon.ts`); whoever has a stock one is told so at the start.
 *
 * @returns what is not as it would be created and costs no state, a line each
 * @throws ServiceError `TOPIC_SETTINGS` when they can lose state; `KAFKA_UNAVAILABLE`
 */
export async function checkStateTopic(
  properties: ClientProperties,
  { topic, reachMs }: Omit<StateTopicPlan, 'partitions'>,
): Promise<readonly string[]> {
  if (!canKafka('describeConfigs')) return []
  const admin = kafka.RdKafka.AdminClient.create({ ...properties })
  const doing = `reading the settings of "${topic}"`
  try {
    const [found] = await kafkaRequest<Parameters<Described>[1]>(doing, (done) =>
      handleOf(admin).describeConfigs(
        [{ type: TOPIC_RESOURCE, name: topic }],
        { timeout: REQUEST_TIMEOUT_MS },
        done,
      ),
    )
    const error = found?.error
    if (kafkaErrorOf(error).code === KAFKA_ERROR.topicAuthorization) {
      return [`settings of "${topic}" are not checked: the service may not read them`]
    }
    if (found === undefined || error !== undefined) throw requestError(doing, error)
    const settings = new Map(found.entries.map(({ name, value }) => [name, value]))
    return checkSettings(topic, settings, reachMs)
  } finally {
    admin.disconnect()
  }
}

type Described = Parameters<ConfigsHandle['describeConfigs']>[2]

/** The addon's own object, which has what a patch adds to it; the client's types leave it out. */
function handleOf(admin: IAdminClient): ConfigsHandle {
  return (admin as unknown as { getClient(): ConfigsHandle }).getClient()
}
