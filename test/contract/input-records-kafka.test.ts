import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopics } from '../../scripts/testbed/topics.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import type { Rebalance } from '../../src/source/port.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { produce } from './producer-suite.ts'
import { write } from '../harness/kafka.ts'
import type { NewRecord } from '../harness/kafka.ts'

const POLLS_MAX = 400
const RECORDS_MAX = 100
const FIRST_MS = Date.UTC(2026, 0, 1)
let worlds = 0

/** A real topic and members of a group that reads it. */
async function openWorld(isPatched: boolean) {
  const { brokers } = testbedAddresses()
  const topic = `s${process.pid}-${++worlds}-${Date.now().toString(36)}`
  await createTopics(brokers, [{ name: topic, partitions: 2 }])
  const members: Member[] = []
  const join = async (name = 'a'): Promise<Member> => {
    const member = new Member(brokers, { topic, name, isPatched })
    members.push(member)
    await member.source.connect()
    member.source.subscribe((rebalance) => member.rebalances.push(rebalance))
    return member
  }
  const put = (records: Iterable<NewRecord>): Promise<void> => write(brokers, topic, records)
  const close = async (): Promise<void> => {
    for (const { source } of members) await source.close()
  }
  return { brokers, topic, join, put, close }
}

class Member {
  readonly source: KafkaSource
  readonly rebalances: Rebalance[] = []
  readonly answered: Rebalance[] = []
  readonly records: InputRecord[] = []

  constructor(
    brokers: string,
    { topic, name, isPatched }: { topic: string; name: string; isPatched: boolean },
  ) {
    this.source = new KafkaSource({
      topic,
      isPatched,
      properties: {
        'bootstrap.servers': brokers,
        'group.id': topic,
        'group.instance.id': name,
        'partition.assignment.strategy': 'cooperative-sticky',
        'isolation.level': 'read_committed',
        'enable.auto.commit': false,
        'enable.auto.offset.store': false,
        'session.timeout.ms': 10_000,
        'fetch.wait.max.ms': 20,
      },
    })
  }

  /** Answers what the group has decided, and polls once. */
  async poll(): Promise<void> {
    for (const rebalance of this.rebalances.splice(0)) {
      rebalance.answer()
      // The group may also decide on no partition at all.
      if (rebalance.partitions.length > 0) this.answered.push(rebalance)
    }
    this.records.push(...(await this.source.poll(RECORDS_MAX)))
  }

  async pollUntil(isDone: () => boolean): Promise<void> {
    for (let poll = 0; poll < POLLS_MAX && !isDone(); poll++) await this.poll()
    assert.ok(isDone(), `not there after ${POLLS_MAX} polls and ${this.records.length} records`)
  }

  /** Waits until partitions have been assigned or revoked, and that is answered. @returns which */
  async when(kind: Rebalance['kind']): Promise<readonly number[]> {
    const find = () => this.answered.find((rebalance) => rebalance.kind === kind)
    await this.pollUntil(() => find() !== undefined)
    return find()?.partitions ?? []
  }

  async begin(partitions: readonly number[], offset = 0): Promise<void> {
    await this.source.seek(partitions.map((partition) => ({ partition, offset })))
  }
}

type World = Awaited<ReturnType<typeof openWorld>>

function law(title: string, body: (world: World) => Promise<void>): void {
  for (const isPatched of canKafka('consumeBatch') ? [true, false] : [false]) {
    const how = isPatched ? 'in blocks' : 'one by one'
    test(`the input on Kafka, ${how}: ${title}`, { timeout: 90_000 }, async () => {
      const world = await openWorld(isPatched)
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
  }
}

const numbered = (partition: number, count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    partition,
    key: `k${from + index}`,
    value: Buffer.from(`${partition}:${from + index}`),
  }))

const offsetsOf = (records: readonly InputRecord[], partition: number): readonly number[] =>
  records.filter((record) => record.partition === partition).map(({ offset }) => offset)

const range = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index)

