import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer } from '@confluentinc/kafka-javascript'
import { UsageError } from '../scripts/options.ts'
import type { Bench, Context } from './bench.ts'
import { closeConsumer, closeProducer, connectProducer, connectReader, poll } from './cluster.ts'
import { EventGenerator, EVENT_SCHEMA, sequenceOf } from './events.ts'
import { tryProduce } from './fill.ts'
import { format } from './progress.ts'
import type { Progress as Screen } from './progress.ts'
import { RecordReader, registerSchema } from './registry.ts'
import { createRunTopics, startService, whenAnswered } from './service.ts'
import type { ServiceOptions } from './service.ts'
import { Cases } from './result.ts'
import type { Measured } from './result.ts'
import type { Cluster } from './cluster.ts'
import { quantile } from './statistics.ts'
import { fill, runWork } from './work.ts'

/** From handing an event to the producer until a read-committed reader has its prediction, ms. */
interface LatencyRun {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** CPU time of the service, share of one core, %. */
  readonly cpuPercent: number
}

const WARM_UP_S = 5
const TICK_MS = 5
const WAIT_MS = 30_000
const RATE = 2_000
const SECONDS = 20
const SECONDS_QUICK = 5
const ROUNDS = 3
const CURVE_FROM = 500
const CURVE_TO = 0.8
const CURVE_POINTS = 6
const CURVE_POINTS_QUICK = 3
/** Events of the run that tells the capacity. */
const CAPACITY_EVENTS = 400_000
const CAPACITY_EVENTS_QUICK = 150_000
const OPTIONS = { rate: 'whole', seconds: 'whole', curve: 'flag' } as const
const FIGURES = {
  p50: { title: 'P50, ms', digits: 1 },
  p95: { title: 'P95, ms', digits: 1 },
  p99: { title: 'P99, ms', digits: 1 },
  cpu: { title: 'CPU, % of a core', digits: 0 },
} as const

/** Produce to visible at a fixed rate, or along rates up to the capacity. */
export const latencyBench: Bench<typeof OPTIONS> = {
  summary: 'produce to visible for a read-committed reader, at one rate or along a curve',
  help: `Sends events at a fixed rate; from handing an event to the producer until a read-committed reader has its
prediction, all on one machine and so on one clock. The first ${WARM_UP_S} s are not counted. Fails when a prediction is
missing, or there twice.

  --rate N      events/s                                 (default ${RATE})
  --seconds N   measured seconds of a run                (default ${SECONDS})
  --curve       along ${CURVE_POINTS} rates from ${CURVE_FROM} to ${CURVE_TO} of the capacity, which is measured first
`,
  options: OPTIONS,
  run: async (context) => {
    const { options, isQuick } = context
    const { rate = RATE, seconds = isQuick ? SECONDS_QUICK : SECONDS } = options
    if (rate < 1 || seconds < 1) throw new UsageError('--rate and --seconds must be at least 1')
    const rates = options.curve ? await ratesOf(context) : [rate]
    return [await measure(context, { rates, seconds })]
  },
}

async function measure(
  { cluster: start, screen, rounds, isQuick, options }: Context<typeof OPTIONS>,
  { rates, seconds }: { readonly rates: readonly number[]; readonly seconds: number },
): Promise<Measured> {
  const cluster = await start()
  const times = rounds ?? (isQuick ? 1 : ROUNDS)
  const cases = new Cases()
  for (let round = 1; round <= times; round++) {
    for (const rate of rates) {
      const run = await runLatency({ cluster, rate, seconds, screen })
      const told = `P50 ${run.p50.toFixed(1)}, P99 ${run.p99.toFixed(1)} ms`
      screen.step(`round ${round} of ${times}, ${format(rate)} events/s: ${told}`)
      const { p50, p95, p99, cpuPercent: cpu } = run
      const figures = { p50, p95, p99, cpu }
      if (options.curve) cases.add(format(rate), figures, rate)
      else cases.add('Millrace', figures)
    }
  }
  const how = `From produce() until a read-committed reader has the prediction; ${seconds} s a run after ${WARM_UP_S} s of warm-up.`
  const shared = { how, figures: FIGURES, cases: cases.all(), problems: [] }
  if (options.curve) {
    const axis = { label: 'events/s', isLog: true }
    const title = 'Latency up to the capacity'
    return { ...shared, id: 'latency-curve', title, drawn: ['p50', 'p99', 'cpu'], axis }
  }
  const [only = 0] = rates
  const title = `Latency at ${format(only)} events/s`
  return { ...shared, id: `latency-${only}`, title, drawn: ['p50', 'p99'] }
}

