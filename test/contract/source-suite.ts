import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputRecord } from '../../src/domain/record.ts'
import type { TransactionalProducer } from '../../src/sink/port.ts'
import type { Rebalance, Source } from '../../src/source/port.ts'

/** A transaction of somebody who writes to the input topic. */
export interface ForeignTransaction {
  commit(): Promise<void>
  abort(): Promise<void>
}

/** A topic of two partitions and a group, and what others do to them. */
export interface SourceWorld {
  readonly inputTopic: string
  /** A group member of this name, connected, not yet subscribed. */
  open(name: string): Promise<Source>
  /** A producer that sends offsets on behalf of a member, ready to begin. */
  producerOf(source: Source): Promise<TransactionalProducer>
  write(partition: number, values: readonly string[]): Promise<void>
  /** Writes within a transaction and leaves it open. */
  writeOpen(partition: number, values: readonly string[]): Promise<ForeignTransaction>
  /** What retention does. */
  deleteBefore(partition: number, offset: number): Promise<void>
  close(): Promise<void>
}

const PARTITIONS = [0, 1]
const POLLS_MAX = 600
/** Polls after which nothing more is taken to come; each waits for a while. */
const SILENT_POLLS = 6
const RECORDS_MAX = 100

/** The contract of `Source`, run on the simulated group and on the Kafka adapter. */
export function sourceContract(name: string, openWorld: () => Promise<SourceWorld>): void {
  const law = (title: string, body: (world: SourceWorld) => Promise<void>): void => {
    test(`${name}: ${title}`, { timeout: 90_000 }, async () => {
      const world = await openWorld()
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
  }

  law('an assigned partition stands still until seek says where it begins', async (world) => {
    await world.write(0, ['a', 'b', 'c'])
    const reader = await join(world, 'one')
    assert.deepEqual(reader.told(), ['assigned 0,1'])
    assert.deepEqual(await reader.silence(), [])
    await reader.source.seek([{ partition: 0, offset: 1 }])
    assert.deepEqual(await reader.read(2), ['0:1:b', '0:2:c'])
    await world.write(0, ['d'])
    assert.deepEqual(await reader.read(1), ['0:3:d'])
  })

  law(
    'a poll brings no more records than were asked for, each partition in order',
    async (world) => {
      const reader = await join(world, 'one')
      for (const partition of PARTITIONS) await world.write(partition, ['a', 'b', 'c', 'd', 'e'])
      await reader.seekAll(0)
      const polls: number[] = []
      const seen: InputRecord[] = []
      while (seen.length < 10 && polls.length < POLLS_MAX) {
        const records = await reader.source.poll(3)
        polls.push(records.length)
        seen.push(...records)
      }
      assert.ok(Math.max(...polls) <= 3, polls.join())
      for (const partition of PARTITIONS) {
        const own = seen.filter((record) => record.partition === partition)
        assert.deepEqual(
          own.map(({ offset }) => offset),
          [0, 1, 2, 3, 4],
        )
      }
    },
  )

  law('seek goes back to what was read before, of that partition alone', async (world) => {
    const reader = await join(world, 'one')
    for (const partition of PARTITIONS) await world.write(partition, ['a', 'b'])
    await reader.seekAll(0)
    await reader.read(4)
    await reader.source.seek([{ partition: 1, offset: 0 }])
    assert.deepEqual(await reader.read(2), ['1:0:a', '1:1:b'])
    assert.deepEqual(await reader.silence(), [])
  })

  law('a paused partition waits for seek, and the other goes on', async (world) => {
    const reader = await join(world, 'one')
    await reader.seekAll(0)
    reader.source.pause([0])
    for (const partition of PARTITIONS) await world.write(partition, ['a'])
    assert.deepEqual(await reader.read(1), ['1:0:a'])
    assert.deepEqual(await reader.silence(), [])
    await reader.source.seek([{ partition: 0, offset: 0 }])
    assert.deepEqual(await reader.read(1), ['0:0:a'])
  })

  law('nothing is delivered on hold; release does not wake what was paused', async (world) => {
    const reader = await join(world, 'one')
    await reader.seekAll(0)
    reader.source.pause([1])
    reader.source.hold()
    for (const partition of PARTITIONS) await world.write(partition, ['a'])
    assert.deepEqual(await reader.silence(), [])
    reader.source.release()
    assert.deepEqual(await reader.read(1), ['0:0:a'])
    assert.deepEqual(await reader.silence(), [])
  })

  law('rebalances are numbered, and a revoked partition brings nothing more', async (world) => {
    const first = await join(world, 'one')
    await first.seekAll(0)
    const second = new Reader(await world.open('two'))
    second.subscribe()
    await until([first, second], () => second.assigned.size === 1 && first.assigned.size === 1)
    const [moved = -1] = second.assigned
    assert.equal(first.assigned.has(moved), false)
    assert.ok(first.told().includes(`revoked ${moved}`), first.told().join(' '))
    for (const { numbers } of [first, second]) {
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(numbers).size, numbers.length)
    }
    for (const partition of PARTITIONS) await world.write(partition, [`of ${partition}`])
    assert.deepEqual(await first.read(1), [`${1 - moved}:0:of ${1 - moved}`])
    assert.deepEqual(await first.silence(), [])
    await second.source.seek([{ partition: moved, offset: 0 }])
    assert.deepEqual(await second.read(1), [`${moved}:0:of ${moved}`])
    await second.source.close()
    await until([first], () => first.assigned.size === PARTITIONS.length)
  })

  law('nothing is read while a rebalance waits for its answer', async (world) => {
    const first = await join(world, 'one')
    await first.seekAll(0)
    first.isAnswering = false
    const second = new Reader(await world.open('two'))
    second.subscribe()
    await until([first, second], () => first.waiting.length > 0)
    for (const partition of PARTITIONS) await world.write(partition, ['a'])
    assert.deepEqual(await first.silence(), [])
    first.isAnswering = true
    first.answerAll()
    await until([first, second], () => first.seen.length === 1 && second.assigned.size === 1)
  })

  law('committed offsets come with their metadata, and are absent before', async (world) => {
    const reader = await join(world, 'one')
    const committed = async (): Promise<unknown[]> => {
      const stored = await reader.source.committed(PARTITIONS)
      return stored
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ partition, offset, metadata }) => [partition, offset, offset && metadata])
    }
    assert.deepEqual(await committed(), [
      [0, undefined, undefined],
      [1, undefined, undefined],
    ])
    const producer = await world.producerOf(reader.source)
    await producer.beginTransaction()
    const metadata = '{"v":2,"t":"ü"}'
    await producer.sendOffsets([{ topic: world.inputTopic, partition: 1, offset: 7, metadata }])
    await producer.commitTransaction()
    assert.deepEqual(await committed(), [
      [0, undefined, undefined],
      [1, 7, metadata],
    ])
  })

  law('the bounds of a log follow what is written and what is deleted', async (world) => {
    const { source } = await join(world, 'one')
    assert.deepEqual(await source.logBounds(0), { first: 0, end: 0 })
    await world.write(0, ['a', 'b', 'c'])
    assert.deepEqual(await source.logBounds(0), { first: 0, end: 3 })
    await world.deleteBefore(0, 2)
    assert.deepEqual(await source.logBounds(0), { first: 2, end: 3 })
    assert.deepEqual(await source.logBounds(1), { first: 0, end: 0 })
  })

  for (const offset of [1, 9]) {
    law(
      `an offset out of range is refused, never jumped over: ${offset} of 2 to 3`,
      async (world) => {
        const reader = await join(world, 'one')
        await world.write(0, ['a', 'b', 'c'])
        await world.deleteBefore(0, 2)
        await reader.source.seek([{ partition: 0, offset }])
        await assert.rejects(() => reader.read(1), { code: 'STATE_GAP' })
        assert.deepEqual(reader.seen, [])
      },
    )
  }

  for (const isCommitted of [true, false]) {
    const end = isCommitted ? 'committed' : 'aborted'
    law(`an open transaction on the input holds readers back until it is ${end}`, async (world) => {
      const reader = await join(world, 'one')
      await reader.seekAll(0)
      await world.write(0, ['before'])
      const transaction = await world.writeOpen(0, ['within'])
      await world.write(0, ['after'])
      assert.deepEqual(valuesOf(await reader.read(1)), ['before'])
      assert.deepEqual(await reader.silence(), [])
      assert.deepEqual(await reader.source.logBounds(0), { first: 0, end: 1 })
      await (isCommitted ? transaction.commit() : transaction.abort())
      const wanted = isCommitted ? ['within', 'after'] : ['after']
      assert.deepEqual(valuesOf(await reader.read(wanted.length)), wanted)
      assert.deepEqual(await reader.silence(), [])
    })
  }

  law('partitions are counted by topic, and a topic that is not there is absent', async (world) => {
    const source = await world.open('one')
    const counts = await source.partitionCounts([world.inputTopic, `${world.inputTopic}-absent`])
    assert.deepEqual([...counts], [[world.inputTopic, PARTITIONS.length]])
  })
}

