import { Buffer } from 'node:buffer'
import type { InputRecord } from '../domain/record.ts'
import type { ChangelogReader, RecordView } from './changelog-port.ts'
import type { ClientProperties } from './kafka-consumer.ts'
import { KafkaLog } from './kafka-log.ts'
import type { LogBounds } from './port.ts'

const NO_BYTES = Buffer.alloc(0)

/** The changelog on a consumer of its own. */
export class KafkaChangelog implements ChangelogReader {
  readonly #log: KafkaLog

  constructor(topic: string, properties: ClientProperties) {
    this.#log = new KafkaLog(topic, properties)
  }

  bounds(partition: number): Promise<LogBounds> {
    return this.#log.bounds(partition)
  }

  open(partition: number, from: number): void {
    this.#log.open(partition, from)
  }

  poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number> {
    return this.#log.poll(recordsMax, (record) => visit(viewOf(record)))
  }

  position(partition: number): number {
    return this.#log.position(partition)
  }

  close(partition: number): void {
    this.#log.close(partition)
  }

  disconnect(): Promise<void> {
    return this.#log.disconnect()
  }
}

function viewOf({ partition, offset, key, value }: InputRecord): RecordView {
  const keyBytes = key ?? NO_BYTES
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