/** Rates from the first to a share of what a backlog run reaches now, each the same factor above the last. */
async function ratesOf(context: Context<typeof OPTIONS>): Promise<readonly number[]> {
  const { cluster: start, screen, isQuick } = context
  const cluster = await start()
  const work = { cluster, screen, events: isQuick ? CAPACITY_EVENTS_QUICK : CAPACITY_EVENTS }
  const { eventsPerSecond } = await runWork(work, await fill(work, 'capacity'))
  screen.step(`capacity: ${format(eventsPerSecond)} events/s`)
  return spacedRates(
    CURVE_FROM,
    CURVE_TO * eventsPerSecond,
    isQuick ? CURVE_POINTS_QUICK : CURVE_POINTS,
  )
}

/** So many rates from the least to the most, rounded, with the same factor between neighbours. */
export function spacedRates(least: number, most: number, count: number): readonly number[] {
  const factor = (most / least) ** (1 / (count - 1))
  return Array.from(
    { length: count },
    (_, index) => Math.round((least * factor ** index) / 10) * 10,
  )
}

/** Sends events at a fixed rate and reads the predictions as they become visible. */
export async function runLatency(options: {
  readonly cluster: Cluster
  readonly rate: number
  readonly seconds: number
  readonly screen: Screen
  readonly service?: ServiceOptions
}): Promise<LatencyRun> {
  const { cluster, rate, seconds, screen } = options
  const topics = await createRunTopics(cluster, 'latency')
  const schemaId = await registerSchema(cluster.registryUrl, topics.input, EVENT_SCHEMA)
  const service = await startService(cluster, topics, options.service)
  try {
    const total = Math.round((WARM_UP_S + seconds) * rate)
    const times = { sent: new Float64Array(total), seen: new Float64Array(total) }
    const consumer = await connectReader(cluster.brokers, topics.predictions)
    const cpu = { before: 0, from: 0 }
    const reading = watch(consumer, new RecordReader(cluster.registryUrl), times.seen)
    reading.catch(() => undefined)
    const generator = new EventGenerator(schemaId)
    const { brokers } = cluster
    const onWarm = (): void => {
      cpu.before = service.process.cpuSeconds()
      cpu.from = performance.now()
    }
    await send({ brokers, topic: topics.input, generator, rate, sent: times.sent, screen, onWarm })
    const used = service.process.cpuSeconds() - cpu.before
    const cpuPercent = (used / (performance.now() - cpu.from)) * 100_000
    await whenAnswered(service, total)
    await reading
    await closeConsumer(consumer)
    await service.process.stop()
    return { ...summarize(times, Math.round(WARM_UP_S * rate)), cpuPercent }
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
  /** Called once, when the warm-up is over. */
  readonly onWarm: () => void
}): Promise<void> {
  const { brokers, topic, generator, rate, sent, screen, onWarm } = options
  let isWarm = false
  const producer = await connectProducer(brokers, topic, 0)
  const startedAt = performance.now()
  for (let next = 0; next < sent.length; ) {
    const due = Math.min(sent.length, ((performance.now() - startedAt) / 1_000) * rate)
    for (; next < due; next++) {
      sent[next] = performance.now()
      while (!tryProduce(producer, topic, generator.next())) await sleep(1)
    }
    if (!isWarm && next >= WARM_UP_S * rate) {
      isWarm = true
      onWarm()
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
): Omit<LatencyRun, 'cpuPercent'> {
  const latencies = seen.subarray(from).map((at, index) => at - (sent[from + index] ?? 0))
  const sorted = latencies.toSorted()
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
  }
}
