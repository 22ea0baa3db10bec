import { ServiceError } from '../domain/errors.ts'
import type { Source } from './port.ts'
import type { TopicSettings } from './topic-settings.ts'

/**
 * Makes sure that every topic is there, and that outputs have room for the input's partitions: an
 * answer goes to the partition with its input's number.
 *
 * @throws ServiceError `TOPIC_MISSING` or `TOPIC_PARTITIONS` naming all topics concerned; what
 *   `Source.partitionCounts` throws
 */
export async function requireTopics(
  source: Pick<Source, 'partitionCounts'>,
  input: string,
  outputs: readonly string[],
): Promise<void> {
  const counts = await source.partitionCounts([input, ...outputs])
  const missing = [input, ...outputs].filter((topic) => !counts.has(topic))
  if (missing.length > 0) {
    const names = missing.map((topic) => `"${topic}"`).join(', ')
    const message = `topics that do not exist, or may not be seen: ${names}`
    throw new ServiceError('TOPIC_MISSING', message)
  }
  const needed = counts.get(input) ?? 0
  const short = outputs.filter((topic) => (counts.get(topic) ?? 0) < needed)
  if (short.length === 0) return
  const told = short.map((topic) => `"${topic}" has ${counts.get(topic)}`).join(', ')
  throw new ServiceError(
    'TOPIC_PARTITIONS',
    `output topics must have at least the ${needed} partitions of "${input}": ${told}`,
  )
}

/** The most that the headers of a dead letter or a late record add, in any style. */
const HEADERS_BYTES_MAX = 16 * 1_024
const SIZE_SETTING = 'max.message.bytes'

/**
 * Looks whether what the input may hold has room in a topic that takes records as they came, with headers of
 * ours beside their own. A record that has none can neither be answered nor passed over: its partition stands
 * still until the topic takes it.
 *
 * @param settings by topic; a topic that is not among them is not looked at
 * @returns a line for each topic that is too small, with the command that repairs it
 */
export function tooSmall(
  settings: ReadonlyMap<string, TopicSettings>,
  input: string,
  takers: readonly string[],
): readonly string[] {
  const needed = Number(settings.get(input)?.get(SIZE_SETTING) ?? 0) + HEADERS_BYTES_MAX
  return takers.flatMap((topic) => {
    const bytes = settings.get(topic)?.get(SIZE_SETTING)
    if (typeof bytes !== 'string' || Number(bytes) >= needed) return []
    const repair =
      'kafka-configs.sh --bootstrap-server $KAFKA_BROKERS --alter --entity-type topics ' +
      `--entity-name ${topic} --add-config ${SIZE_SETTING}=${needed}`
    return [
      `"${topic}" takes records of ${bytes} bytes; the largest of "${input}" need ${needed} with their headers: ${repair}`,
    ]
  })
}
