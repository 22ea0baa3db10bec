import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientWarning } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { answerTo, int32, requestVersion } from '../harness/answering-proxy.ts'
import { startAnsweringDetour } from '../harness/detour.ts'

const TXN_OFFSET_COMMIT = 28
/** Of TxnOffsetCommitResponse; it has the form below. */
const VERSION = 3
const ILLEGAL_GENERATION = 22
const PARTITION = 0
const REQUEST_TIMEOUT_MS = 10_000
const JOIN_WAIT_MS = 30_000

/*
 * A client rejoins its group behind the back of the application, just when a unit is to be committed. Only a patched one
 * lets its offsets be sent again (docs/upstream/librdkafka-moved-generation.md).
 */
if (clientWarning() === undefined) {
  test('offsets sent with a generation that is over are sent again with the new one, in the same transaction', async (t) => {
    const unit = await openUnit(t)
    unit.refusals.left = 1
    await unit.producer.sendOffsets([unit.offset(3)])
    await unit.producer.commitTransaction()
    assert.equal(unit.refusals.left, 0)
    assert.equal(await unit.committed(), 3)
  })

  test('offsets whose generation stays over are given up, and the same producer goes on after an abort', async (t) => {
    const { producer, refusals, offset, committed } = await openUnit(t)
    refusals.left = Infinity
    await assert.rejects(producer.sendOffsets([offset(3)]), {
      code: 'TRANSACTION_ABORTABLE',
      message: /generation/,
    })
    refusals.left = 0
    await producer.abortTransaction()
    await producer.beginTransaction()
    await producer.sendOffsets([offset(7)])
    await producer.commitTransaction()
    assert.equal(await committed(), 7)
  })
}

/** A group of one member, and a producer with an open transaction whose offsets can be refused. */
async function openUnit(t: TestContext) {
  const refusals = { left: 0 }
  let topic = ''
  const { env, bed } = await startAnsweringDetour(t, (request, { pass, answer }) => {
    if (requestHeader(request).apiKey !== TXN_OFFSET_COMMIT || refusals.left === 0) {
      pass(request)
      return
    }
    assert.equal(requestVersion(request), VERSION)
    refusals.left -= 1
    answer(refusalOf(request, topic))
  })
  topic = bed.topics.input
  const brokers = { 'bootstrap.servers': env['KAFKA_BROKERS'] ?? '' }
  const source = new KafkaSource({
    topic,
    properties: {
      ...brokers,
      'group.id': topic,
      'partition.assignment.strategy': 'cooperative-sticky',
      'enable.auto.commit': false,
    },
  })
  t.after(() => source.close())
  await join(source)
  const producer = new KafkaProducer({
    properties: { ...brokers, 'transactional.id': topic },
    topic,
    consumer: () => source.client,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  })
  t.after(() => producer.close())
  await producer.initTransactions()
  await producer.beginTransaction()
  return {
    producer,
    refusals,
    offset: (offset: number) => ({ topic, partition: PARTITION, offset, metadata: '' }),
    committed: async () => (await source.committed([PARTITION]))[0]?.offset,
  }
}

async function join(source: KafkaSource): Promise<void> {
  const joined = { isDone: false }
  await source.connect()
  source.subscribe((rebalance) => {
    rebalance.answer()
    joined.isDone = true
  })
  const deadline = performance.now() + JOIN_WAIT_MS
  while (!joined.isDone) {
    assert.ok(performance.now() < deadline, 'nothing was assigned')
    await source.poll(1)
  }
}

/** The answer: tags, throttle time, one topic with one partition, each with tags (Kafka's protocol guide). */
function refusalOf(request: Buffer, topic: string): Buffer {
  const name = Buffer.from(topic)
  const error = Buffer.from([0, ILLEGAL_GENERATION])
  return answerTo(request, [
    Buffer.concat([NO_TAGS, int32(0)]),
    Buffer.concat([Buffer.from([2, name.length + 1]), name]),
    Buffer.concat([Buffer.from([2]), int32(PARTITION), error, NO_TAGS]),
    Buffer.concat([NO_TAGS, NO_TAGS]),
  ])
}

const NO_TAGS = Buffer.from([0])
