import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer } from '@confluentinc/kafka-javascript'
import { closeConsumer, closeProducer, connectProducer, connectReader, poll } from './cluster.ts'
import { EventGenerator, EVENT_SCHEMA, sequenceOf } from './events.ts'
import { tryProduce } from './fill.ts'
import type { Progress as Screen } from './progress.ts'
import { RecordReader, registerSchema } from './registry.ts'
import { createRunTopics, startService, whenAnswered } from './service.ts'
import type { Cluster } from './cluster.ts'
import { quantile } from './statistics.ts'

/** From handing an event to the producer until a read-committed reader has its prediction, ms. */
export interface LatencyResult {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly events: number
}

const WARM_UP_S = 5
const TICK_MS = 5
const WAIT_MS = 30_000

/** Sends events at a fixed rate and reads the predictions as they become visible. */
export async function runLatency(options: {
  readonly cluster: Cluster
  readonly rate: number
  readonly seconds: number
  readonly screen: Screen
}): Promise<LatencyResult> {
  const { cluster, rate, seconds, screen } = options
  const topics = await createRunTopics(cluster, 'latency')
  const schemaId = await registerSchema(cluster.registryUrl, topics.input, EVENT_SCHEMA)
  const service = await startService(cluster, topics)
  try {
    const total = Math.round((WARM_UP_S + seconds) * rate)
    const times = { sent: new Float64Array(total), seen: new Float64Array(total) }
    const consumer = await connectReader(cluster.brokers, topics.predictions)
    const reading = watch(consumer, new RecordReader(cluster.registryUrl), times.seen)
    reading.catch(() => undefined)
    const generator = new EventGenerator(schemaId)
    const { brokers } = cluster
    await send({ brokers, topic: topics.input, generator, rate, sent: times.sent, screen })
    await whenAnswered(service, total)
    await reading
    await closeConsumer(consumer)
    await service.process.stop()
    return summarize(times, Math.round(WARM_UP_S * rate))
  } finally {
    service.process.kill()
  }
}

async function send(options: {
  readonly brokers: string
  readonly topic: string
  readonly generator: EventGenerator
  readonly rate: number
  readonly sent: Float64Array
  readonly screen: Screen
}): Promise<void> {
  const { brokers, topic, generator, rate, sent, screen } = options
  const producer = await connectProducer(brokers, 0)
  const startedAt = performance.now()
  for (let next = 0; next < sent.length; ) {
    const due = Math.min(sent.length, ((performance.now() - startedAt) / 1_000) * rate)
    for (; next < due; next++) {
      sent[next] = performance.now()
      while (!tryProduce(producer, topic, generator.next())) await sleep(1)
    }
    screen.count(`sending ${rate} events/s`, next, sent.length)
    await sleep(TICK_MS)
  }
  await closeProducer(producer)
}

/** Notes when each event's prediction is seen; ends with the last. */
async function watch(
  consumer: KafkaConsumer,
  reader: RecordReader,
  seen: Float64Array,
): Promise<void> {
  let heardAt = performance.now()
  for (let left = seen.length; left > 0; ) {
    const messages = await poll(consumer)
    const nowMs = performance.now()
    if (messages.length > 0) heardAt = nowMs
    if (nowMs - heardAt > WAIT_MS) throw new Error(`${left} predictions did not come`)
    for (const { value } of messages) {
      if (value === null) throw new Error('a prediction has no value')
      await reader.learn(value)
      const sequence = sequenceOf(reader.textOf(value, 'event_id'))
      if (seen[sequence] !== 0) throw new Error(`event ${sequence} has two predictions`)
      seen[sequence] = nowMs
      left -= 1
    }
  }
}

function summarize(
  { sent, seen }: { readonly sent: Float64Array; readonly seen: Float64Array },
  from: number,
): LatencyResult {
  const latencies = seen.subarray(from).map((at, index) => at - (sent[from + index] ?? 0))
  const sorted = latencies.toSorted()
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    events: sorted.length,
  }
}
