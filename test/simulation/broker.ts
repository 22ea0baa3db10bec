import { ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord, OutputRecord } from '../../src/domain/record.ts'
import type { OffsetCommit } from '../../src/sink/port.ts'
import type { World } from './world.ts'

/** As the broker aborts it; every later word of its producer is refused. */
const TRANSACTION_TIMEOUT_MS = 15_000

interface Transaction {
  readonly epoch: number
  readonly openedAtMs: number
  readonly records: OutputRecord[]
  readonly offsets: Map<number, OffsetCommit>
}

/** The logs, the offsets and the transactions of a broker, at the moment each call reaches it. */
export class SimBroker {
  readonly inputs: InputRecord[][]
  /** What a read-committed reader sees. */
  readonly outputs: OutputRecord[] = []
  readonly committed = new Map<number, OffsetCommit>()
  /** Told of each commit, with what it made visible. */
  onCommit: (records: readonly OutputRecord[]) => void = () => undefined
  readonly #world: World
  readonly #epochs = new Map<string, number>()
  readonly #open = new Map<string, Transaction>()

  constructor(world: World, partitions: number) {
    this.#world = world
    this.inputs = Array.from({ length: partitions }, () => [])
  }

  /** A new producer of this name: what an older one left open is aborted, and it is fenced. */
  init(name: string): number {
    this.#open.delete(name)
    const epoch = (this.#epochs.get(name) ?? 0) + 1
    this.#epochs.set(name, epoch)
    return epoch
  }

  /** @throws ServiceError `PRODUCER_FENCED` */
  transaction(name: string, epoch: number): Transaction {
    this.#expire()
    if (this.#epochs.get(name) !== epoch) throw new ServiceError('PRODUCER_FENCED', 'fenced')
    const open = this.#open.get(name)
    if (open !== undefined) return open
    const openedAtMs = this.#world.clock.now()
    const transaction = { epoch, openedAtMs, records: [], offsets: new Map() }
    this.#open.set(name, transaction)
    return transaction
  }

  commit(name: string, epoch: number): void {
    const { records, offsets } = this.transaction(name, epoch)
    this.#open.delete(name)
    this.outputs.push(...records)
    for (const [partition, offset] of offsets) this.committed.set(partition, offset)
    this.#world.note(
      `commit ${name} ${[...offsets.values()].map(({ partition, offset }) => `${partition}:${offset}`).join(' ')}`,
    )
    this.onCommit(records)
  }

  abort(name: string, epoch: number): void {
    this.transaction(name, epoch)
    this.#open.delete(name)
  }

  /** Whether an open transaction may still change this partition's offset (KIP-447). */
  isUnstable(partition: number): boolean {
    this.#expire()
    return [...this.#open.values()].some(({ offsets }) => offsets.has(partition))
  }

  #expire(): void {
    for (const [name, { openedAtMs }] of this.#open) {
      if (this.#world.clock.now() - openedAtMs <= TRANSACTION_TIMEOUT_MS) continue
      this.#world.reach('transaction-timeout')
      this.init(name)
    }
  }
}
