import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import { createTopics } from '../../scripts/testbed/topics.ts'
import type { OutputRecord } from '../../src/domain/record.ts'
import { joinsProduceRequests } from '../../src/runtime/kafka-addon.ts'
import { fromCallback } from '../../src/runtime/callback.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { readCommitted } from '../harness/kafka.ts'
import { produce } from './producer-suite.ts'

const PARTITIONS = 8
const REQUEST_TIMEOUT_MS = 10_000
const STATISTICS_MS = 50
const SETTLE_MS = 15
const { brokers } = testbedAddresses()
let beds = 0

interface Bed {
  readonly topics: readonly string[]
  readonly producer: KafkaProducer
  /** Requests of this kind sent so far; one that has just been sent may be missing. */
  readonly requests: () => number
}

async function open(
  t: TestContext,
  properties: Readonly<Record<string, number>> = {},
  config: Readonly<Record<string, string>> = {},
): Promise<Bed> {
  const prefix = `r${process.pid}-${++beds}-${Date.now().toString(36)}`
  const topics = ['one', 'two', 'three'].map((name) => `${prefix}-${name}`)
  await createTopics(
    brokers,
    topics.map((name, index) => ({
      name,
      partitions: PARTITIONS,
      config: index === 0 ? config : {},
    })),
  )
  let requests = 0
  const producer = new KafkaProducer({
    properties: {
      'bootstrap.servers': brokers,
      'transactional.id': prefix,
      'linger.ms': 5,
      'retry.backoff.ms': 5,
      'statistics.interval.ms': STATISTICS_MS,
      ...properties,
    },
    topic: prefix,
    consumer: () => assert.fail('no offsets are sent'),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    onStatistics: (json) => {
      requests = producedRequests(JSON.parse(json))
    },
  })
  t.after(() => producer.close())
  await producer.initTransactions()
  return { topics, producer, requests: () => requests }
}

function producedRequests({ brokers: all }: { brokers: Record<string, { req: object }> }): number {
  return Object.values(all).reduce((sum, { req }) => sum + Number(Reflect.get(req, 'Produce')), 0)
}

/** So many records for each partition of each topic, in turn, as units of work write them. */
function unitOf(topics: readonly string[], perPartition: number, unit: number): OutputRecord[] {
  return Array.from({ length: perPartition }, (_, number) =>
    topics.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (__, partition) => ({
        topic,
        partition,
        key: null,
        value: Buffer.from(`${unit}-${number}`),
      })),
    ),
  ).flat()
}

/** Values of each partition of a topic, in order. */
async function valuesOf(topic: string): Promise<string[][]> {
  const values: string[][] = Array.from({ length: PARTITIONS }, () => [])
  for (const { partition, value } of await readCommitted(brokers, topic, PARTITIONS)) {
    values[partition]?.push(String(value))
  }
  return values
}

async function commitUnits(
  { producer, topics }: Bed,
  units: number,
  perPartition: number,
): Promise<void> {
  for (let unit = 0; unit < units; unit += 1) {
    await producer.beginTransaction()
    await produce(producer, ...unitOf(topics, perPartition, unit))
    await producer.commitTransaction()
    // The broker is busy with the transaction's markers for a moment.
    await setTimeout(SETTLE_MS)
  }
}

function expected(units: number, perPartition: number): string[][] {
  const values = Array.from({ length: units }, (_, unit) =>
    Array.from({ length: perPartition }, (__, number) => `${unit}-${number}`),
  ).flat()
  return Array.from({ length: PARTITIONS }, () => values)
}

const UNITS = 30

async function oneRequestAUnit(t: TestContext): Promise<void> {
  const bed = await open(t)
  await commitUnits(bed, UNITS, 3)
  await setTimeout(4 * STATISTICS_MS)
  const requests = bed.requests()
  t.diagnostic(`${requests} requests for ${UNITS} units`)
  assert.ok(requests >= UNITS && requests <= 2 * UNITS, `${requests} requests`)
  for (const topic of bed.topics) assert.deepEqual(await valuesOf(topic), expected(UNITS, 3))
}

const FLUSHES = 40

/** A stock client polls for deliveries that its background thread has taken, 10 ms at a time. */
async function flushesWithoutSleep(t: TestContext): Promise<void> {
  const topic = `r${process.pid}-flush-${Date.now().toString(36)}`
  await createTopics(brokers, [{ name: topic, partitions: PARTITIONS }])
  const client = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    dr_cb: true,
    acks: -1,
    'linger.ms': 5,
  })
  await fromCallback<unknown>((done) => client.connect({}, done))
  client.setPollInBackground(true)
  let deliveredAt = 0
  client.on('delivery-report', () => {
    deliveredAt = performance.now()
  })
  const overMs: number[] = []
  for (let flush = 0; flush < FLUSHES; flush += 1) {
    client.produce(topic, 0, Buffer.from('x'))
    await fromCallback<unknown>((done) =>
      client.flush(REQUEST_TIMEOUT_MS, (error) => done(error, undefined)),
    )
    const endedAt = performance.now()
    await setTimeout(1)
    overMs.push(endedAt - deliveredAt)
  }
  await fromCallback<unknown>((done) => client.disconnect((error, value) => done(error, value)))
  const told = quartiles(overMs)
  t.diagnostic(`${told.map((each) => each.toFixed(1)).join(', ')} ms (quartiles)`)
  const [, , median = Infinity] = told
  assert.ok(median < 4, `every other flush goes on for ${median} ms and more`)
}

const IN_ONE =
  'Kafka: a unit that writes to 24 partitions takes a request or two, and nothing is lost or moved'
const NO_SLEEP = 'Kafka: a flush ends with the last delivery, and does not sleep on'
// A stock client sends a request for each partition, and sleeps up to 10 ms past the last delivery.
if (joinsProduceRequests()) {
  test(IN_ONE, oneRequestAUnit)
  test(NO_SLEEP, flushesWithoutSleep)
}

test('Kafka: order holds where a unit has many batches of each partition', async (t) => {
  const bed = await open(t, { 'batch.num.messages': 7, 'linger.ms': 0 })
  await commitUnits(bed, 4, 100)
  for (const topic of bed.topics) assert.deepEqual(await valuesOf(topic), expected(4, 100))
})

test('Kafka: order holds where requests are full before all partitions are in them', async (t) => {
  const bed = await open(t, { 'message.max.bytes': 2_000, 'batch.size': 1_000 })
  await commitUnits(bed, 4, 100)
  for (const topic of bed.topics) assert.deepEqual(await valuesOf(topic), expected(4, 100))
})

test('Kafka: what the broker refuses of one partition aborts the unit, and the next one goes through', async (t) => {
  const bed = await open(t, {}, { 'max.message.bytes': '400' })
  const { producer, topics } = bed
  const [small = ''] = topics
  await producer.beginTransaction()
  const tooLarge = { topic: small, partition: 3, key: null, value: Buffer.alloc(1_000) }
  await produce(producer, ...unitOf(topics, 1, 7), tooLarge)
  await assert.rejects(producer.commitTransaction(), (error: Error) => {
    assert.equal(Reflect.get(error, 'code'), 'TRANSACTION_ABORTABLE')
    assert.match(error.message, /[Mm]essage.*(size|large)/u)
    return true
  })
  await producer.abortTransaction().catch(() => undefined)
  await producer.renew()
  await commitUnits(bed, 2, 1)
  for (const topic of topics) assert.deepEqual(await valuesOf(topic), expected(2, 1))
})

/** The smallest, the quartiles and the largest. */
function quartiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return [0, 0.25, 0.5, 0.75, 1].map(
    (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0,
  )
}
