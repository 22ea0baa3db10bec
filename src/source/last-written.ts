import kafka from '@confluentinc/kafka-javascript'
import type { GroupResults } from '@confluentinc/kafka-javascript'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import { storedOf } from './group-client.ts'
import type { ClientProperties } from './group-client.ts'
import type { CommittedOffset } from './port.ts'

const REQUEST_TIMEOUT_MS = 10_000

/**
 * The committed offsets of a group, without waiting for open transactions to be decided: what somebody
 * is about to commit does not show.
 *
 * On a client of its own: one made from the consumer waits for the consumer's requests, of which one
 * may be waiting for the very transaction that this is asked about.
 *
 * @throws ServiceError `KAFKA_UNAVAILABLE`, `KAFKA_UNAUTHORIZED`
 */
export async function readLastWritten(
  properties: ClientProperties,
  of: { readonly groupId: string; readonly topic: string; readonly partitions: readonly number[] },
): Promise<readonly CommittedOffset[]> {
  const { groupId, topic } = of
  const admin = kafka.RdKafka.AdminClient.create({ ...properties })
  try {
    const partitions = of.partitions.map((partition) => ({ topic, partition }))
    const options = { timeout: REQUEST_TIMEOUT_MS, requireStableOffsets: false }
    const answers = await kafkaRequest<GroupResults[]>('reading what was committed last', (done) =>
      admin.listConsumerGroupOffsets([{ groupId, partitions }], options, done),
    )
    return answers.flatMap((answer) => answer.partitions.map(storedOf))
  } finally {
    admin.disconnect()
  }
}
