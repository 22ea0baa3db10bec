import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import type { LibrdKafkaError } from '@confluentinc/kafka-javascript'
import { fromCallback } from '../../src/runtime/callback.ts'
import type { InputPlan } from './records.ts'

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const TICK_MS = 50
const FLUSH_MS = 60_000
const ATTEMPTS_MAX = 3

/** What is written, where and how fast. */
export interface WritePlan {
  readonly brokers: string
  readonly topic: string
  readonly records: Iterable<InputPlan>
  /** How many of them. */
  readonly count: number
  /** Time over which they are spread evenly. */
  readonly writeMs: number
  /** Ends the writing early. */
  readonly signal: AbortSignal
  /** Told after each tick how many have been handed over. */
  readonly onWritten?: (count: number) => void
}

/**
 * Writes records evenly over a time, past the proxy: what the services are to be compared with must
 * not suffer what they suffer. Idempotent, so the broker may go meanwhile; what the client gives up is
 * written anew.
 *
 * @throws Error when records still cannot be written
 */
export async function writeEvenly(plan: WritePlan): Promise<void> {
  const { brokers, topic, count, writeMs, signal, onWritten } = plan
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    // A broker forgets a producer of records with old timestamps when it starts anew. It may then refuse one batch and
    // take the next, and the client takes both for written (docs/upstream/librdkafka-transaction-gap.md).
    'max.in.flight.requests.per.connection': 1,
    'linger.ms': 5,
    'queue.buffering.max.messages': 1_000_000,
    'reconnect.backoff.max.ms': 500,
    dr_cb: true,
  })
  const failed: { readonly record: InputPlan; readonly why: string }[] = []
  const write = (record: InputPlan): void => {
    const { partition, value, key, timestampMs } = record
    producer.produce(topic, partition, value, key, timestampMs, record)
  }
  producer.on('delivery-report', (error: LibrdKafkaError | null, { opaque }) => {
    if (error) failed.push({ record: opaque, why: error.message })
  })
  await fromCallback((done) => producer.connect({ ...CONNECT, topic }, done))
  // Records that nobody asked about stay in the queue until their reports are fetched.
  producer.setPollInBackground(true)
  const startedAt = performance.now()
  const records = plan.records[Symbol.iterator]()
  let written = 0
  while (written < count && !signal.aborted) {
    const share = (performance.now() - startedAt) / writeMs
    const due = Math.min(count, Math.ceil(share * count))
    for (; written < due; written++) {
      const { value: record } = records.next()
      if (record === undefined) throw new Error(`there are no more than ${written} records`)
      write(record)
    }
    onWritten?.(written)
    await sleep(TICK_MS)
  }
  for (let attempt = 1; ; attempt += 1) {
    await fromCallback((done) => producer.flush(FLUSH_MS, (error) => done(error, undefined)))
    // The reports come on another path than the end of the flush.
    await sleep(TICK_MS)
    const again = failed.splice(0)
    const [first] = again
    if (first === undefined) break
    const what = `${again.length} records could not be written: ${first.why}`
    if (attempt > ATTEMPTS_MAX) throw new Error(what)
    process.stderr.write(`${what}; once more\n`)
    for (const { record } of again) write(record)
  }
  await fromCallback((done) => producer.disconnect(1_000, done))
}
