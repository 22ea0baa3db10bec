import { Buffer } from 'node:buffer'
import kafka from '@confluentinc/kafka-javascript'
import type {
  IAdminClient,
  KafkaConsumer,
  ListOffsetsResult,
  Message,
} from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from '../runtime/callback.ts'
import { canKafka } from '../runtime/kafka-addon.ts'
import { KAFKA_ERROR } from '../runtime/kafka-error.ts'
import { kafkaRequest, requestError } from '../runtime/kafka-request.ts'
import type { ChangelogReader, RecordView } from './changelog-port.ts'
import { incremental } from './kafka-consumer.ts'
import type { ClientProperties } from './kafka-consumer.ts'
import { consumeBlock } from './message-block.ts'
import type { LogBounds } from './port.ts'

const POLL_WAIT_MS = 20
const WAIT = { firstMs: POLL_WAIT_MS, lingerMs: 0 } as const
const REQUEST_TIMEOUT_MS = 10_000
const NO_BYTES = Buffer.alloc(0)

/** How far an opened partition has been read. */
interface Cursor {
  position: number
}

/**
 * The changelog on a consumer of its own, that joins no group. It connects with its first request, so
 * a service that restores nothing never opens it.
 *
 * `enable.partition.eof` must be on: an end-of-partition event carries the offset behind markers and
 * aborted records, which no record tells.
 */
export class KafkaChangelog implements ChangelogReader {
  readonly #topic: string
  readonly #properties: ClientProperties
  readonly #isPatched: boolean
  readonly #reading: string
  readonly #cursors = new Map<number, Cursor>()
  /** Ends of partitions told since the last poll came back. */
  readonly #ends: { readonly partition: number; readonly offset: number }[] = []
  #consumer: Promise<KafkaConsumer> | undefined
  #connected: KafkaConsumer | undefined
  /** Shares the consumer's connections. */
  #admin: IAdminClient | undefined

  /** @param isPatched whether the client can read blocks of messages; it need not */
  constructor(
    topic: string,
    properties: ClientProperties,
    isPatched: boolean = canKafka('consumeBatch'),
  ) {
    this.#topic = topic
    this.#properties = properties
    this.#isPatched = isPatched
    this.#reading = `reading "${topic}"`
  }

  async bounds(partition: number): Promise<LogBounds> {
    const consumer = await this.#connect()
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
    await kafkaRequest(`reading metadata of ${this.#topic}`, (done) =>
      consumer.getMetadata({ topic: this.#topic, timeout: REQUEST_TIMEOUT_MS }, done),
    ).catch(() => undefined)
  }

  async #askBounds(consumer: KafkaConsumer, partition: number): Promise<LogBounds> {
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
    this.#cursors.set(partition, { position: from })
    if (this.#connected === undefined) return
    incremental(this.#connected).incrementalAssign([
      { topic: this.#topic, partition, offset: from },
    ])
  }

  async poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number> {
    const consumer = await this.#connect()
    if (this.#isPatched) return this.#pollBlock(consumer, recordsMax, visit)
    const messages = await kafkaRequest<Message[]>(this.#reading, (done) =>
      consumer.consume(recordsMax, done),
    )
    // The client tells of ends before it hands over the records that lie before them.
    const ends = this.#ends.splice(0)
    let visited = 0
    for (const message of messages) {
      const cursor = this.#cursors.get(message.partition)
      // Fetched before the partition was closed, or opened anew.
      if (cursor === undefined || message.offset < cursor.position) continue
      cursor.position = message.offset + 1
      visit(viewOf(message))
      visited += 1
    }
    for (const { partition, offset } of ends) {
      const cursor = this.#cursors.get(partition)
      if (cursor !== undefined && offset > cursor.position) cursor.position = offset
    }
    return visited
  }

  /** With a patched client: ends and errors come in their places, and one view shows all records. */
  async #pollBlock(
    consumer: KafkaConsumer,
    recordsMax: number,
    visit: (record: RecordView) => void,
  ): Promise<number> {
    const block = await consumeBlock(incremental(consumer).getClient(), recordsMax, WAIT)
    const view = viewOf({ partition: 0, offset: 0, key: null, value: null })
    let visited = 0
    let problem: ServiceError | undefined
    for (let index = 0; index < block.count; index++) {
      const error = block.error(index)
      if (error !== 0 && error !== KAFKA_ERROR.partitionEof) {
        problem ??= requestError(this.#reading, block.problem(index))
        continue
      }
      const cursor = this.#cursors.get(block.partition(index))
      const offset = block.offset(index)
      // Fetched before the partition was closed, or opened anew.
      if (cursor === undefined || offset < cursor.position) continue
      cursor.position = error === 0 ? offset + 1 : offset
      if (error !== 0) continue
      block.show(index, view)
      visit(view)
      visited += 1
    }
    // Only now: what lies behind an error has left the client and comes but once.
    if (problem !== undefined) throw problem
    return visited
  }

  position(partition: number): number {
    return this.#cursors.get(partition)?.position ?? 0
  }

  close(partition: number): void {
    if (!this.#cursors.delete(partition) || this.#connected === undefined) return
    incremental(this.#connected).incrementalUnassign([{ topic: this.#topic, partition }])
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

function viewOf({
  partition,
  offset,
  key,
  value,
}: Pick<Message, 'partition' | 'offset' | 'key' | 'value'>): RecordView {
  const keyBytes = Buffer.isBuffer(key) ? key : NO_BYTES
  const valueBytes = value ?? NO_BYTES
  return {
    partition,
    offset,
    key: keyBytes,
    keyAt: 0,
    keyEnd: keyBytes.length,
    value: valueBytes,
    valueAt: 0,
    valueEnd: valueBytes.length,
  }
}