law('a record comes with all that was written', async ({ topic, join, put }) => {
  const given: readonly NewRecord[] = [
    {
      partition: 0,
      key: 'k',
      value: Buffer.from([0, 255, 1]),
      timestampMs: FIRST_MS,
      headers: [{ a: 'x' }, { b: Buffer.alloc(0) }, { a: Buffer.from([255]) }, { ü: 'ü' }],
    },
    { partition: 0, key: null, value: Buffer.alloc(0), timestampMs: FIRST_MS + 1 },
    { partition: 0, key: Buffer.alloc(0), value: null, timestampMs: FIRST_MS - 1 },
  ]
  await put(given)
  const member = await join()
  await member.begin(await member.when('assigned'))
  await member.pollUntil(() => member.records.length >= given.length)
  assert.deepEqual(member.records.map(shapeOf), [
    {
      topic,
      partition: 0,
      offset: 0,
      timestamp: FIRST_MS,
      key: '6b',
      value: '00ff01',
      headers: [
        ['a', '78'],
        ['b', ''],
        ['a', 'ff'],
        ['ü', 'c3bc'],
      ],
    },
    {
      topic,
      partition: 0,
      offset: 1,
      timestamp: FIRST_MS + 1,
      key: null,
      value: '',
      headers: undefined,
    },
    {
      topic,
      partition: 0,
      offset: 2,
      timestamp: FIRST_MS - 1,
      key: '',
      value: null,
      headers: undefined,
    },
  ])
})

law('the bytes of a record stay as they are while more is polled', async ({ join, put }) => {
  await put(numbered(0, 500))
  const member = await join()
  await member.begin(await member.when('assigned'))
  await member.pollUntil(() => member.records.length >= 500)
  assert.deepEqual(
    member.records.map(({ key, value }) => `${String(key)} ${String(value)}`),
    range(0, 500).map((number) => `k${number} 0:${number}`),
  )
})

law('each partition comes in offset order, none twice, none left out', async ({ join, put }) => {
  const count = 3_000
  await put([...numbered(0, count), ...numbered(1, count)])
  const member = await join()
  await member.begin(await member.when('assigned'))
  await member.pollUntil(() => member.records.length >= 2 * count)
  for (const partition of [0, 1]) {
    assert.deepEqual(offsetsOf(member.records, partition), range(0, count))
  }
})

law('aborted records and markers are never seen', async ({ brokers, topic, join }) => {
  const member = await join()
  const producer = new KafkaProducer({
    properties: { 'bootstrap.servers': brokers, 'transactional.id': topic },
    topic,
    consumer: () => member.source.client,
    requestTimeoutMs: 10_000,
  })
  await producer.initTransactions()
  for (const fate of ['aborted', 'kept', 'aborted', 'kept']) {
    await producer.beginTransaction()
    await produce(producer, { topic, partition: 0, key: null, value: Buffer.from(fate) })
    // Aborting is only seen of what has reached the log.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await (fate === 'kept' ? producer.commitTransaction() : producer.abortTransaction())
  }
  await producer.close()
  // Two records, two that were aborted, four markers: all are on the log.
  let end = 0
  for (let look = 0; look < POLLS_MAX && end < 8; look++) {
    end = (await member.source.logBounds(0)).end
  }
  assert.equal(end, 8)
  await member.begin(await member.when('assigned'))
  await member.pollUntil(() => member.records.length >= 2)
  for (let poll = 0; poll < 5; poll++) member.records.push(...(await member.source.poll(10)))
  assert.deepEqual(
    member.records.map(({ value }) => String(value)),
    ['kept', 'kept'],
  )
})

law('after a seek it goes on exactly there, with nothing left of before', async ({ join, put }) => {
  await put([...numbered(0, 1_000), ...numbered(1, 1_000)])
  const member = await join()
  await member.begin(await member.when('assigned'))
  await member.pollUntil(() => member.records.length >= 300)
  const before = offsetsOf(member.records, 1)
  member.records.length = 0
  await member.source.seek([{ partition: 0, offset: 5 }])
  await member.pollUntil(() => member.records.length >= 1_995 - before.length)
  assert.deepEqual(offsetsOf(member.records, 0), range(5, 1_000))
  assert.deepEqual([...before, ...offsetsOf(member.records, 1)], range(0, 1_000))
})

/** What a record is made of, bytes as hexadecimal digits. */
function shapeOf({ topic, partition, offset, timestamp, key, value, headers }: InputRecord) {
  const hex = (bytes: Buffer | string): string => Buffer.from(bytes).toString('hex')
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key && hex(key),
    value: value && hex(value),
    headers: headers?.flatMap((header) =>
      Object.entries(header).map(([name, bytes]) => [name, hex(bytes)]),
    ),
  }
}
