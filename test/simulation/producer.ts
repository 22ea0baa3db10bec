import { ServiceError } from '../../src/domain/errors.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import type { OutputBatch } from '../../src/sink/output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from '../../src/sink/port.ts'
import type { SimBroker } from './broker.ts'
import type { Group, Member } from './group.ts'
import { never } from './world.ts'
import type { Fault, World } from './world.ts'

/** Before or after the next producer has taken over. */
const LATER_MAX_MS = [10, 4_000]
const REFUSED_MS = 30_000
/** Of the calls refused for now, those that stay so for as long. */
const REFUSED_LONG_SHARE = 0.1
/** After it a client gives a request up. */
const REQUEST_TIMEOUT_MS = 5_000
/** Of the requests given up while no broker was there, those that the client still sends. */
const SENT_LATE_SHARE = 0.5
/** Of the batches, those amid which a process that crashes at all does so. */
const CRASH_SHARE = 0.005
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

/** A call that was refused for now. */
interface Refused {
  readonly call: string
  /** Whether the broker has done what was asked for, and only the answer is to come. */
  readonly isDone: boolean
  readonly untilMs: number
}

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
  /** The same must come again, or the transaction must be given up. */
  #refused: Refused | undefined
  /** Produced while no broker could be reached. */
  #queued: OutputRecord[] = []
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
    await this.#mayFailToInit('init-unavailable')
    this.#epoch = this.#broker.init(this.#name)
    await this.#travel()
    await this.#mayFailToInit('init-unavailable-after')
    this.#state = 'ready'
  }

  async beginTransaction(): Promise<void> {
    this.#require(['ready'], 'begin')
    if (this.#world.fault('begin-fatal')) throw this.#die('PRODUCER_FATAL')
    this.#state = 'open'
  }

  async produce(batch: OutputBatch, from: number): Promise<number> {
    const { caller } = this.#member
    const crashesAt = this.#world.fault('crash', CRASH_SHARE)
      ? this.#world.random.whole(from, batch.count)
      : Infinity
    for (let index = from; index < batch.count; index += 1) {
      if (index === crashesAt) this.#world.crash(caller)
      if (caller.isDead) return never()
      this.#require(['open'], 'produce')
      if (this.#isFull()) return index
      if (this.#world.fault('produce-refused', REFUSED_SHARE)) throw this.#mustAbort('produce')
      const record = copyOf(batch.at(index))
      this.#queued.push(record)
      if (!this.#world.isAway(caller)) this.#reached(() => this.#flush())
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
    await this.#request()
    this.#mayRefuse('offsets-retriable', nameOf('sendOffsets', offsets))
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
      this.#flush()
      const open = this.#broker.transaction(this.#name, this.#epoch)
      for (const offset of offsets) open.offsets.set(offset.partition, offset)
    })
    await this.#request()
    if (this.#world.fault('offsets-uncertain')) throw this.#die('COMMIT_UNCERTAIN')
    this.#mayRefuse('offsets-retriable-after', nameOf('sendOffsets', offsets))
  }

  async #commit(): Promise<void> {
    this.#require(['open'], 'commit')
    if (this.#refused?.isDone !== true) await this.#decide()
    else await this.#travel()
    this.#mayRefuse('commit-retriable-after', 'commit', true)
    this.#state = 'ready'
  }

  async #decide(): Promise<void> {
    this.#world.mayCutOff([this.#member.caller])
    const isSent = this.#queued.length === 0
    await this.#request(() => isSent && void this.#commitLater(this.#epoch))
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
    this.#reached(() => {
      this.#flush()
      this.#broker.commit(this.#name, this.#epoch)
    })
    await this.#request()
    if (this.#world.fault('commit-uncertain-after')) throw this.#die('COMMIT_UNCERTAIN')
    await this.#mayHang('commit, which is done')
  }

  async #abort(): Promise<void> {
    this.#require(['open', 'must-abort'], 'abort')
    if (this.#state === 'must-abort') throw this.#die('PRODUCER_FATAL')
    this.#queued = []
    if (this.#refused?.isDone !== true) await this.#takeBack()
    else if (this.#refused.call === 'abort') await this.#travel()
    else this.#world.fail(`abort after ${this.#refused.call}, which is done`)
    this.#mayRefuse('abort-retriable-after', 'abort', true)
    this.#state = 'ready'
  }

  async #takeBack(): Promise<void> {
    await this.#request()
    this.#mayRefuse('abort-retriable', 'abort')
    if (this.#world.fault('abort-uncertain', ABORT_SHARE)) throw this.#die('COMMIT_UNCERTAIN')
    await this.#mayHang('abort')
    this.#reached(() => this.#broker.abort(this.#name, this.#epoch))
    await this.#request()
    if (this.#world.fault('abort-uncertain-after', ABORT_SHARE)) throw this.#die('COMMIT_UNCERTAIN')
  }

  async renew(): Promise<void> {
    this.#state = 'dead'
    this.#refused = undefined
    this.#queued = []
    this.#client += 1
    await this.initTransactions()
  }

  async close(): Promise<void> {
    this.#state = 'dead'
  }

  /** The answer was given up on; the request still arrives. */
  async #commitLater(epoch: number): Promise<void> {
    const { random, clock } = this.#world
    // Not before there is a broker; by then a successor may have been at it.
    const awayMs = Math.max(0, this.#member.caller.awayUntilMs - clock.now())
    await clock.sleep(awayMs + random.whole(1, random.pick(LATER_MAX_MS) ?? 1))
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

  /** A call on its way, or its answer, for as long as a client waits for that. @param onLate may still happen */
  async #request(onLate?: () => void): Promise<void> {
    await this.#travel()
    const client = this.#client
    const isThrough = await this.#world.reaches(this.#member.caller, REQUEST_TIMEOUT_MS)
    // oxlint-disable-next-line typescript/only-throw-error -- no error: told apart by what it is
    if (client !== this.#client) throw STALE
    if (isThrough) return
    this.#world.reach('call-in-outage')
    if (this.#world.random.chance(SENT_LATE_SHARE)) onLate?.()
    throw this.#die('COMMIT_UNCERTAIN')
  }

  async #mayFailToInit(kind: Fault): Promise<void> {
    const isThrough = await this.#world.reaches(this.#member.caller, REQUEST_TIMEOUT_MS)
    if (!isThrough || this.#world.fault(kind)) throw new ServiceError('KAFKA_UNAVAILABLE', kind)
  }

  /** What was produced goes to the broker. */
  #flush(): void {
    const queued = this.#queued
    this.#queued = []
    for (const record of queued) this.#broker.produce(this.#name, this.#epoch, record)
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

  /**
   * A refusal that passes: the same call must come again with the same arguments.
   *
   * @param isDone whether the broker has done what the call asks for: what comes next must be the same call
   */
  #mayRefuse(kind: Fault, call: string, isDone = false): void {
    const refused = this.#refused
    const { random, clock } = this.#world
    const isAgain = refused?.call === call
    const isStill = isAgain && refused.untilMs > clock.now()
    const isRefused = isStill || this.#world.fault(kind, call === 'abort' ? ABORT_SHARE : undefined)
    if (isAgain) this.#world.reach('same-call-again')
    else if (refused !== undefined && call !== 'abort') {
      this.#world.fail(`${refused.call} was to be repeated, then came ${call}`)
    }
    this.#refused = undefined
    if (!isRefused) return
    const forMs = random.chance(REFUSED_LONG_SHARE) ? REFUSED_MS : 0
    const untilMs = isStill ? refused.untilMs : clock.now() + forMs
    this.#refused = { call, isDone, untilMs }
    throw new ServiceError('TRANSACTION_RETRIABLE', kind)
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

/** A call by what the client would have to see again. */
function nameOf(call: string, offsets: readonly OffsetCommit[]): string {
  return `${call} ${JSON.stringify(offsets)}`
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
