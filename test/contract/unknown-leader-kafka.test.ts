import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientWarning } from '../../src/runtime/kafka-addon.ts'
import { answerTo, int32, requestVersion, startAnsweringProxy } from '../harness/answering-proxy.ts'
import { write } from '../harness/kafka.ts'

const FETCH = 1
/** Versions of FetchRequest and FetchResponse that have the forms below. */
const VERSIONS = [16, 17, 18]
const NOT_LEADER_OR_FOLLOWER = 6
const NODE_ID = 1
const NOBODY = -1
const PARTITIONS = 60
const WAIT_MS = 40_000
const READS = resolve(import.meta.dirname, '../fixtures/read-all.ts')

/*
 * A broker that has just come back knows the leaders of some partitions before those of others. A stock client takes
 * memory that was never written for what it says of the others (docs/upstream/librdkafka-unknown-leader.md), and ends
 * when that happens to look like a partition with a leader. Here the C library fills what it hands out, so that the
 * client complains of it each time instead.
 */
const title =
  'partitions whose leader the broker does not know yet are asked for again, and the process lives'
if (clientWarning() === undefined) test(title, outlivesUnknownLeaders)

async function outlivesUnknownLeaders(t: TestContext): Promise<void> {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const broker = await startOwn({ port, advertisedPort })
  t.after(() => broker.stop())
  const topic = `unknown-leader-${process.pid}`
  await createTopics(broker.brokers, [{ name: topic, partitions: PARTITIONS }])
  const value = Buffer.from('value')
  await write(
    broker.brokers,
    topic,
    Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, key: null, value })),
  )
  let isAnswered = false
  await startAnsweringProxy(t, { port: advertisedPort, target: port }, (request, sides) => {
    const asked = requestHeader(request).apiKey === FETCH ? askedFor(request) : undefined
    if (asked === undefined || asked.partitions.length < 2 || isAnswered) {
      sides.pass(request)
      return
    }
    isAnswered = true
    sides.answer(leadersOf(request, asked, advertisedPort))
  })
  const read = await readAll(`127.0.0.1:${advertisedPort}`, topic)
  assert.deepEqual(read, { signal: null, found: { count: PARTITIONS, said: [] } })
  assert.ok(isAnswered)
}

/** Reads all there is in a process of its own. */
function readAll(brokers: string, topic: string) {
  const args = [READS, brokers, topic, String(PARTITIONS), String(PARTITIONS)]
  const env = { ...process.env, MALLOC_PERTURB_: '90' }
  return new Promise<{ signal: NodeJS.Signals | null; found: unknown }>((done) => {
    execFile(process.execPath, args, { env, timeout: WAIT_MS }, (error, stdout) => {
      done({ signal: error?.signal ?? null, found: stdout === '' ? {} : JSON.parse(stdout) })
    })
  })
}

interface Asked {
  readonly topicId: Buffer
  readonly partitions: readonly number[]
}

/** The partitions of the one topic of a request; `undefined`: of none (FetchRequest, Kafka's protocol guide). */
function askedFor(request: Buffer): Asked | undefined {
  const version = requestVersion(request)
  assert.ok(VERSIONS.includes(version), `version ${version} of a fetch request`)
  const clientIdAt = 12
  const bodyAt = clientIdAt + 2 + request.readInt16BE(clientIdAt) + 1
  // Wait, bytes at least and at most, isolation, session and its epoch; then topics, their number with one added.
  const topicsAt = bodyAt + 21
  if (request.readUInt8(topicsAt) < 2) return undefined
  const topicId = request.subarray(topicsAt + 1, topicsAt + 17)
  const countAt = topicsAt + 17
  const partitionBytes = 33
  const count = request.readUInt8(countAt) - 1
  const partitions = Array.from({ length: count }, (_, index) =>
    request.readInt32BE(countAt + 1 + index * partitionBytes),
  )
  return { topicId, partitions }
}

/** The answer of a broker that leads none of the partitions, and knows who leads the first (FetchResponse, as above). */
function leadersOf(request: Buffer, { topicId, partitions }: Asked, port: number): Buffer {
  const host = Buffer.from('127.0.0.1')
  const nodes = [
    Buffer.from([2]),
    int32(NODE_ID),
    Buffer.from([host.length + 1]),
    host,
    int32(port),
    // No rack, no tagged fields.
    Buffer.from([0, 0]),
  ]
  return answerTo(request, [
    // No tagged fields of the header, no throttling, no error, no session; one topic.
    Buffer.from([0]),
    int32(0),
    Buffer.from([0, 0]),
    int32(0),
    Buffer.from([2]),
    topicId,
    Buffer.from([partitions.length + 1]),
    ...partitions.flatMap((partition, index) =>
      refusalOf(partition, index === 0 ? NODE_ID : NOBODY),
    ),
    // No tagged fields of the topic; one of the answer: its nodes.
    Buffer.from([0, 1, 0, Buffer.concat(nodes).length]),
    ...nodes,
  ])
}

function refusalOf(partition: number, leader: number): readonly Buffer[] {
  return [
    int32(partition),
    Buffer.from([0, NOT_LEADER_OR_FOLLOWER]),
    // High watermark, last stable offset, start of the log: unknown.
    Buffer.alloc(24, 0xff),
    // No aborted transactions.
    Buffer.from([0]),
    int32(NOBODY),
    // No records; one tagged field, the leader and its epoch.
    Buffer.from([1, 1, 1, 9]),
    int32(leader),
    int32(leader === NOBODY ? NOBODY : 0),
    Buffer.from([0]),
  ]
}
