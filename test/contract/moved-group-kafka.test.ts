import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientWarning } from '../../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import type { Rebalance } from '../../src/source/port.ts'
import {
  answerTo,
  clientOf,
  int32,
  requestVersion,
  startAnsweringProxy,
} from '../harness/answering-proxy.ts'
import type { Sides } from '../harness/answering-proxy.ts'

const JOIN_GROUP = 11
const TXN_OFFSET_COMMIT = 28
/** The forms of the answers below. */
const VERSIONS = new Map([
  [JOIN_GROUP, [5]],
  [TXN_OFFSET_COMMIT, [3]],
])
const ILLEGAL_GENERATION = 22
const UNKNOWN_MEMBER_ID = 25
const GROUP = 'moved-group'
const PARTITION = 0
const WAIT_MS = 30_000

/*
 * A client rejoins its group behind the back of the application. What becomes of a unit that is to be committed just then,
 * and of partitions that the group has given to others meanwhile? Only a patched client tells
 * (docs/upstream/librdkafka-moved-generation.md, docs/upstream/librdkafka-lost-rejoin.md).
 */
if (clientWarning() === undefined) {
  test('offsets sent with a generation that is over are sent again with the new one, in the same transaction', async (t) => {
    const world = await World.open(t)
    const { producer, member } = await world.unit()
    world.refuseOffsets(1)
    await producer.sendOffsets([world.offset(3)])
    await producer.commitTransaction()
    assert.equal(world.refused, 1)
    assert.equal(await member.committed(), 3)
  })

  test('offsets whose generation stays over are given up, and the same producer goes on after an abort', async (t) => {
    const world = await World.open(t)
    const { producer, member } = await world.unit()
    world.refuseOffsets(Infinity)
    await assert.rejects(producer.sendOffsets([world.offset(3)]), {
      code: 'TRANSACTION_ABORTABLE',
      message: /generation/,
    })
    t.diagnostic(`given up after ${world.refused} attempts`)
    world.refuseOffsets(0)
    await producer.abortTransaction()
    await producer.beginTransaction()
    await producer.sendOffsets([world.offset(7)])
    await producer.commitTransaction()
    assert.equal(await member.committed(), 7)
  })

  test('a member whose rejoin comes when the group has gone on without it is told that its partitions are lost', async (t) => {
    const world = await World.open(t)
    const member = await world.join('a')
    world.refuseJoinOf('a')
    await world.join('b')
    await member.until('lost')
    assert.deepEqual(member.told.slice(0, 2), [`assigned ${PARTITION}`, `lost ${PARTITION}`])
  })
}

/** A broker of its own behind a proxy that answers in its place. */
class World {
  readonly #brokers: string
  readonly #topic = `moved-group-${process.pid}`
  #offsetsToRefuse = 0
  #joinToRefuse: string | undefined
  /** To be closed, before the broker is. */
  readonly #clients: { close(): Promise<void> }[] = []
  /** Offsets that were refused. */
  refused = 0

  private constructor(brokers: string) {
    this.#brokers = brokers
  }

