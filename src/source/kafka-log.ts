import type { Message, Metadata } from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import type { InputRecord } from '../domain/record.ts'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import { AssignedPartitions } from './assigned-partitions.ts'
import type { LogReader } from './log-port.ts'

const REQUEST_TIMEOUT_MS = 10_000

/** Any topic, record by record, for tools. */
export class KafkaLog extends AssignedPartitions implements LogReader {
  /** How many partitions the topic has now. @throws ServiceError `TOPIC_MISSING`, `KAFKA_UNAVAILABLE` */
  async partitionCount(): Promise<number> {
    const { topic } = this
    const consumer = await this.connect()
    const { topics } = await kafkaRequest<Metadata>(
      `reading metadata of topic "${topic}"`,
      (done) =>
        consumer.getMetadata({ topic, allTopics: false, timeout: REQUEST_TIMEOUT_MS }, done),
    )
    const count = topics.find(({ name }) => name === topic)?.partitions.length ?? 0
    if (count > 0) return count
    const message = `topic that does not exist, or may not be seen: "${topic}"`
    throw new ServiceError('TOPIC_MISSING', message)
  }

  async poll(recordsMax: number, visit: (record: InputRecord) => void): Promise<number> {
    const consumer = await this.connect()
    const messages = await kafkaRequest<Message[]>(`reading "${this.topic}"`, (done) =>
      consumer.consume(recordsMax, done),
    )
    // The client tells of ends before it hands over the records that lie before them.
    const ends = this.ends.splice(0)
    let visited = 0
    for (const message of messages as readonly InputRecord[]) {
      const cursor = this.cursors.get(message.partition)
      // Fetched before the partition was closed, or opened anew.
      if (cursor === undefined || message.offset < cursor.position) continue
      cursor.position = message.offset + 1
      visit(message)
      visited += 1
    }
    this.passEnds(ends)
    return visited
  }

  /**
   * Deletes a partition's records below an offset, for all readers and for good.
   *
   * @throws ServiceError `KAFKA_UNAUTHORIZED` without the right to delete, `KAFKA_UNAVAILABLE`
   */
  async deleteBefore(partition: number, offset: number): Promise<void> {
    const admin = await this.admin()
    const { topic } = this
    await kafkaRequest(`deleting records of ${topic}-${partition} below ${offset}`, (done) =>
      admin?.deleteRecords([{ topic, partition, offset }], { timeout: REQUEST_TIMEOUT_MS }, done),
    )
  }
}
