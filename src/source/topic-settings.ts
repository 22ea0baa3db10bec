import kafka from '@confluentinc/kafka-javascript'
import type { IAdminClient } from '@confluentinc/kafka-javascript'
import { canKafka } from '../runtime/kafka-addon.ts'
import type { ConfigsHandle } from '../runtime/kafka-addon.ts'
import { kafkaErrorOf, KAFKA_ERROR } from '../runtime/kafka-error.ts'
import { kafkaRequest, requestError } from '../runtime/kafka-request.ts'
import type { ClientProperties } from './group-client.ts'

const REQUEST_TIMEOUT_MS = 10_000
/** Kafka's number for topics among the resources that have settings. */
const TOPIC_RESOURCE = 2

/** A topic's settings by name, those it has from the broker too. */
export type TopicSettings = ReadonlyMap<string, string | null>

/**
 * Reads the settings of topics. Only a patched client can (`runtime/kafka-addon.ts`); whoever has a stock one is
 * told so at the start, and gets nothing here.
 *
 * @returns by topic; one whose settings the service may not read is absent
 * @throws ServiceError `KAFKA_UNAVAILABLE`
 */
export async function readTopicSettings(
  properties: ClientProperties,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  if (!canKafka('describeConfigs')) return new Map()
  const admin = kafka.RdKafka.AdminClient.create({ ...properties })
  const doing = `reading the settings of ${topics.map((topic) => `"${topic}"`).join(', ')}`
  try {
    const answers = await kafkaRequest<Parameters<Described>[1]>(doing, (done) =>
      handleOf(admin).describeConfigs(
        topics.map((name) => ({ type: TOPIC_RESOURCE, name })),
        { timeout: REQUEST_TIMEOUT_MS },
        done,
      ),
    )
    const found = new Map<string, TopicSettings>()
    for (const [index, topic] of topics.entries()) {
      const answer = answers[index]
      const error = answer?.error
      if (kafkaErrorOf(error).code === KAFKA_ERROR.topicAuthorization) continue
      if (answer === undefined || error !== undefined) throw requestError(doing, error)
      found.set(topic, new Map(answer.entries.map(({ name, value }) => [name, value])))
    }
    return found
  } finally {
    admin.disconnect()
  }
}

type Described = Parameters<ConfigsHandle['describeConfigs']>[2]

/** The addon's own object, which has what a patch adds to it; the client's types leave it out. */
function handleOf(admin: IAdminClient): ConfigsHandle {
  return (admin as unknown as { getClient(): ConfigsHandle }).getClient()
}
