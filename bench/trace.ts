/**
 * Measures what trace contexts, spans and exemplars cost per record, no broker.
 *
 *     node bench/trace.ts
 */
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { traceHeadersOf } from '../src/domain/trace-context.ts'
import { OutputBatch } from '../src/sink/output-batch.ts'
import { OutputPlan } from '../src/sink/plan.ts'
import type { PassOn } from '../src/sink/plan.ts'
import { BlockRecord } from '../src/source/message-block.ts'
import { LoopMeter } from '../src/telemetry/loop-meter.ts'
import { SampleTable } from '../src/telemetry/sample-table.ts'
import type { SpanIds } from '../src/telemetry/unit-spans.ts'
import { UnitSpans } from '../src/telemetry/unit-spans.ts'
import { blockOf } from '../test/fixtures/message-block.ts'
import { unitOf } from '../test/fixtures/snapshot.ts'
import { format } from './progress.ts'
import { median } from './statistics.ts'

const RECORDS = 1_000
const UNITS = 300
const ROUNDS = 9
const LINKS_MAX = 32
const EVENT = { key: 'k', timeMs: 5, id: 'e', values: [1] } as const
const ROW = {
  features: new Float64Array(7),
  featuresAt: 0,
  scores: new Float64Array(1),
  scoresAt: 0,
}
const UNIT = unitOf({
  records: RECORDS,
  predicted: RECORDS,
  received: [{ atMs: 1, records: RECORDS }],
})
/** Latencies up to two seconds, in all buckets. */
const LATENCIES_MS = Float64Array.from({ length: RECORDS }, (_, index) => (index * 7) % 2_000)
const METERED = unitOf({
  ...UNIT,
  committedAtMs: 2_000,
  recordTimestampsMs: LATENCIES_MS,
  eventTimesMs: LATENCIES_MS,
  scores: LATENCIES_MS.map((each) => each / 2_000),
})
const SPAN = { trace_id: '1'.repeat(32), span_id: '2'.repeat(16) }
const METERS = [
  ['measured, without exemplars', undefined],
  ['measured, with exemplars', () => SPAN],
] as const satisfies (readonly [string, (() => SpanIds) | undefined])[]
const VALUE = Buffer.alloc(120)
const ENCODER = {
  setNow: () => undefined,
  features: () => VALUE,
  prediction: () => VALUE,
  audit: () => VALUE,
}
const TRACED = blockOf(messages([['traceparent', `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`]]))
const BARE = blockOf(messages([]))

const provider = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() })],
})
const tracer = provider.getTracer('bench')
const spans = new UnitSpans({ tracer, linksMax: LINKS_MAX, inputTopic: 'events', appId: 'bench' })
const passOn: PassOn = ({ headers }) => traceHeadersOf(headers)?.headers
const CASES = [
  ['off, records with a context', TRACED, undefined],
  ['off, records without headers', BARE, undefined],
  ['passed on, records without headers', BARE, passOn],
  ['passed on, records with a context', TRACED, passOn],
  ['exported, records without headers', BARE, (record) => spans.take(record)],
  ['exported, records with a context', TRACED, (record) => spans.take(record)],
] as const satisfies (readonly [string, typeof BARE, PassOn | undefined])[]

const times = new Map<string, number[]>([...CASES, ...METERS].map(([name]) => [name, []]))
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, block, pass] of CASES)
    times.get(name)?.push(nanosecondsOf(block, pass, name.startsWith('exported')))
  for (const [name, spanOfUnit] of METERS) times.get(name)?.push(nanosecondsOfMeter(spanOfUnit))
}
for (const [name, found] of times) {
  process.stdout.write(`${name.padEnd(40)}${format(Math.round(median(found)))} ns a record\n`)
}

/** CPU time of a record's way from the block to the batch of its outputs, ns. */
function nanosecondsOf(block: typeof BARE, pass: PassOn | undefined, isExported: boolean): number {
  const plan = new OutputPlan({
    topics: { features: 'f', predictions: 'p', audit: 'a', late: 'l', deadLetters: 'd' },
    encoder: ENCODER,
    identity: { appId: 'a', instanceId: 'i', modelName: 'm', modelVersion: '1' },
    headerStyle: 'millrace',
    passOn: pass,
  })
  const batch = new OutputBatch()
  const before = process.threadCpuUsage()
  for (let unit = 0; unit < UNITS; unit += 1) {
    for (let index = 0; index < RECORDS; index += 1) {
      const record = new BlockRecord(block, index)
      plan.predicted({ record, schemaId: 1, event: EVENT }, ROW, batch)
    }
    batch.clear()
    if (isExported) spans.unitCommitted(UNIT)
  }
  const { user, system } = process.threadCpuUsage(before)
  return ((user + system) * 1_000) / (UNITS * RECORDS)
}

/** CPU time of a record's part in what is measured of its unit, ns. */
function nanosecondsOfMeter(spanOfUnit: (() => SpanIds) | undefined): number {
  const topics = { input: 'events', outputs: [] }
  const meter = new LoopMeter(new SampleTable(), topics, spanOfUnit)
  const before = process.threadCpuUsage()
  for (let unit = 0; unit < UNITS; unit += 1) meter.unitCommitted(METERED)
  const { user, system } = process.threadCpuUsage(before)
  return ((user + system) * 1_000) / (UNITS * RECORDS)
}

function messages(headers: readonly (readonly [string, string])[]) {
  return Array.from({ length: RECORDS }, (_, offset) => ({ offset, key: 'k', value: 'v', headers }))
}
