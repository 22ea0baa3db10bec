import { invariant, ServiceError } from '../../src/domain/errors.ts'
import type { ChangelogReader, RecordView } from '../../src/source/changelog-port.ts'
import type { LogBounds } from '../../src/source/port.ts'
import type { SimBroker } from './broker.ts'
import type { StateLog, StateRecord } from './state-log.ts'
import type { Caller, World } from './world.ts'

const POLL_WAIT_MS = 50
const REQUEST_TIMEOUT_MS = 5_000

/** Reads the simulated changelog, read-committed; also sees to it that nothing of a view is kept. */
export class SimChangelogReader implements ChangelogReader {
  readonly #world: World
  readonly #broker: SimBroker
  readonly #caller: Caller
  readonly #positions = new Map<number, number>()
  #isPolling = false
  #isDisconnected = false

  constructor(world: World, broker: SimBroker, caller: Caller) {
    this.#world = world
    this.#broker = broker
    this.#caller = caller
  }

  async bounds(partition: number): Promise<LogBounds> {
    await this.#world.travel(this.#caller)
    const isAnswered = await this.#world.reaches(this.#caller, REQUEST_TIMEOUT_MS)
    if (!isAnswered || this.#world.fault('changelog-unavailable')) {
      throw new ServiceError('KAFKA_UNAVAILABLE', 'changelog bounds')
    }
    const { end } = this.#log(partition)
    await this.#world.travel(this.#caller)
    return { first: 0, end }
  }

  open(partition: number, from: number): void {
    this.#positions.set(partition, from)
  }

  async poll(recordsMax: number, visit: (record: RecordView) => void): Promise<number> {
    invariant(!this.#isPolling && !this.#isDisconnected, 'two polls at once, or one after the end')
    this.#isPolling = true
    await this.#world.travel(this.#caller)
    this.#broker.expire()
    let visited = 0
    if (this.#world.isAway(this.#caller)) {
      await this.#world.clock.sleep(POLL_WAIT_MS)
      this.#isPolling = false
      return 0
    }
    for (const [partition, position] of this.#positions) {
      const room = this.#world.random.whole(0, recordsMax - visited)
      if (room === 0) continue
      const { records, next } = this.#log(partition).read(position, room)
      for (const record of records) visitView(partition, record, visit)
      visited += records.length
      this.#positions.set(partition, next)
    }
    if (visited === 0) await this.#world.clock.sleep(POLL_WAIT_MS)
    this.#isPolling = false
    return visited
  }

  position(partition: number): number {
    const position = this.#positions.get(partition)
    invariant(position !== undefined, `partition ${partition} is not open`)
    return position
  }

  close(partition: number): void {
    this.#positions.delete(partition)
  }

  async disconnect(): Promise<void> {
    invariant(!this.#isPolling, 'disconnect while a poll is in flight')
    this.#isDisconnected = true
  }

  #log(partition: number): StateLog {
    const log = this.#broker.states[partition]
    invariant(log !== undefined, `there is no state partition ${partition}`)
    return log
  }
}

/** Key and value lie somewhere in a larger buffer, which is wiped when the visit is over. */
function visitView(
  partition: number,
  { offset, key, value = Buffer.alloc(0) }: StateRecord,
  visit: (record: RecordView) => void,
): void {
  const bytes = Buffer.concat([Buffer.from([0xff]), key, value, Buffer.from([0xff])])
  const keyEnd = 1 + key.length
  visit({
    partition,
    offset,
    key: bytes,
    keyAt: 1,
    keyEnd,
    value: bytes,
    valueAt: keyEnd,
    valueEnd: keyEnd + value.length,
  })
  bytes.fill(0xff)
}
