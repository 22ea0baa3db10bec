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
const UNSTABLE_WAIT_MS = 20
/** Of the full polls, after which a unit is likely to stay open. */
const REBALANCE_SHARE = 0.2

/** A consumer on the simulated broker. */
export class SimSource implements Source {
  readonly member: Member
  readonly #world: World
  readonly #broker: SimBroker
  readonly #group: Group
  #onRebalance: (rebalance: Rebalance) => void = () => undefined
  #isHeld = false
  #isPolling = false

  constructor(
    world: World,
    broker: SimBroker,
    { group, caller }: { group: Group; caller: Caller },
  ) {
    this.#world = world
    this.#broker = broker
    this.#group = group
    this.member = {
      caller,
      announce: (rebalance) => this.#onRebalance(rebalance),
      assigned: new Map(),
      isPending: false,
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
      const records = this.#take(recordsMax)
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
    await this.#world.travel(this.member.caller)
    this.#mayBeAway('committed')
    while (partitions.some((partition) => this.#broker.isUnstable(partition))) {
      await this.#world.clock.sleep(UNSTABLE_WAIT_MS)
    }
    const found = this.#stored(partitions)
    await this.#world.travel(this.member.caller)
    if (rebalances < this.member.rebalances) this.#world.reach('answer-after-rebalance')
    return found
  }

  async lastWritten(partitions: readonly number[]): Promise<readonly CommittedOffset[]> {
    await this.#world.travel(this.member.caller)
    this.#mayBeAway('lastWritten')
    return this.#stored(partitions)
  }

  async logBounds(partition: number): Promise<LogBounds> {
    await this.#world.travel(this.member.caller)
    this.#mayBeAway('logBounds')
    const { bounds, lastStable } = this.#log(partition)
    return { first: bounds.first, end: lastStable }
  }

  async seek(starts: readonly StartOffset[]): Promise<void> {
    invariant(!this.#isPolling, 'a seek while a poll is in flight')
    if (starts.length === 0) return
    await this.#world.travel(this.member.caller)
    for (const { partition, offset } of starts) {
      if (this.member.assigned.has(partition)) this.member.assigned.set(partition, offset)
    }
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (this.member.assigned.has(partition)) this.member.assigned.set(partition, STANDS_STILL)
    }
  }

  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
  }

  recordsEnd(): undefined {
    return undefined
  }

  trouble(): undefined {
    return undefined
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
   * What has come, of a few partitions at a time, in log order. Half of the time as much as there is,
   * so that units stay open from one poll to the next.
   */
  #take(recordsMax: number): InputRecord[] {
    if (this.#isHeld || this.member.isPending) return []
    const isGreedy = this.#world.random.chance(0.5)
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

  #mayBeAway(call: string): void {
    if (this.#world.fault('source-unavailable')) throw new ServiceError('KAFKA_UNAVAILABLE', call)
  }
}
