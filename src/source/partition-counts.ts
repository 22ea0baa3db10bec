import type { KafkaConsumer } from '@confluentinc/kafka-javascript'
import { kafkaRequest } from '../runtime/kafka-request.ts'

interface Metadata {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly unknown[] }[]
}

/** As `Source.partitionCounts`. */
export async function partitionCounts(
  client: KafkaConsumer,
  topics: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, number>> {
  // One request a topic. Unless told otherwise the client asks for all topics of the cluster each time.
  const asked = topics.map(async (topic) => {
    const metadata = await kafkaRequest<Metadata>(`reading metadata of topic "${topic}"`, (done) =>
      client.getMetadata({ topic, allTopics: false, timeout: timeoutMs }, done),
    )
    const found = metadata.topics.find(({ name }) => name === topic)
    return [topic, found?.partitions.length ?? 0] as const
  })
  const counts = await Promise.all(asked)
  return new Map(counts.filter(([, count]) => count > 0))
}
