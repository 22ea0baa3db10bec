import { ServiceError } from '../../src/domain/errors.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import type { OutputBatch } from '../../src/sink/output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from '../../src/sink/port.ts'
import type { SimBroker } from './broker.ts'
import type { Group, Member } from './group.ts'
import type { Fault, World } from './world.ts'

/** Before or after the next producer has taken over. */
const LATER_MAX_MS = [10, 4_000]
const REFUSED_MS = 30_000
/** Of the full queues, those that stay so for a while. */
const FULL_SHARE = 0.3
const FULL_MAX_MS = 60
const FULL_SETTLE_SHARE = 0.2
/** A call is given up when it has not been answered for so long. */
const WATCHDOG_MS = 60_000
const HANGING_SHARE = 0.1
/** Of aborts that a client can still do itself: there are few. */
const ABORT_SHARE = 0.3
/** Of the records: of a unit, some two in ten. */
const REFUSED_SHARE = 0.01
/** Of the offsets sent by a member that loses partitions at all: it does so at that moment. */
const LOST_SHARE = 0.03
/** Of the calls while a rebalance waits for the member. */
const SETTLE_SHARE = 0.4

/** What a call comes to whose client has been replaced: it is answered, but nothing here may change. */
const STALE = Symbol('stale')

type State = 'ready' | 'open' | 'must-abort' | 'dead'

/** A transactional producer on the simulated broker; it also sees to it that it is used as it must be. */
export class SimProducer implements TransactionalProducer {
  readonly #world: World
  readonly #broker: SimBroker
  readonly #group: Group
  readonly #member: Member
  #epoch = 0
  /** Grows with `renew`: an abandoned client's calls must not touch its successor. */
  #client = 0
  #state: State = 'dead'
  /** What was refused for now: the same must come again, or the transaction must be given up. */
  #refused: string | undefined
  #refusedUntilMs = 0
  #fullUntilMs = 0

  constructor(
    world: World,
    broker: SimBroker,
    { group, member }: { group: Group; member: Member },
  ) {
    this.#world = world
    this.#broker = broker
    this.#group = group
    this.#member = member
  }