  static async open(t: TestContext): Promise<World> {
    const [port = 0, advertisedPort = 0] = await freePorts(2)
    const broker = await startOwnBroker({ port, advertisedPort })
    const world = new World(`127.0.0.1:${advertisedPort}`)
    t.after(async () => {
      for (const client of world.#clients) await client.close()
      await broker.stop()
    })
    await startAnsweringProxy(t, { port: advertisedPort, target: port }, (request, sides) =>
      world.#onRequest(request, sides),
    )
    await createTopics(broker.brokers, [{ name: world.#topic, partitions: 1 }])
    return world
  }

  refuseOffsets(times: number): void {
    this.#offsetsToRefuse = times
  }

  /** The next time it joins. */
  refuseJoinOf(name: string): void {
    this.#joinToRefuse = name
  }

  offset(offset: number) {
    return { topic: this.#topic, partition: PARTITION, offset, metadata: '' }
  }

  /** A member with the partition, and a producer with an open transaction. */
  async unit(): Promise<{ producer: KafkaProducer; member: GroupMember }> {
    const member = await this.join('a')
    const producer = new KafkaProducer({
      properties: { 'bootstrap.servers': this.#brokers, 'transactional.id': this.#topic },
      topic: this.#topic,
      consumer: () => member.source.client,
      requestTimeoutMs: 10_000,
    })
    this.#clients.push(producer)
    await producer.initTransactions()
    await producer.beginTransaction()
    return { producer, member }
  }

  async join(name: string): Promise<GroupMember> {
    const member = new GroupMember(this.#topic, {
      'bootstrap.servers': this.#brokers,
      'client.id': name,
      'group.id': GROUP,
      'group.instance.id': name,
      'partition.assignment.strategy': 'cooperative-sticky',
      'heartbeat.interval.ms': 200,
      'enable.auto.commit': false,
    })
    this.#clients.push(member)
    await member.join()
    return member
  }

  #onRequest(request: Buffer, { pass, answer }: Sides): void {
    const { apiKey } = requestHeader(request)
    const versions = VERSIONS.get(apiKey)
    if (versions === undefined) return pass(request)
    assert.ok(versions.includes(requestVersion(request)), `version ${requestVersion(request)}`)
    if (apiKey === TXN_OFFSET_COMMIT && this.#offsetsToRefuse > 0) {
      this.#offsetsToRefuse -= 1
      this.refused += 1
      return answer(offsetsRefused(request, this.#topic))
    }
    if (apiKey === JOIN_GROUP && clientOf(request) === this.#joinToRefuse) {
      this.#joinToRefuse = undefined
      return answer(joinRefused(request))
    }
    return pass(request)
  }
}

/** A member of the group that answers each rebalance at once. */
class GroupMember {
  readonly source: KafkaSource
  /** Kind and partitions of each rebalance so far. */
  readonly told: string[] = []
  #isOpen = true
  #polling: Promise<void> = Promise.resolve()

  constructor(topic: string, properties: Record<string, string | number | boolean>) {
    this.source = new KafkaSource({ topic, properties })
  }

  async join(): Promise<void> {
    await this.source.connect()
    this.source.subscribe((rebalance) => this.#answer(rebalance))
    this.#polling = this.#poll()
    await this.until('assigned')
  }

  async until(kind: Rebalance['kind']): Promise<void> {
    const deadline = performance.now() + WAIT_MS
    while (!this.told.some((each) => each.startsWith(kind))) {
      assert.ok(performance.now() < deadline, `told ${this.told.join(', ')} only`)
      await sleep(20)
    }
  }

  async committed(): Promise<number | undefined> {
    const [stored] = await this.source.committed([PARTITION])
    return stored?.offset
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#polling
    await this.source.close()
  }

  async #poll(): Promise<void> {
    while (this.#isOpen) {
      await this.source.poll(1)
      await sleep(10)
    }
  }

  #answer(rebalance: Rebalance): void {
    this.told.push([rebalance.kind, ...rebalance.partitions].join(' '))
    rebalance.answer()
  }
}

/** TxnOffsetCommitResponse, version 3: tags, throttle time, one topic with one partition, each with tags. */
function offsetsRefused(request: Buffer, topic: string): Buffer {
  const name = Buffer.from(topic)
  const partition = [int32(PARTITION), int16(ILLEGAL_GENERATION), NO_TAGS]
  return answerTo(request, [
    Buffer.concat([NO_TAGS, int32(0)]),
    Buffer.concat([Buffer.from([2, name.length + 1]), name]),
    Buffer.concat([Buffer.from([2]), ...partition]),
    Buffer.concat([NO_TAGS, NO_TAGS]),
  ])
}

/** JoinGroupResponse, version 5: throttle time, error, generation, three empty names, no members. */
function joinRefused(request: Buffer): Buffer {
  const empty = int16(0)
  return answerTo(request, [
    Buffer.concat([int32(0), int16(UNKNOWN_MEMBER_ID), int32(-1)]),
    Buffer.concat([empty, empty, empty, int32(0)]),
  ])
}

const NO_TAGS = Buffer.from([0])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
