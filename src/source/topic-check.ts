import { ServiceError } from '../domain/errors.ts'
import type { Source } from './port.ts'

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