  get #name(): string {
    return this.#member.caller.name
  }

  async initTransactions(): Promise<void> {
    await this.#travel()
    this.#fault('init-unavailable', 'KAFKA_UNAVAILABLE')
    this.#epoch = this.#broker.init(this.#name)
    await this.#travel()
    this.#state = 'ready'
  }

  async beginTransaction(): Promise<void> {
    this.#require(['ready'], 'begin')
    if (this.#world.fault('begin-fatal')) throw this.#die('PRODUCER_FATAL')
    this.#state = 'open'
  }

  async produce(batch: OutputBatch, from: number): Promise<number> {
    for (let index = from; index < batch.count; index += 1) {
      this.#require(['open'], 'produce')
      if (this.#isFull()) return index
      if (this.#world.fault('produce-refused', REFUSED_SHARE)) throw this.#mustAbort('produce')
      const record = copyOf(batch.at(index))
      this.#reached(() => this.#broker.produce(this.#name, this.#epoch, record))
    }
    return batch.count
  }

  sendOffsets(offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#answered(this.#sendOffsets(offsets))
  }

  commitTransaction(): Promise<void> {
    return this.#answered(this.#commit())
  }

  abortTransaction(): Promise<void> {
    return this.#answered(this.#abort())
  }

  async #sendOffsets(offsets: readonly OffsetCommit[]): Promise<void> {
    this.#require(['open'], 'sendOffsets')
    await this.#travel()
    this.#mayRefuse('offsets-retriable', 'sendOffsets', offsets)
    if (this.#isRefused()) throw this.#mustAbort('sendOffsets')
    if (this.#world.fault('unauthorized')) throw new ServiceError('KAFKA_UNAUTHORIZED', 'group')
    if (this.#isSettling('settle-abortable')) throw this.#mustAbort('sendOffsets')
    if (this.#world.fault('lost', LOST_SHARE)) this.#group.takeFrom(this.#member)
    await this.#mayHang('sendOffsets')
    const isOurs = offsets.every(({ partition }) => this.#group.owns(this.#member, partition))
    if (!isOurs) {
      this.#world.reach('generation-moved')
      throw this.#mustAbort('the group has moved on')
    }
    this.#reached(() => {
      const open = this.#broker.transaction(this.#name, this.#epoch)
      for (const offset of offsets) open.offsets.set(offset.partition, offset)
    })
    await this.#travel()
    if (this.#world.fault('offsets-uncertain')) throw this.#die('COMMIT_UNCERTAIN')
  }

  async #commit(): Promise<void> {
    this.#require(['open'], 'commit')
    await this.#travel()
    this.#mayRefuse('commit-retriable', 'commit')
    if (this.#world.fault('commit-abortable')) throw this.#mustAbort('commit')
    if (this.#world.fault('commit-fatal')) throw this.#die('PRODUCER_FATAL')
    if (this.#world.fault('commit-uncertain-before')) throw this.#die('COMMIT_UNCERTAIN')
    if (this.#isSettling('settle-uncertain')) throw this.#die('COMMIT_UNCERTAIN')
    await this.#mayHang('commit')
    if (this.#world.fault('commit-uncertain-later')) {
      void this.#commitLater(this.#epoch)
      throw this.#die('COMMIT_UNCERTAIN')
    }
    this.#reached(() => this.#broker.commit(this.#name, this.#epoch))
    await this.#travel()
    if (this.#world.fault('commit-uncertain-after')) throw this.#die('COMMIT_UNCERTAIN')
    await this.#mayHang('commit, which is done')
    this.#state = 'ready'
  }

  async #abort(): Promise<void> {
    this.#require(['open', 'must-abort'], 'abort')
    if (this.#state === 'must-abort') throw this.#die('PRODUCER_FATAL')
    await this.#travel()
    this.#mayRefuse('abort-retriable', 'abort')
    if (this.#world.fault('abort-uncertain', ABORT_SHARE)) throw this.#die('COMMIT_UNCERTAIN')
    await this.#mayHang('abort')
    this.#reached(() => this.#broker.abort(this.#name, this.#epoch))
    await this.#travel()
    this.#state = 'ready'
  }

  async renew(): Promise<void> {
    this.#state = 'dead'
    this.#refused = undefined
    this.#client += 1
    await this.initTransactions()
  }

  async close(): Promise<void> {
    this.#state = 'dead'
  }

  /** The answer was given up on; the request still arrives. */
  async #commitLater(epoch: number): Promise<void> {
    const { random, clock } = this.#world
    await clock.sleep(random.whole(1, random.pick(LATER_MAX_MS) ?? 1))
    try {
      this.#broker.commit(this.#name, epoch)
      this.#world.reach('late-commit-arrived')
    } catch {
      this.#world.reach('late-commit-fenced')
    }
  }

  /** Whether a commit fails on which the answer to a rebalance may depend. */
  #isSettling(kind: 'settle-abortable' | 'settle-uncertain'): boolean {
    return this.#member.isPending && this.#world.fault(kind, SETTLE_SHARE)
  }

  /** An abandoned client's answer comes all the same: well, or that it was fenced. */
  async #answered(call: Promise<void>): Promise<void> {
    try {
      await call
    } catch (error) {
      if (error !== STALE) throw error
      this.#world.reach('stale-answer')
      if (this.#world.random.chance(0.5)) throw new ServiceError('PRODUCER_FENCED', 'stale')
    }
  }

  /** A call on its way, or its answer. */
  async #travel(waitMs = 0): Promise<void> {
    const client = this.#client
    if (waitMs > 0) await this.#world.clock.sleep(waitMs)
    await this.#world.travel(this.#member.caller)
    // oxlint-disable-next-line typescript/only-throw-error -- no error: told apart by what it is
    if (client !== this.#client) throw STALE
  }

  /** The answer never comes. Meanwhile the group may go on without this member. */
  async #mayHang(call: string): Promise<void> {
    if (!this.#world.fault('hanging-call', HANGING_SHARE)) return
    this.#world.note(`${this.#name} hangs in ${call}`)
    if (this.#world.random.chance(0.7)) this.#group.takeFrom(this.#member)
    await this.#travel(WATCHDOG_MS)
    throw this.#die('COMMIT_UNCERTAIN')
  }

  #fault(kind: Fault, code: 'KAFKA_UNAVAILABLE') {
    if (this.#world.fault(kind)) throw new ServiceError(code, kind)
  }

  /** Now and then for longer than a rebalance waits. */
  #isFull(): boolean {
    const nowMs = this.#world.clock.now()
    if (nowMs < this.#fullUntilMs) return true
    const { random } = this.#world
    // The worst moment is when the group waits.
    const share = this.#member.isPending ? FULL_SETTLE_SHARE : undefined
    if (!this.#world.fault('queue-full', share)) return false
    if (random.chance(FULL_SHARE)) this.#fullUntilMs = nowMs + random.whole(1, FULL_MAX_MS)
    return true
  }

  /** Now and then for so long that a process gives up. */
  #isRefused(): boolean {
    const nowMs = this.#world.clock.now()
    if (nowMs < this.#refusedUntilMs) return true
    if (!this.#world.fault('offsets-abortable')) return false
    if (this.#world.random.chance(0.25)) this.#refusedUntilMs = nowMs + REFUSED_MS
    return true
  }

  /** A refusal that passes: the call must come again with the same arguments. */
  #mayRefuse(kind: Fault, name: string, offsets: readonly OffsetCommit[] = []): void {
    const refused = this.#refused
    const isRefused = this.#world.fault(kind, name === 'abort' ? ABORT_SHARE : undefined)
    if (refused === undefined && !isRefused) return
    const call = `${name} ${JSON.stringify(offsets)}`
    this.#refused = isRefused ? call : undefined
    if (refused === call) this.#world.reach('same-call-again')
    else if (refused !== undefined && name !== 'abort') {
      this.#world.fail(`${refused} was to be repeated, then came ${call}`)
    }
    if (isRefused) throw new ServiceError('TRANSACTION_RETRIABLE', kind)
  }

  /** The broker's own refusal leaves a client that can do no more. */
  #reached(effect: () => void): void {
    try {
      effect()
    } catch (error) {
      this.#state = 'dead'
      throw error
    }
  }

  #mustAbort(why: string): ServiceError {
    this.#state = 'must-abort'
    return new ServiceError('TRANSACTION_ABORTABLE', why)
  }

  #die(code: 'PRODUCER_FATAL' | 'COMMIT_UNCERTAIN'): ServiceError {
    this.#state = 'dead'
    this.#world.note(`${this.#name} ${code}`)
    return new ServiceError(code, code)
  }

  #require(states: readonly State[], call: string): void {
    if (states.includes(this.#state)) return
    if (this.#state === 'must-abort') throw new ServiceError('TRANSACTION_ABORTABLE', call)
    this.#world.fail(`${call} of a producer that is ${this.#state}`)
    throw new ServiceError('PRODUCER_FATAL', `${call} while ${this.#state}`)
  }
}

/** As on a log: the batch is used again. */
function copyOf(record: OutputRecord): OutputRecord {
  const { key, value, headers } = record
  // The batch makes its header objects anew each time; only their bytes are its own.
  for (const header of headers ?? []) detach(header)
  return { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) }
}

function detach(header: Record<string, Buffer | string>): void {
  for (const name of Object.keys(header)) header[name] = String(header[name])
}
