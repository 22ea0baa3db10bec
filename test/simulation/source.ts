import { invariant, ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import type {
  CommittedOffset,
  LogBounds,
  Rebalance,
  Source,
  StartOffset,
} from '../../src/source/port.ts'
import type { SimBroker } from './broker.ts'
import { STANDS_STILL } from './group.ts'
import type { Group, Member } from './group.ts'
import type { InputLog } from './input-log.ts'
import type { Caller, World } from './world.ts'

const POLL_WAIT_MS = 200
/** Longer than the loop waits before it polls while it waits. */
const REQUEST_TIMEOUT_MS = 6_000
const ABSENT_MAX_MS = 3_000
const UNSTABLE_WAIT_MS = 20
/** Of the full polls, after which a unit is likely to stay open. */
const REBALANCE_SHARE = 0.2
/** Of the holds, those after which a record still comes. */
const LATE_SHARE = 0.3
/** Of the polls, of which there are some hundreds. */
const FENCED_SHARE = 0.02

/** A consumer on the simulated broker. */
export class SimSource implements Source {
  readonly member: Member
  readonly #world: World
  readonly #broker: SimBroker
  readonly #group: Group
  #onRebalance: (rebalance: Rebalance) => void = () => undefined
  #isHeld = false
  /** A record is on its way that the hold came too late for. */
  #isLeaking = false
  #isPolling = false
  /** How often a poll brings as much as there is. */
  readonly #greed: number
  /** As the last poll found it: nothing else tells. */
  #trouble: string | undefined

  constructor(
    world: World,
    broker: SimBroker,
    { group, caller }: { group: Group; caller: Caller },
  ) {
    this.#world = world
    this.#greed = world.random.pick([0.5, 0.95]) ?? 0
    this.#broker = broker
    this.#group = group
    this.member = {
      caller,
      announce: (rebalance) => this.#onRebalance(rebalance),
      assigned: new Map(),
      isPending: false,
      absentUntilMs: 0,
      polledAtMs: world.clock.now(),
      rebalances: 0,
    }
  }

  async connect(): Promise<void> {}

  async partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { length } = this.#broker.inputs
    return new Map(topics.filter((topic) => topic === 'events').map((topic) => [topic, length]))
  }

  subscribe(onRebalance: (rebalance: Rebalance) => void): void {
    this.#onRebalance = onRebalance
    this.#group.join(this.member)
  }

  async poll(recordsMax: number): Promise<readonly InputRecord[]> {
    invariant(!this.#isPolling, 'two polls at once')
    this.#isPolling = true
    try {
      await this.#world.travel(this.member.caller)
      this.member.polledAtMs = this.#world.clock.now()
      this.#mayBeFenced()
      const isAway = this.#world.isAway(this.member.caller)
      this.#trouble = isAway ? 'no broker reachable' : undefined
      if (isAway && this.#isHeld) this.#world.reach('held-in-outage')
      const records = isAway ? [] : this.#take(recordsMax)
      const isFull = records.length === recordsMax
      if (isFull && this.#world.fault('rebalance', REBALANCE_SHARE)) this.#group.rebalance()
      if (records.length === 0) await this.#world.clock.sleep(POLL_WAIT_MS)
      return records
    } finally {
      this.#isPolling = false
    }
  }

  async committed(partitions: readonly number[]): Promise<readonly CommittedOffset[]> {
    const { rebalances } = this.member
    await this.#request('committed')
    while (partitions.some((partition) => this.#broker.isUnstable(partition))) {
      await this.#world.clock.sleep(UNSTABLE_WAIT_MS)
    }
    const found = this.#stored(partitions)
    await this.#world.travel(this.member.caller)
    if (rebalances < this.member.rebalances) this.#world.reach('answer-after-rebalance')
    return found
  }

  async lastWritten(partitions: readonly number[]): Promise<readonly CommittedOffset[]> {
    await this.#request('lastWritten')
    return this.#stored(partitions)
  }

  async logBounds(partition: number): Promise<LogBounds> {
    await this.#request('logBounds')
    const { bounds, lastStable } = this.#log(partition)
    return { first: bounds.first, end: lastStable }
  }

  async seek(starts: readonly StartOffset[]): Promise<void> {
    invariant(!this.#isPolling, 'a seek while a poll is in flight')
    if (starts.length === 0) return
    // They stand still from now on, whatever becomes of this.
    this.pause(starts.map(({ partition }) => partition))
    await this.#world.travel(this.member.caller)
    // Of several some may be done.
    const failsAt = this.#world.fault('seek-unavailable')
      ? this.#world.random.whole(0, starts.length)
      : Infinity
    for (const [at, { partition, offset }] of starts.entries()) {
      if (at === failsAt) break
      if (this.member.assigned.has(partition)) this.member.assigned.set(partition, offset)
    }
    if (failsAt < Infinity) throw new ServiceError('KAFKA_UNAVAILABLE', 'seek')
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (this.member.assigned.has(partition)) this.member.assigned.set(partition, STANDS_STILL)
    }
  }

  hold(): void {
    if (!this.#isHeld) this.#isLeaking = this.#world.fault('late-record', LATE_SHARE)
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
  }

  recordsEnd(): undefined {
    return undefined
  }

  trouble(): string | undefined {
    return this.#trouble
  }

  async close(): Promise<void> {
    this.#group.leave(this.member.caller.name)
  }

  #stored(partitions: readonly number[]): CommittedOffset[] {
    return partitions.map((partition) => {
      const stored = this.#broker.committed.get(partition)
      return { partition, offset: stored?.offset, metadata: stored?.metadata }
    })
  }

  /**
   * What has come, of a few partitions at a time, in log order. Often as much as there is, so that units
   * stay open from one poll to the next.
   */
  #take(recordsMax: number): InputRecord[] {
    const isLeaking = this.#isLeaking
    this.#isLeaking = false
    if ((this.#isHeld && !isLeaking) || this.member.isPending) return []
    const isGreedy = this.#world.random.chance(this.#greed)
    const most = isGreedy ? recordsMax : this.#world.random.whole(1, recordsMax)
    const records: InputRecord[] = []
    const from = this.#world.random.whole(0, 10)
    const owned = [...this.member.assigned.keys()]
    for (const [turn] of owned.entries()) {
      const partition = owned[(turn + from) % owned.length] ?? 0
      const offset = this.member.assigned.get(partition) ?? STANDS_STILL
      if (offset === STANDS_STILL) continue
      const room = most - records.length
      const some = isGreedy ? room : this.#world.random.whole(0, room)
      const taken = this.#log(partition).read(offset, some)
      if (some > 0) this.member.assigned.set(partition, taken.next)
      records.push(...taken.records)
    }
    return records
  }

  #log(partition: number): InputLog {
    const log = this.#broker.inputs[partition]
    invariant(log !== undefined, `there is no input partition ${partition}`)
    return log
  }

  async #request(call: string): Promise<void> {
    const { caller } = this.member
    await this.#world.travel(caller)
    this.#world.mayCutOff([caller])
    const isAnswered = await this.#world.reaches(caller, REQUEST_TIMEOUT_MS)
    if (!isAnswered) this.#world.reach('request-in-outage')
    if (!isAnswered || this.#world.fault('source-unavailable')) {
      throw new ServiceError('KAFKA_UNAVAILABLE', call)
    }
  }

  /** By its own client, which is replaced, or by another process of its name. @throws ServiceError `CONSUMER_FATAL` */
  #mayBeFenced(): void {
    if (this.#world.fault('client-fenced', FENCED_SHARE)) {
      this.#group.replaceClient(this.member, this.#world.random.whole(0, ABSENT_MAX_MS))
    }
    if (this.#world.fault('member-fenced', FENCED_SHARE)) {
      throw new ServiceError('CONSUMER_FATAL', 'fenced')
    }
  }
}
