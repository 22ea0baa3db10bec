import { ServiceError } from '../../src/domain/errors.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import type { OffsetCommit } from '../../src/sink/port.ts'
import { CommitWatch } from './commit-watch.ts'
import { InputLog } from './input-log.ts'
import { StateLog } from './state-log.ts'
import type { LogTransaction } from './state-log.ts'
import { TOPICS } from './topics.ts'
import type { World } from './world.ts'

/** As the broker aborts it; every later word of its producer is refused. */
const TRANSACTION_TIMEOUT_MS = 15_000
/** A commit is answered once it is decided; its markers reach the partitions by and by. */
const MARKER_MAX_MS = 30
const COMPACTED_SHARE = 0.1

interface Transaction extends LogTransaction {
  readonly epoch: number
  readonly openedAtMs: number
  readonly records: OutputRecord[]
  readonly offsets: Map<number, OffsetCommit>
}

/** The logs, the offsets and the transactions of a broker, at the moment each call reaches it. */
export class SimBroker {
  readonly inputs: readonly InputLog[]
  /** The changelog, partition by partition. */
  readonly states: readonly StateLog[]
  /** What a read-committed reader sees of the other topics, partition by partition. */
  readonly outputs: readonly OutputRecord[][]
  readonly committed = new Map<number, OffsetCommit>()
  readonly watch: CommitWatch
  readonly #world: World
  readonly #epochs = new Map<string, number>()
  readonly #open = new Map<string, Transaction>()
  /** Producers fenced by the end of their transaction's time, not by a successor. */
  readonly #timedOut = new Set<string>()
  /** Decided transactions, by producer, whose markers are still on their way. */
  readonly #unmarked = new Map<string, Transaction>()

  constructor(world: World, partitions: number) {
    this.#world = world
    this.inputs = Array.from({ length: partitions }, () => new InputLog())
    this.outputs = this.inputs.map(() => [])
    this.states = Array.from({ length: partitions }, () => new StateLog())
    this.watch = new CommitWatch(world, this)
  }

  /** A new producer of this name: what an older one left open is aborted, and it is fenced. */
  init(name: string): number {
    this.#timedOut.delete(name)
    return this.#fence(name)
  }

  #fence(name: string): number {
    this.#decide(name, 'aborted')
    this.#mark(name)
    const epoch = (this.#epochs.get(name) ?? 0) + 1
    this.#epochs.set(name, epoch)
    return epoch
  }

  /** @throws ServiceError `PRODUCER_FENCED` */
  transaction(name: string, epoch: number): Transaction {
    this.expire()
    if (this.#epochs.get(name) !== epoch) {
      if (this.#timedOut.has(name)) this.#world.reach('fenced-by-timeout')
      throw new ServiceError('PRODUCER_FENCED', 'fenced')
    }
    this.#timedOut.delete(name)
    const open = this.#open.get(name)
    if (open !== undefined) return open
    // A producer's next transaction waits until the markers of its last one are written.
    this.#mark(name)
    const transaction: Transaction = {
      producer: name,
      outcome: 'open',
      epoch,
      openedAtMs: this.#world.clock.now(),
      records: [],
      offsets: new Map(),
    }
    this.#open.set(name, transaction)
    return transaction
  }

  /** Adds a record to the producer's transaction, and to its log. @throws as `transaction` */
  produce(name: string, epoch: number, record: OutputRecord): void {
    const transaction = this.transaction(name, epoch)
    transaction.records.push(record)
    if (record.topic !== TOPICS.state) return
    this.states[record.partition]?.append(transaction, record, this.#world.clock.now())
  }

  commit(name: string, epoch: number): void {
    const { records, offsets } = this.transaction(name, epoch)
    this.#decide(name, 'committed')
    for (const record of records) {
      if (record.topic !== TOPICS.state) this.outputs[record.partition]?.push(record)
    }
    for (const [partition, offset] of offsets) this.committed.set(partition, offset)
    const told = [...offsets.values()].map(({ partition, offset }) => `${partition}:${offset}`)
    this.#world.note(`commit ${name} ${told.join(' ')}`)
    this.watch.check(name, offsets, records)
  }

  abort(name: string, epoch: number): void {
    this.transaction(name, epoch)
    this.#decide(name, 'aborted')
  }

  /** Whether an open transaction may still change this partition's offset (KIP-447). */
  isUnstable(partition: number): boolean {
    this.expire()
    return [...this.#open.values()].some(({ offsets }) => offsets.has(partition))
  }

  #decide(name: string, outcome: 'committed' | 'aborted'): void {
    const transaction = this.#open.get(name)
    if (transaction === undefined) return
    this.#open.delete(name)
    transaction.outcome = outcome
    if (!transaction.records.some(({ topic }) => topic === TOPICS.state)) return
    this.#unmarked.set(name, transaction)
    void this.#markLater(transaction)
  }

  async #markLater(transaction: Transaction): Promise<void> {
    await this.#world.clock.sleep(this.#world.random.whole(0, MARKER_MAX_MS))
    if (this.#unmarked.get(transaction.producer) === transaction) this.#mark(transaction.producer)
  }

  #mark(name: string): void {
    const transaction = this.#unmarked.get(name)
    if (transaction === undefined) return
    this.#unmarked.delete(name)
    const nowMs = this.#world.clock.now()
    for (const log of this.states) log.mark(transaction, nowMs)
    this.#mayCompact(nowMs)
  }

  /** Now and then the older part of a log is compacted. */
  #mayCompact(nowMs: number): void {
    const { random } = this.#world
    if (this.#world.fault('changelog-deleted')) {
      const victim = random.pick(this.states)
      victim?.deleteBefore(random.whole(0, victim.lastStable))
    }
    if (!random.chance(COMPACTED_SHARE)) return
    const log = random.pick(this.states)
    log?.compact(random.whole(0, log.lastStable), nowMs)
    this.#world.reach('compaction')
  }

  /** Transactions whose time is over are aborted. */
  expire(): void {
    for (const [name, { openedAtMs }] of this.#open) {
      if (this.#world.clock.now() - openedAtMs <= TRANSACTION_TIMEOUT_MS) continue
      this.#world.reach('transaction-timeout')
      this.#timedOut.add(name)
      this.#fence(name)
    }
  }
}
