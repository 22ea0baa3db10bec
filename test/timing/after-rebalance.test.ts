import assert from 'node:assert/strict'
import { test } from 'node:test'
import kafka from '@confluentinc/kafka-javascript'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { median } from '../../bench/statistics.ts'
import { fromCallback } from '../../src/runtime/callback.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { testbedAddresses } from '../harness/bed.ts'

const PARTITIONS = [0, 1]
/** Comings and goings of the other member: one more and one less rebalance each. */
const ROUNDS = 5
const WRITE_EVERY_MS = 10
const BETWEEN_MS = 500
/** From a rebalance to its answer, as if a unit of work had to be committed first. */
const DRAIN_MS = 200
const SETTLED_WITHIN_MS = 20_000
/** Twice the drain and a poll; where a broker's thread sleeps on, it is a second from the first answer. */
const STILL_MAX_MS = 700

/**
 * The client pauses all partitions while a rebalance waits for its answer. One that stays must be fetched
 * again at once: `KafkaSource` wakes the threads of its brokers.
 */
test('a partition that stays goes on at once after a rebalance is answered', async (t) => {
  const { brokers } = testbedAddresses()
  const name = `w${process.pid}-${Date.now().toString(36)}`
  await createTopics(brokers, [{ name, partitions: PARTITIONS.length }])
  const writer = await startWriter(brokers, name)
  t.after(() => writer.stop())
  const first = new Member(brokers, name, 'one')
  t.after(() => first.close())
  await first.join()
  await until(() => first.owned.size === PARTITIONS.length)
  const stills: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const other = new Member(brokers, name, 'two')
    t.after(() => other.close())
    first.startLooking()
    await other.join()
    await until(() => other.owned.size === 1 && first.owned.size === 1)
    await pass(BETWEEN_MS)
    const [kept = -1] = first.owned
    await other.close()
    await until(() => first.owned.size === PARTITIONS.length)
    await pass(BETWEEN_MS)
    stills.push(first.longestStill(kept))
  }
  const told = stills.map((ms) => ms.toFixed(0)).join(', ')
  t.diagnostic(`a partition that stays stood still for at most ${told} ms`)
  assert.ok(median(stills) < STILL_MAX_MS, `${told} ms, the median at most ${STILL_MAX_MS}`)
})

/** A group member that answers after its drain and polls all the time. */
class Member {
  readonly owned = new Set<number>()
  readonly #source: KafkaSource
  readonly #seenAt = new Map<number, number>()
  readonly #still = new Map<number, number>()
  #isOpen = true
  #polling: Promise<void> = Promise.resolve()

  constructor(brokers: string, topic: string, name: string) {
    this.#source = new KafkaSource({
      topic,
      leavesGroup: true,
      properties: {
        'bootstrap.servers': brokers,
        'group.id': topic,
        'group.instance.id': name,
        'partition.assignment.strategy': 'cooperative-sticky',
        'isolation.level': 'read_committed',
        'enable.auto.commit': false,
        'session.timeout.ms': 6_000,
        'heartbeat.interval.ms': 200,
        'fetch.wait.max.ms': 20,
      },
    })
  }

  async join(): Promise<void> {
    await this.#source.connect()
    const fresh: number[] = []
    this.#source.subscribe(({ kind, partitions, answer }) => {
      setTimeout(() => {
        answer()
        for (const partition of partitions) {
          if (kind === 'assigned') this.owned.add(partition)
          else this.owned.delete(partition)
        }
        if (kind === 'assigned') fresh.push(...partitions)
      }, DRAIN_MS)
    })
    this.#polling = this.#poll(fresh)
  }

  startLooking(): void {
    this.#still.clear()
  }

  /** Longest time between two records of a partition since `startLooking`, ms. */
  longestStill(partition: number): number {
    return this.#still.get(partition) ?? Infinity
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#polling
    await this.#source.close()
  }

  async #poll(fresh: number[]): Promise<void> {
    while (this.#isOpen) {
      const records = await this.#source.poll(1_000)
      const now = performance.now()
      for (const partition of new Set(records.map((record) => record.partition))) {
        const stillMs = now - (this.#seenAt.get(partition) ?? now)
        this.#still.set(partition, Math.max(this.#still.get(partition) ?? 0, stillMs))
        this.#seenAt.set(partition, now)
      }
      // What comes back has not been seen while it was away.
      for (const partition of fresh) this.#seenAt.delete(partition)
      await this.#source.seek(fresh.splice(0).map((partition) => ({ partition, offset: 0 })))
    }
  }
}

/** Writes to every partition all the time. */
async function startWriter(brokers: string, topic: string) {
  const producer = new kafka.RdKafka.Producer({ 'bootstrap.servers': brokers, 'linger.ms': 0 })
  await fromCallback((done) => producer.connect({ topic, allTopics: false, timeout: 10_000 }, done))
  const timer = setInterval(() => {
    for (const partition of PARTITIONS) producer.produce(topic, partition, Buffer.from('a'), null)
  }, WRITE_EVERY_MS)
  return {
    stop: async (): Promise<void> => {
      clearInterval(timer)
      await fromCallback((done) => producer.disconnect(1_000, done))
    },
  }
}

async function until(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  while (!isDone()) {
    assert.ok(performance.now() < deadline, `not within ${SETTLED_WITHIN_MS} ms`)
    await pass(20)
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