/** A group member, what it was told and what it has read. */
class Reader {
  readonly source: Source
  readonly assigned = new Set<number>()
  readonly numbers: number[] = []
  readonly waiting: Rebalance[] = []
  /** As partition, offset and value. */
  readonly seen: string[] = []
  isAnswering = true
  readonly #told: string[] = []

  constructor(source: Source) {
    this.source = source
  }

  subscribe(): void {
    this.source.subscribe((rebalance) => {
      this.waiting.push(rebalance)
      if (this.isAnswering) this.answerAll()
    })
  }

  answerAll(): void {
    for (const { kind, number, partitions, answer } of this.waiting.splice(0)) {
      answer()
      this.numbers.push(number)
      if (partitions.length > 0)
        this.#told.push(`${kind} ${partitions.toSorted((a, b) => a - b).join()}`)
      for (const partition of partitions) {
        if (kind === 'assigned') this.assigned.add(partition)
        else this.assigned.delete(partition)
      }
    }
  }

  told(): readonly string[] {
    return this.#told
  }

  seekAll(offset: number): Promise<void> {
    return this.source.seek(PARTITIONS.map((partition) => ({ partition, offset })))
  }

  async poll(): Promise<readonly string[]> {
    const records = await this.source.poll(RECORDS_MAX)
    const read = records.map(
      ({ partition, offset, value }) => `${partition}:${offset}:${String(value)}`,
    )
    this.seen.push(...read)
    return read
  }

