import { ServiceError } from '../../src/domain/errors.ts'
import type { ErrorCode } from '../../src/domain/errors.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import type { OutputBatch } from '../../src/sink/output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from '../../src/sink/port.ts'

/** What a broker would hold: committed records and offsets, and who the current producer is. */
export class FakeLog {
  readonly records: OutputRecord[] = []
  readonly offsets = new Map<string, OffsetCommit>()
  epoch = 0
}

type Call = 'begin' | 'produce' | 'sendOffsets' | 'commit' | 'abort'

/** A transactional producer over a `FakeLog`; faults are answered in the order they are written. */
export class FakeProducer implements TransactionalProducer {
  readonly calls: Call[] = []
  readonly #log: FakeLog
  readonly #faults: { readonly call: Call; readonly code: ErrorCode }[]
  #epoch = 0
  #open: { records: OutputRecord[]; offsets: OffsetCommit[] } | undefined

  constructor(
    log: FakeLog,
    faults: readonly { readonly call: Call; readonly code: ErrorCode }[] = [],
  ) {
    this.#log = log
    this.#faults = [...faults]
  }

  async initTransactions(): Promise<void> {
    this.#epoch = ++this.#log.epoch
  }

  async beginTransaction(): Promise<void> {
    this.#enter('begin')
    this.#open = { records: [], offsets: [] }
  }

  async produce(batch: OutputBatch, from: number): Promise<number> {
    for (let index = from; index < batch.count; index += 1) {
      try {
        this.#enter('produce')
      } catch (error) {
        if (error instanceof ServiceError && error.code === 'PRODUCER_QUEUE_FULL') return index
        throw error
      }
      const record = batch.at(index)
      const value = record.value === null ? null : Buffer.from(record.value)
      this.#transaction().records.push({ ...record, value })
    }
    return batch.count
  }

  async sendOffsets(offsets: readonly OffsetCommit[]): Promise<void> {
    this.#enter('sendOffsets')
    this.#transaction().offsets.push(...offsets)
  }

  async commitTransaction(): Promise<void> {
    this.#enter('commit')
    const { records, offsets } = this.#transaction()
    this.#log.records.push(...records)
    for (const offset of offsets) {
      this.#log.offsets.set(`${offset.topic}-${offset.partition}`, offset)
    }
    this.#open = undefined
  }

  async abortTransaction(): Promise<void> {
    this.#enter('abort')
    this.#open = undefined
  }

  async renew(): Promise<void> {
    this.#open = undefined
    await this.initTransactions()
  }

  async close(): Promise<void> {
    this.#open = undefined
  }

  #enter(call: Call): void {
    this.calls.push(call)
    if (this.#epoch !== this.#log.epoch)
      throw new ServiceError('PRODUCER_FENCED', `${call}: fenced`)
    const [next] = this.#faults
    if (next?.call !== call) return
    this.#faults.shift()
    throw new ServiceError(next.code, `${call}: as the test says`)
  }

  #transaction() {
    if (this.#open === undefined) throw new ServiceError('PRODUCER_FATAL', 'no transaction is open')
    return this.#open
  }
}
