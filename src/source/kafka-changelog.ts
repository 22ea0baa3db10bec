import { Buffer } from 'node:buffer'
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript'
import type { ServiceError } from '../domain/errors.ts'
import { canKafka } from '../runtime/kafka-addon.ts'
import { KAFKA_ERROR } from '../runtime/kafka-error.ts'
import { kafkaRequest, requestError } from '../runtime/kafka-request.ts'
import { AssignedPartitions } from './assigned-partitions.ts'
import type { ChangelogReader, RecordView } from './changelog-port.ts'
import { incremental } from './group-client.ts'
import type { ClientProperties } from './group-client.ts'
import { consumeBlock } from './message-block.ts'

const WAIT = { firstMs: 20, lingerMs: 0 } as const
const NO_BYTES = Buffer.alloc(0)

/** The changelog, whose records are shown as views: restoring one must not cost an object each. */
export class KafkaChangelog extends AssignedPartitions implements ChangelogReader {
  readonly #isPatched: boolean
  readonly #reading: string

  /** @param isPatched whether the client can read blocks of messages; it need not */
  constructor(
    topic: string,
    properties: ClientProperties,
    isPatched: boolean = canKafka('consumeBatch'),
  ) {
    super(topic, properties)
    this.#isPatched = isPatched
    this.#reading = `reading "${topic}"`
  }

  async poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number> {
    const consumer = await this.connect()
    if (this.#isPatched) return this.#pollBlock(consumer, recordsMax, visit)
    const messages = await kafkaRequest<Message[]>(this.#reading, (done) =>
      consumer.consume(recordsMax, done),
    )
    // The client tells of ends before it hands over the records that lie before them.
    const ends = this.ends.splice(0)
    let visited = 0
    for (const message of messages) {
      const cursor = this.cursors.get(message.partition)
      // Fetched before the partition was closed, or opened anew.
      if (cursor === undefined || message.offset < cursor.position) continue
      cursor.position = message.offset + 1
      visit(viewOf(message))
      visited += 1
    }
    this.passEnds(ends)
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
      const cursor = this.cursors.get(block.partition(index))
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
