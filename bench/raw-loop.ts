/**
 * The ceiling: what the same Kafka client does at most on this machine. Consumes a topic and produces
 * three records of the service's sizes for each record, in transactions of 100 ms with the offsets, with
 * the client settings and the batch calls of the service; nothing is decoded, computed or encoded.
 * Prints its rate as JSON.
 *
 *     node bench/raw-loop.ts BROKERS INPUT EVENTS TOPIC…
 */
import '../src/runtime/thread-pool.ts'
import { consumerProperties, producerProperties } from '../src/config/client-properties.ts'
import { loadConfig } from '../src/config/load.ts'
import { Backoff } from '../src/runtime/backoff.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { canKafka } from '../src/runtime/kafka-addon.ts'
import { KafkaProducer } from '../src/sink/kafka-producer.ts'
import { incremental } from '../src/source/group-client.ts'
import { KafkaSource } from '../src/source/kafka-consumer.ts'
import { consumeBlock } from '../src/source/message-block.ts'
import { UnitOfWork } from '../src/loop/unit-of-work.ts'
import type { CeilingResult } from './ceiling.ts'
import { PARTITIONS } from './cluster.ts'

/** What the service writes per event, by topic: features, prediction, audit. */
const VALUES = [95, 75, 210].map((bytes) => Buffer.alloc(bytes, 7))
const WAIT = { firstMs: 50, lingerMs: 1 } as const
const DEADLINE_MS = 10_000

const [brokers = '', input = '', eventsText = '', ...topics] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await run(Number(eventsText)))}\n`)
process.exit(0)

async function run(events: number): Promise<CeilingResult> {
  if (!canKafka('consumeBatch') || !canKafka('produceBatch')) {
    throw new Error('the Kafka client has no batch calls: scripts/bootstrap.sh builds one that has')
  }
  const env = {
    KAFKA_BROKERS: brokers,
    APP_ID: `${input}-raw`,
    MODEL_DIR: '.',
    INPUT_FORMAT: 'json',
  }
  const { config } = loadConfig(env, { readFile: () => '', hostname: 'raw' })
  const { commitIntervalMs, batchMaxRecords } = config
  const source = new KafkaSource({ topic: input, properties: consumerProperties(config) })
  const producer = new KafkaProducer({
    properties: producerProperties(config),
    topic: input,
    consumer: () => source.client,
    requestTimeoutMs: DEADLINE_MS,
  })
  const backoff = new Backoff(5, 100)
  const unit = new UnitOfWork({ producer, clock: systemClock, backoff, deadlineMs: DEADLINE_MS })
  await producer.initTransactions()
  await join(source)
  const consumer = incremental(source.client).getClient()
  const positions = new Map<number, number>()
  let done = 0
  let first: { readonly done: number; readonly atMs: number; readonly cpu: number } | undefined
  let ahead = consumeBlock(consumer, batchMaxRecords, WAIT)
  while (done < events) {
    const block = await ahead
    ahead = consumeBlock(consumer, batchMaxRecords, WAIT)
    if (block.count === 0) continue
    await unit.begin()
    for (let index = 0; index < block.count; index++) {
      const partition = block.partition(index)
      const key = block.key(index)
      for (const [at, topic] of topics.entries()) {
        unit.unsent.add({ topic, partition, key, value: VALUES[at] ?? null })
      }
      positions.set(partition, block.offset(index) + 1)
    }
    await unit.flush()
    done += block.count
    if (done < events && unit.ageMs < commitIntervalMs) continue
    await unit.commit(
      [...positions].map(([partition, offset]) => ({
        topic: input,
        partition,
        offset,
        metadata: '',
      })),
    )
    positions.clear()
    first ??= { done, atMs: performance.now(), cpu: cpuSeconds() }
  }
  const { done: warm = 0, atMs = 0, cpu = 0 } = first ?? {}
  const seconds = (performance.now() - atMs) / 1_000
  const used = cpuSeconds() - cpu
  await ahead
  await producer.close()
  const measured = done - warm
  return {
    eventsPerSecond: measured / seconds,
    cpuSecondsPerMillion: (used / measured) * 1e6,
  }
}

/** Of all threads, so far. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Waits until all partitions are ours, and reads them from the beginning. */
async function join(source: KafkaSource): Promise<void> {
  await source.connect()
  const assigned: number[] = []
  source.subscribe((rebalance) => {
    rebalance.answer()
    if (rebalance.kind === 'assigned') assigned.push(...rebalance.partitions)
  })
  while (assigned.length < PARTITIONS) await source.poll(1)
  await source.seek(assigned.map((partition) => ({ partition, offset: 0 })))
}
