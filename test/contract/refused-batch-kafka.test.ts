import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { FrameSplitter, requestHeader } from '../../scripts/torture/frames.ts'
import { ServiceError } from '../../src/domain/errors.ts'
import { abortsOnGap } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { readCommitted } from '../harness/kafka.ts'
import { produce } from './producer-suite.ts'

const PRODUCE = 0
const NOT_LEADER_OR_FOLLOWER = 6
/** Versions of ProduceResponse that have the form below. */
const VERSIONS = [9, 10, 11, 12]
const LENGTH_BYTES = 4

/**
 * A broker that has just come back may refuse a batch, not leading the partition yet, and take the next one, which
 * is on its way already: it checks the sequence of a producer that it knows, and it knows nothing of one that is
 * new to the partition, or whose records there have timestamps of more than a day ago.
 */
const title =
  'of a transaction whose first batch was refused and whose second was taken, all is committed or nothing'
if (abortsOnGap()) test(title, allOrNothing)

async function allOrNothing(t: TestContext): Promise<void> {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const broker = await startOwn({ port, advertisedPort })
  t.after(() => broker.stop())
  const proxy = await startRefusingProxy(t, { port: advertisedPort, target: port })
  const topic = `refused-${process.pid}`
  await createTopics(broker.brokers, [{ name: topic, partitions: 1 }])
  const producer = new KafkaProducer({
    properties: {
      'bootstrap.servers': `127.0.0.1:${advertisedPort}`,
      'transactional.id': topic,
      'transaction.timeout.ms': 30_000,
      'linger.ms': 0,
    },
    consumer: () => assert.fail('no offsets are sent'),
    requestTimeoutMs: 10_000,
  })
  t.after(() => producer.close())
  await producer.initTransactions()
  await producer.beginTransaction()
  const held = proxy.refuseNext(topic)
  await produce(producer, { topic, partition: 0, key: null, value: Buffer.from('first') })
  await held
  await produce(producer, { topic, partition: 0, key: null, value: Buffer.from('second') })
  const end = await producer.commitTransaction().then(
    () => 'committed',
    (error: unknown) => (error instanceof ServiceError ? error.code : error),
  )
  t.diagnostic(`the transaction: ${String(end)}`)
  const read = await readCommitted(broker.brokers, topic, 1)
  assert.deepEqual(
    [end, read.map(({ value }) => String(value))],
    end === 'committed' ? ['committed', ['first', 'second']] : ['TRANSACTION_ABORTABLE', []],
  )
}

interface RefusingProxy {
  /**
   * Holds the next batch for a topic until another one follows, and refuses it then.
   *
   * @returns once it is held
   */
  refuseNext(topic: string): Promise<void>
}

async function startRefusingProxy(
  t: TestContext,
  { port, target }: { readonly port: number; readonly target: number },
): Promise<RefusingProxy> {
  let armed: { readonly topic: string; readonly isHeld: () => void } | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1')
    const requests = new FrameSplitter()
    let held: Buffer | undefined
    let topic = ''
    client.on('data', (chunk) => {
      for (const frame of requests.push(Buffer.from(chunk))) {
        const isBatch = requestHeader(frame).apiKey === PRODUCE
        if (isBatch && armed !== undefined) {
          held = frame
          topic = armed.topic
          armed.isHeld()
          armed = undefined
          continue
        }
        if (isBatch && held !== undefined) {
          client.write(refusalOf(held, topic))
          held = undefined
        }
        broker.write(frame)
      }
    })
    broker.on('data', (chunk) => client.write(chunk))
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        client.destroy()
        broker.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  assert.equal((server.address() as AddressInfo).port, port)
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    refuseNext: (topic) =>
      new Promise((resolve) => {
        armed = { topic, isHeld: resolve }
      }),
  }
}

/** The answer of a broker that does not lead partition 0 of the topic (ProduceResponse, Kafka's protocol guide). */
function refusalOf(request: Buffer, topic: string): Buffer {
  const version = request.readInt16BE(LENGTH_BYTES + 2)
  assert.ok(VERSIONS.includes(version), `version ${version} of a produce request`)
  const name = Buffer.from(topic)
  const body = Buffer.concat([
    int32(requestHeader(request).correlationId),
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
  return Buffer.concat([int32(body.length), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