  /** The next so many records. */
  async read(count: number): Promise<readonly string[]> {
    const read: string[] = []
    for (let poll = 0; poll < POLLS_MAX && read.length < count; poll += 1) {
      read.push(...(await this.poll()))
    }
    return read
  }

  /** What still comes when nothing should. */
  async silence(): Promise<readonly string[]> {
    const read: string[] = []
    for (let poll = 0; poll < SILENT_POLLS; poll += 1) read.push(...(await this.poll()))
    return read
  }
}

/** A member that owns both partitions. */
async function join(world: SourceWorld, name: string): Promise<Reader> {
  const reader = new Reader(await world.open(name))
  reader.subscribe()
  await until([reader], () => reader.assigned.size === PARTITIONS.length)
  return reader
}

/** Polls all members in turn, as their group expects of them. */
async function until(readers: readonly Reader[], isDone: () => boolean): Promise<void> {
  for (let poll = 0; poll < POLLS_MAX && !isDone(); poll += 1) {
    for (const reader of readers) await reader.poll()
  }
  assert.ok(
    isDone(),
    `not after ${POLLS_MAX} polls: ${readers.map((each) => each.told().join()).join(' | ')}`,
  )
}

function valuesOf(read: readonly string[]): string[] {
  return read.map((each) => each.split(':')[2] ?? '')
}
