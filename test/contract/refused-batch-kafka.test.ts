import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { ServiceError } from '../../src/domain/errors.ts'
import { abortsOnGap } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import type { KafkaProducerOptions } from '../../src/sink/kafka-producer.ts'
import { answerTo, int32, requestVersion, startAnsweringProxy } from '../harness/answering-proxy.ts'
import type { Sides } from '../harness/answering-proxy.ts'
import { readCommitted } from '../harness/kafka.ts'
import { produce } from './producer-suite.ts'

const PRODUCE = 0
const NOT_LEADER_OR_FOLLOWER = 6
/** Versions of ProduceResponse that have the form below. */
const VERSIONS = [9, 10, 11, 12]
/** Longer than a second batch takes to follow, where one may. */
const HOLD_MS = 2_000

/*
 * A broker that has just come back may refuse a batch, not leading the partition yet, and take the next one, which
 * is on its way already: it checks the sequence of a producer that it knows, and it knows nothing of one that is
 * new to the partition, or whose records there have timestamps of more than a day ago.
 */
const AS_IT_IS = {}
const AS_STOCK = { isPatched: false }

if (abortsOnGap()) {
  test('of a transaction whose first batch was refused and whose second was taken, all is committed or nothing', async (t) => {
    const { isFollowed, end, values } = await refuseFirst(t, AS_IT_IS)
    assert.equal(isFollowed, true)
    assert.deepEqual(
      [end, values],
      end === 'committed' ? ['committed', ['first', 'second']] : ['TRANSACTION_ABORTABLE', []],
    )
  })
}

test('a client that would take a refused batch for written, since the next one was, has no next one on its way', async (t) => {
  const found = await refuseFirst(t, abortsOnGap() ? AS_STOCK : AS_IT_IS)
  assert.deepEqual(found, { isFollowed: false, end: 'committed', values: ['first', 'second'] })
})

interface Found {
  /** Whether the second batch came before the first one was answered. */
  readonly isFollowed: boolean
  /** `committed`, or the code of the error in its place. */
  readonly end: unknown
  /** What a read-committed reader has. */
  readonly values: readonly string[]
}

/** A transaction of two batches, the first of which is refused. */
async function refuseFirst(
  t: TestContext,
  options: Pick<KafkaProducerOptions, 'isPatched'>,
): Promise<Found> {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const broker = await startOwnBroker({ port, advertisedPort })
  t.after(() => broker.stop())
  const topic = `refused-${process.pid}`
  const refusal = new Refusal(topic)
  await startAnsweringProxy(t, { port: advertisedPort, target: port }, (request, sides) =>
    refusal.onRequest(request, sides),
  )
  await createTopics(broker.brokers, [{ name: topic, partitions: 1 }])
  const producer = new KafkaProducer({
    properties: {
      'bootstrap.servers': `127.0.0.1:${advertisedPort}`,
      'transactional.id': topic,
      'transaction.timeout.ms': 30_000,
      'linger.ms': 0,
    },
    topic,
    consumer: () => assert.fail('no offsets are sent'),
    requestTimeoutMs: 10_000,
    ...options,
  })
  t.after(() => producer.close())
  await producer.initTransactions()
  await producer.beginTransaction()
  await produce(producer, { topic, partition: 0, key: null, value: Buffer.from('first') })
  await refusal.isHolding
  await produce(producer, { topic, partition: 0, key: null, value: Buffer.from('second') })
  const end = await producer.commitTransaction().then(
    () => 'committed',
    (error: unknown) => (error instanceof ServiceError ? error.code : error),
  )
  t.diagnostic(`the transaction: ${String(end)}`)
  const read = await readCommitted(broker.brokers, topic, 1)
  const values = read.map(({ value }) => String(value))
  return { isFollowed: refusal.isFollowed, end, values }
}

/** Holds the first batch until another one follows, or none does, and refuses it then. */
class Refusal {
  /** Settled once the first batch is held. */
  readonly isHolding: Promise<void>
  isFollowed = false
  readonly #topic: string
  #state: 'before' | 'holding' | 'over' = 'before'
  #held: () => void = () => undefined
  #refuse: () => void = () => undefined

  constructor(topic: string) {
    this.#topic = topic
    this.isHolding = new Promise((resolve) => {
      this.#held = resolve
    })
  }

  onRequest(request: Buffer, { pass, answer }: Sides): void {
    const isBatch = requestHeader(request).apiKey === PRODUCE
    if (isBatch && this.#state === 'before') {
      this.#state = 'holding'
      const timer = setTimeout(() => this.#refuse(), HOLD_MS)
      this.#refuse = () => {
        clearTimeout(timer)
        this.#state = 'over'
        answer(refusalOf(request, this.#topic))
      }
      this.#held()
      return
    }
    if (isBatch && this.#state === 'holding') {
      this.isFollowed = true
      this.#refuse()
    }
    pass(request)
  }
}

/** The answer of a broker that does not lead partition 0 of the topic (ProduceResponse, Kafka's protocol guide). */
function refusalOf(request: Buffer, topic: string): Buffer {
  const version = requestVersion(request)
  assert.ok(VERSIONS.includes(version), `version ${version} of a produce request`)
  const name = Buffer.from(topic)
  return answerTo(request, [
    // No tagged fields; one topic, its name; one partition.
    Buffer.from([0, 2, name.length + 1]),
    name,
    Buffer.from([2]),
    int32(0),
    Buffer.from([0, NOT_LEADER_OR_FOLLOWER]),
    // Base offset, time of append, start of the log: unknown.
    Buffer.alloc(24, 0xff),
    // No errors of records, no message, no tagged fields of partition and topic.
    Buffer.from([1, 0, 0, 0]),
    // No throttling, no tagged fields.
    int32(0),
    Buffer.from([0]),
  ])
}
