import kafka from '@confluentinc/kafka-javascript'
import type { IAdminClient, KafkaConsumer, ListOffsetsResult } from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from '../runtime/callback.ts'
import { Connections } from '../runtime/kafka-connection.ts'
import type { ClientLogLine } from '../runtime/kafka-connection.ts'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import { incremental } from './group-client.ts'
import type { ClientProperties } from './group-client.ts'
import type { LogBounds } from './port.ts'

const POLL_WAIT_MS = 20
const REQUEST_TIMEOUT_MS = 10_000

/** How far an opened partition has been read. */
interface Cursor {
  position: number
}

/**
 * Partitions of a topic on a consumer of its own, that joins no group. It connects with its first request, so
 * whoever never reads never opens it. How records are taken is left to those that extend it.
 *
 * `enable.partition.eof` must be on: an end-of-partition event carries the offset behind markers and
 * aborted records, which no record tells.
 */
export class AssignedPartitions {
  protected readonly topic: string
  protected readonly cursors = new Map<number, Cursor>()
  /** Ends of partitions told since the last poll came back. */
  protected readonly ends: { readonly partition: number; readonly offset: number }[] = []
  readonly #properties: ClientProperties
  #consumer: Promise<KafkaConsumer> | undefined
  #connected: KafkaConsumer | undefined
  /** Shares the consumer's connections. */
  #admin: IAdminClient | undefined

  constructor(topic: string, properties: ClientProperties) {
    this.topic = topic
    this.#properties = properties
  }

  /** Connects ahead of the first request, which tells what keeps it from that. */
  connectAhead(): void {
    this.connect().catch(() => undefined)
  }

  async bounds(partition: number): Promise<LogBounds> {
    const consumer = await this.connect()
    try {
      return await this.#askBounds(consumer, partition)
    } catch (error) {
      await this.#refresh(consumer)
      throw error
    }
  }

  /**
   * What the client knows of the leaders may be from before a broker's restart, and then every request is
   * refused ("leader epoch is older"); idle, it would learn of it after minutes only.
   */
  async #refresh(consumer: KafkaConsumer): Promise<void> {
    await kafkaRequest(`reading metadata of ${this.topic}`, (done) =>
      consumer.getMetadata(this.#ofTopic(), done),
    ).catch(() => undefined)
  }

  /** Asked without a topic, the client would ask for all of the cluster. */
  #ofTopic() {
    return { topic: this.topic, allTopics: false, timeout: REQUEST_TIMEOUT_MS }
  }

  async #askBounds(consumer: KafkaConsumer, partition: number): Promise<LogBounds> {
    const doing = `reading the bounds of ${this.topic}-${partition}`
    const { lowOffset } = await kafkaRequest<{ lowOffset: number }>(doing, (done) =>
      consumer.queryWatermarkOffsets(this.topic, partition, REQUEST_TIMEOUT_MS, done),
    )
    // The client's own watermark is the last stable offset: it would leave out open transactions.
    const [latest] = await kafkaRequest<ListOffsetsResult[]>(doing, (done) =>
      this.#admin?.listOffsets(
        [{ topic: this.topic, partition, offset: kafka.RdKafka.OffsetSpec.LATEST }],
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
    this.cursors.set(partition, { position: from })
    if (this.#connected === undefined) return
    incremental(this.#connected).incrementalAssign([{ topic: this.topic, partition, offset: from }])
  }

  position(partition: number): number {
    return this.cursors.get(partition)?.position ?? 0
  }

  close(partition: number): void {
    if (!this.cursors.delete(partition) || this.#connected === undefined) return
    incremental(this.#connected).incrementalUnassign([{ topic: this.topic, partition }])
  }

  async disconnect(): Promise<void> {
    const consumer = this.#connected
    if (consumer?.isConnected() === true) await fromCallback((done) => consumer.disconnect(done))
  }

  /** A client for what is asked of the whole topic, on the consumer's connections. */
  protected async admin(): Promise<IAdminClient | undefined> {
    await this.connect()
    return this.#admin
  }

  /** Takes in the ends of partitions that were told before the poll came back. */
  protected passEnds(ends: typeof this.ends): void {
    for (const { partition, offset } of ends) {
      const cursor = this.cursors.get(partition)
      if (cursor !== undefined && offset > cursor.position) cursor.position = offset
    }
  }

  /** The consumer, connected. @throws as `Connections.connect`; `KAFKA_UNAVAILABLE`: call again */
  protected connect(): Promise<KafkaConsumer> {
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
      this.ends.push({ partition, offset })
    })
    // What keeps it from reading shows as standing still; a client without a listener would throw.
    consumer.on('event.error', () => undefined)
    const connections = new Connections()
    consumer.on('event.log', (line: ClientLogLine) => connections.noticeLog(line))
    await connections.connect((done) => consumer.connect(this.#ofTopic(), done))
    this.#connected = consumer
    this.#admin = kafka.RdKafka.AdminClient.createFrom(consumer)
    return consumer
  }
}
