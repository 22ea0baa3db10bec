import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import { fromCallback } from '../../src/runtime/callback.ts'
import type { InputPlan } from './records.ts'

const CONNECT = { topic: '', allTopics: false, timeout: 10_000 } as const
const TICK_MS = 50
const FLUSH_MS = 60_000

/** What is written, where and how fast. */
export interface WritePlan {
  readonly brokers: string
  readonly topic: string
  readonly records: readonly InputPlan[]
  /** Time over which they are spread evenly. */
  readonly writeMs: number
  /** Ends the writing early. */
  readonly signal: AbortSignal
  /** Told after each tick how many have been handed over. */
  readonly onWritten?: (count: number) => void
}

/**
 * Writes records evenly over a time, past the proxy: what the services are to be compared with must
 * not suffer what they suffer. Idempotent, so the broker may go meanwhile.
 */
export async function writeEvenly(plan: WritePlan): Promise<void> {
  const { brokers, topic, records, writeMs, signal, onWritten } = plan
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    'linger.ms': 5,
    'queue.buffering.max.messages': 1_000_000,
    'reconnect.backoff.max.ms': 500,
  })
  await fromCallback((done) => producer.connect(CONNECT, done))
  const startedAt = performance.now()
  let next = 0
  while (next < records.length && !signal.aborted) {
    const share = writeMs === 0 ? 1 : (performance.now() - startedAt) / writeMs
    const due = Math.min(records.length, Math.ceil(share * records.length))
    for (const { partition, value, key, timestampMs } of records.slice(next, due)) {
      producer.produce(topic, partition, value, key, timestampMs)
    }
    next = Math.max(next, due)
    onWritten?.(next)
    await sleep(TICK_MS)
  }
  await fromCallback((done) => producer.flush(FLUSH_MS, (error) => done(error, undefined)))
  await fromCallback((done) => producer.disconnect(1_000, done))
}
