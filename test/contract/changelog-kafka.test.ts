import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopics, deleteBefore } from '../../scripts/testbed/topics.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaChangelog } from '../../src/source/kafka-changelog.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { produce } from './producer-suite.ts'

const PARTITIONS = 2
const POLLS_MAX = 200
let worlds = 0

/** A real changelog, its reader, and producers that write transactions to it. */
async function openWorld(isPatched: boolean) {
  const { brokers } = testbedAddresses()
  const topic = `l${process.pid}-${++worlds}-${Date.now().toString(36)}-state`
  await createTopics(brokers, [{ name: topic, partitions: PARTITIONS }])
  const reader = new KafkaChangelog(
    topic,
    {
      'bootstrap.servers': brokers,
      'group.id': `${topic}-restore`,
      'isolation.level': 'read_committed',
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'fetch.wait.max.ms': 20,
    },
    isPatched,
  )
  const producers: KafkaProducer[] = []
  const source = new KafkaSource({
    topic,
    properties: { 'bootstrap.servers': brokers, 'group.id': topic },
  })
  const producer = async (name = 'a'): Promise<KafkaProducer> => {
    const made = new KafkaProducer({
      properties: {
        'bootstrap.servers': brokers,
        'transactional.id': `${topic}-${name}`,
        'transaction.timeout.ms': 30_000,
      },
      topic,
      consumer: () => source.client,
      requestTimeoutMs: 10_000,
    })
    producers.push(made)
    await made.initTransactions()
    await made.beginTransaction()
    return made
  }
  const put = (to: KafkaProducer, value: string, partition = 0): Promise<number> =>
    produce(to, { topic, partition, key: Buffer.from('k'), value: Buffer.from(value) })
  const seen: string[] = []
  const pollUntil = async (isDone: () => boolean): Promise<void> => {
    for (let poll = 0; poll < POLLS_MAX && !isDone(); poll++) {
      await reader.poll(100, ({ partition, value, valueAt, valueEnd }) =>
        seen.push(`${partition}:${value.toString('utf8', valueAt, valueEnd)}`),
      )
    }
    assert.ok(isDone(), `not there after ${POLLS_MAX} polls, at ${reader.position(0)}`)
  }
  const close = async (): Promise<void> => {
    await reader.disconnect()
    for (const each of producers) await each.close()
  }
  return { topic, brokers, reader, producer, put, seen, pollUntil, close }
}

type World = Awaited<ReturnType<typeof openWorld>>

function law(title: string, body: (world: World) => Promise<void>): void {
  // A client without our patches reads messages one by one; a patched one can do both.
  for (const isPatched of canKafka('consumeBatch') ? [true, false] : [false]) {
    const how = isPatched ? 'in blocks' : 'one by one'
    test(`the changelog on Kafka, ${how}: ${title}`, { timeout: 60_000 }, async () => {
      const world = await openWorld(isPatched)
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
  }
}

/** Reads partition 0 from `from` up to where its log ends now. */
async function readToEnd({ reader, pollUntil }: World, from = 0): Promise<void> {
  const { end } = await reader.bounds(0)
  reader.open(0, from)
  await pollUntil(() => reader.position(0) >= end)
}

law(
  'committed records are seen, aborted ones are not, and the position passes the markers',
  async (world) => {
    const { reader, producer, put, seen } = world
    const first = await producer()
    await put(first, 'gone')
    await whenGrown(reader, 1)
    await first.abortTransaction()
    await first.beginTransaction()
    await put(first, 'kept')
    await first.commitTransaction()
    // The broker answers a commit before it has written the marker: two records, two markers.
    await whenGrown(reader, 4)
    await readToEnd(world)
    assert.deepEqual(seen, ['0:kept'])
    assert.equal(reader.position(0), 4)
  },
)

law('an empty partition is at its end from the beginning', async (world) => {
  await readToEnd(world)
  assert.deepEqual([world.seen, world.reader.position(0)], [[], 0])
})

law(
  'a log whose first offset is above 0, and one that holds a marker alone, are read to their end',
  async (world) => {
    const { reader, producer, put, seen, topic, brokers } = world
    const writer = await producer()
    await put(writer, 'a')
    await put(writer, 'b')
    await writer.commitTransaction()
    await whenGrown(reader, 3)
    await deleteBefore(brokers, { topic, partition: 0 }, 1)
    assert.deepEqual(await reader.bounds(0), { first: 1, end: 3 })
    await readToEnd(world)
    assert.deepEqual(seen, ['0:b'])
    reader.close(0)
    await deleteBefore(brokers, { topic, partition: 0 }, 2)
    await readToEnd(world)
    assert.deepEqual([seen, reader.position(0)], [['0:b'], 3])
  },
)

law(
  'the open transaction of a dead instance holds the position back until it is decided',
  async (world) => {
    const { reader, producer, put, seen, pollUntil } = world
    const writer = await producer()
    await put(writer, 'kept')
    await writer.commitTransaction()
    await writer.beginTransaction()
    await put(writer, 'open')
    await whenGrown(reader, 3)
    const { end } = await reader.bounds(0)
    reader.open(0, 0)
    await pollUntil(() => reader.position(0) >= 2)
    for (let poll = 0; poll < 10; poll++) await reader.poll(100, () => assert.fail('it was seen'))
    assert.ok(reader.position(0) < end)
    // The successor of the same name takes it back.
    await producer()
    await pollUntil(() => reader.position(0) >= end)
    assert.deepEqual(seen, ['0:kept'])
  },
)

law('a partition opened amid another one’s reading disturbs neither', async (world) => {
  const { reader, producer, put, seen, pollUntil } = world
  const writer = await producer()
  const numbers = Array.from({ length: 2_000 }, (_, index) => `${index}`)
  for (const number of numbers) for (const partition of [0, 1]) await put(writer, number, partition)
  await writer.commitTransaction()
  const ends = [(await reader.bounds(0)).end, (await reader.bounds(1)).end]
  reader.open(0, 0)
  await pollUntil(() => seen.length > 0)
  reader.open(1, 0)
  await pollUntil(() =>
    [0, 1].every((partition) => reader.position(partition) >= (ends[partition] ?? 0)),
  )
  for (const partition of [0, 1]) {
    const own = seen.filter((each) => each.startsWith(`${partition}:`))
    assert.deepEqual(
      own,
      numbers.map((number) => `${partition}:${number}`),
    )
  }
})

law(
  'a partition that was closed is read from where it is opened anew, and from there only',
  async (world) => {
    const { reader, producer, put, seen, pollUntil } = world
    const writer = await producer()
    for (let number = 0; number < 2_000; number++) await put(writer, `${number}`)
    await writer.commitTransaction()
    await whenGrown(reader, 2_001)
    reader.open(0, 0)
    await pollUntil(() => seen.length > 0)
    reader.close(0)
    for (let poll = 0; poll < 5; poll++) await reader.poll(100, () => assert.fail('it is closed'))
    seen.length = 0
    await readToEnd(world, 1_990)
    assert.deepEqual(
      seen,
      Array.from({ length: 10 }, (_, index) => `0:${1_990 + index}`),
    )
  },
)

async function whenGrown(reader: KafkaChangelog, end: number): Promise<void> {
  for (let look = 0; look < POLLS_MAX; look++) {
    if ((await reader.bounds(0)).end >= end) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail(`the log did not grow to ${end}`)
}
