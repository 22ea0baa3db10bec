import kafka from '@confluentinc/kafka-javascript'
import type {
  IAdminClient,
  KafkaConsumer,
  ListOffsetsResult,
  Message,
} from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import type { InputRecord } from '../domain/record.ts'
import { fromCallback } from '../runtime/callback.ts'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import { incremental } from './kafka-consumer.ts'
import type { ClientProperties } from './kafka-consumer.ts'
import type { LogReader } from './log-port.ts'
import type { LogBounds } from './port.ts'

const POLL_WAIT_MS = 20
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Partitions of a topic on a consumer of its own, that joins no group. It connects with its first request,
 * so whoever never reads never opens it.
 *
 * `enable.partition.eof` must be on: an end-of-partition event carries the offset behind markers and
 * aborted records, which no record tells.
 */
export class KafkaLog implements LogReader {
  readonly #topic: string
  readonly #properties: ClientProperties
  readonly #positions = new Map<number, number>()
  /** Ends of partitions told since the last poll came back. */
  readonly #ends: { readonly partition: number; readonly offset: number }[] = []
  #consumer: Promise<KafkaConsumer> | undefined
  #connected: KafkaConsumer | undefined
  /** Shares the consumer's connections. */
  #admin: IAdminClient | undefined

  constructor(topic: string, properties: ClientProperties) {
    this.#topic = topic
    this.#properties = properties
  }

  async bounds(partition: number): Promise<LogBounds> {
    const consumer = await this.#connect()
    const doing = `reading the bounds of ${this.#topic}-${partition}`
    const { lowOffset } = await kafkaRequest<{ lowOffset: number }>(doing, (done) =>
      consumer.queryWatermarkOffsets(this.#topic, partition, REQUEST_TIMEOUT_MS, done),
    )
    // The client's own watermark is the last stable offset: it would leave out open transactions.
    const [latest] = await kafkaRequest<ListOffsetsResult[]>(doing, (done) =>
      this.#admin?.listOffsets(
        [{ topic: this.#topic, partition, offset: kafka.RdKafka.OffsetSpec.LATEST }],
        // Read uncommitted, by default.
        { timeout: REQUEST_TIMEOUT_MS },
        done,
      ),
    )
    if (latest === undefined || latest.error !== undefined) {
      const why = latest?.error?.message ?? 'no answer'
      throw new ServiceError('KAFKA_UNAVAILABLE', `${doing}: ${why}`)
    }
    return { first: lowOffset, end: latest.offset }
  }

  open(partition: number, from: number): void {
    this.#positions.set(partition, from)
    if (this.#connected === undefined) return
    incremental(this.#connected).incrementalAssign([
      { topic: this.#topic, partition, offset: from },
    ])
  }

  async poll(recordsMax: number, visit: (record: InputRecord) => void): Promise<number> {
    const consumer = await this.#connect()
    const messages = await fromCallback<Message[]>((done) => consumer.consume(recordsMax, done))
    // The client tells of ends before it hands over the records that lie before them.
    const ends = this.#ends.splice(0)
    let visited = 0
    for (const message of messages as readonly InputRecord[]) {
      const position = this.#positions.get(message.partition)
      // Fetched before the partition was closed, or opened anew.
      if (position === undefined || message.offset < position) continue
      this.#positions.set(message.partition, message.offset + 1)
      visit(message)
      visited += 1
    }
    for (const { partition, offset } of ends) {
      const position = this.#positions.get(partition)
      if (position !== undefined && offset > position) this.#positions.set(partition, offset)
    }
    return visited
  }

  position(partition: number): number {
    return this.#positions.get(partition) ?? 0
  }

  close(partition: number): void {
    if (!this.#positions.delete(partition) || this.#connected === undefined) return
    incremental(this.#connected).incrementalUnassign([{ topic: this.#topic, partition }])
  }

  /**
   * Deletes a partition's records below an offset, for all readers and for good.
   *
   * @throws ServiceError `KAFKA_UNAUTHORIZED` without the right to delete, `KAFKA_UNAVAILABLE`
   */
  async deleteBefore(partition: number, offset: number): Promise<void> {
    await this.#connect()
    const topic = this.#topic
    await kafkaRequest(`deleting records of ${topic}-${partition} below ${offset}`, (done) =>
      this.#admin?.deleteRecords(
        [{ topic, partition, offset }],
        { timeout: REQUEST_TIMEOUT_MS },
        done,
      ),
    )
  }

  async disconnect(): Promise<void> {
    const consumer = this.#connected
    if (consumer?.isConnected() === true) await fromCallback((done) => consumer.disconnect(done))
  }

  #connect(): Promise<KafkaConsumer> {
    this.#consumer ??= this.#open().catch((error: unknown) => {
      // A client that connects once more would tell every event twice.
      this.#consumer = undefined
      throw error
    })
    return this.#consumer
  }

  async #open(): Promise<KafkaConsumer> {
    const consumer = new kafka.RdKafka.KafkaConsumer(
      { ...this.#properties },
      { 'auto.offset.reset': 'earliest' },
    )
    consumer.setDefaultConsumeTimeout(POLL_WAIT_MS)
    incremental(consumer).setDefaultIsTimeoutOnlyForFirstMessage(true)
    consumer.on('partition.eof', ({ partition, offset }: { partition: number; offset: number }) => {
      this.#ends.push({ partition, offset })
    })
    // What keeps it from reading shows as standing still; a client without a listener would throw.
    consumer.on('event.error', () => undefined)
    await kafkaRequest('connecting to Kafka', (done) =>
      consumer.connect({ topic: '', allTopics: false, timeout: REQUEST_TIMEOUT_MS }, done),
    )
    this.#connected = consumer
    this.#admin = kafka.RdKafka.AdminClient.createFrom(consumer)
    return consumer
  }
}
