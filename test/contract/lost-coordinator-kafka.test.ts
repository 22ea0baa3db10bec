import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientWarning } from '../../src/runtime/kafka-addon.ts'
import { answerTo, int32, requestVersion, startAnsweringProxy } from '../harness/answering-proxy.ts'

const FIND_COORDINATOR = 10
/** Versions of FindCoordinatorResponse that have the form below. */
const VERSIONS = [1, 2]
const NODE_ID = 1
/** Of a process each, so some seconds in all. */
const COORDINATED_TRIES = 20
const ASKS = resolve(import.meta.dirname, '../fixtures/last-written.ts')

/*
 * A stock client ends the process here with SIGSEGV (docs/upstream/librdkafka-admin-offsets.md), so one of the
 * bootstrap's own is needed. Nothing is made up but the name of the coordinator: a broker without a topic of offsets
 * coordinates no group, and says so itself when it is asked.
 */
const title =
  'asking for the offsets of a group where its coordinator is no more is an error, and the process lives'
if (clientWarning() === undefined) test(title, isToldOfLostCoordinator)

async function isToldOfLostCoordinator(t: TestContext): Promise<void> {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const broker = await startOwnBroker({ port, advertisedPort })
  t.after(() => broker.stop())
  const topic = `lost-${process.pid}`
  await createTopics(broker.brokers, [{ name: topic, partitions: 1 }])
  const way = { isWrong: true }
  await startAnsweringProxy(t, { port: advertisedPort, target: port }, (request, sides) => {
    const isAsked = requestHeader(request).apiKey === FIND_COORDINATOR
    if (isAsked && way.isWrong) sides.answer(coordinatorAt(request, advertisedPort))
    else sides.pass(request)
  })
  const brokers = `127.0.0.1:${advertisedPort}`
  const lost = await ask(brokers, topic)
  assert.equal(lost.signal, null, `it was ended by ${lost.signal}`)
  assert.equal(lost.answer.code, 'KAFKA_UNAVAILABLE', JSON.stringify(lost))
  assert.match(lost.answer.message ?? '', /^reading what was committed last: .*not coordinator/i)
  way.isWrong = false
  // The broker makes the topic of offsets now, and coordinates once it has read it.
  let found = await ask(brokers, topic)
  for (let more = 0; more < COORDINATED_TRIES && found.answer.stored === undefined; more += 1) {
    found = await ask(brokers, topic)
  }
  assert.deepEqual(found.answer, { stored: [{ partition: 0 }] })
}

interface Asked {
  readonly signal: NodeJS.Signals | null
  readonly answer: { readonly code?: string; readonly message?: string; readonly stored?: unknown }
}

/** Asks in a process of its own. */
function ask(brokers: string, topic: string): Promise<Asked> {
  return new Promise((done) => {
    execFile(process.execPath, [ASKS, brokers, topic, topic], (error, stdout) => {
      done({ signal: error?.signal ?? null, answer: stdout === '' ? {} : JSON.parse(stdout) })
    })
  })
}

/** The answer that the coordinator of a group listens on this port (FindCoordinatorResponse, Kafka's protocol guide). */
function coordinatorAt(request: Buffer, port: number): Buffer {
  const version = requestVersion(request)
  assert.ok(VERSIONS.includes(version), `version ${version} of a search for a coordinator`)
  const host = Buffer.from('127.0.0.1')
  return answerTo(request, [
    // No throttling.
    int32(0),
    // No error, and no message of one.
    Buffer.from([0, 0, 0xff, 0xff]),
    int32(NODE_ID),
    Buffer.from([0, host.length]),
    host,
    int32(port),
  ])
}
