import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { unitSampler } from '../../../src/telemetry/unit-sampler.ts'
import { UnitSpans } from '../../../src/telemetry/unit-spans.ts'
import { inputRecord } from '../../fixtures/records.ts'
import { NOW_MS, unitOf } from '../../fixtures/snapshot.ts'

const UNIT = unitOf({
  records: 4,
  predicted: 2,
  late: 1,
  deadLetters: new Map([['undecodable', 1]]),
  received: [
    { atMs: NOW_MS - 40, records: 3 },
    { atMs: NOW_MS - 10, records: 1 },
  ],
})

function setUp(sampler = 'parentbased_always_on', linksMax = 3) {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    sampler: unitSampler(sampler, 1),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('test')
  const spans = new UnitSpans({ tracer, linksMax, inputTopic: 'events', appId: 'app' })
  return { spans, written: () => exporter.getFinishedSpans() }
}

/** A record whose trace id ends in its offset. */
function traced(offset: number, flags = '01') {
  const parent = `00-${String(offset).padStart(32, 'a')}-${'b'.repeat(16)}-${flags}`
  return inputRecord({ offset, headers: [{ traceparent: parent }, { tracestate: 'x=1' }] })
}

test('a unit is a process span from its first poll to its commit, by the conventions for messaging', () => {
  const { spans, written } = setUp()
  spans.take(inputRecord())
  spans.stage('commit', 12)
  spans.stage('inference', 3)
  spans.stage('inference', 4)
  spans.unitCommitted(UNIT)
  const [span] = written()
  assert.ok(span !== undefined)
  assert.equal(span.name, 'process events')
  assert.equal(span.kind, SpanKind.CONSUMER)
  assert.equal(span.parentSpanContext, undefined)
  assert.deepEqual(span.startTime, [(NOW_MS - 40 - ((NOW_MS - 40) % 1_000)) / 1_000, 960_000_000])
  assert.equal(Math.round(span.duration[1] / 1e6), 40)
  assert.deepEqual(span.attributes, {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'events',
    'messaging.consumer.group.name': 'app',
    'messaging.batch.message_count': 4,
    'millrace.unit.predicted': 2,
    'millrace.unit.late': 1,
    'millrace.unit.skipped': 0,
    'millrace.unit.dead_letters': 1,
    'millrace.unit.traced_records': 0,
    'millrace.unit.sampled_records': 0,
    'millrace.stage.inference_seconds': 0.007,
    'millrace.stage.commit_seconds': 0.012,
  })
})

test('it links to the first sampled records, and counts the others', () => {
  const { spans, written } = setUp()
  for (let offset = 0; offset < 6; offset += 1)
    spans.take(traced(offset, offset === 1 ? '00' : '01'))
  spans.unitCommitted(UNIT)
  const [span] = written()
  assert.deepEqual(
    span?.links.map(({ context, attributes }) => [
      context.traceId.slice(-2),
      context.spanId,
      context.traceFlags,
      context.traceState?.serialize(),
      attributes,
    ]),
    [0, 2, 3].map((offset) => [
      `a${offset}`,
      'b'.repeat(16),
      1,
      'x=1',
      { 'messaging.destination.partition.id': '3', 'messaging.kafka.offset': offset },
    ]),
  )
  assert.equal(span?.attributes['millrace.unit.traced_records'], 6)
  assert.equal(span?.attributes['millrace.unit.sampled_records'], 5)
})

test('the next unit knows nothing of the one before', () => {
  const { spans, written } = setUp()
  spans.take(traced(0))
  spans.stage('commit', 12)
  spans.unitAborted('the group moved on', UNIT)
  spans.unitCommitted(UNIT)
  const [aborted, committed] = written()
  assert.equal(aborted?.links.length, 1)
  assert.deepEqual(aborted?.status, {
    code: SpanStatusCode.ERROR,
    message: 'the group moved on',
  })
  assert.equal(aborted?.attributes['error.type'], 'unit_aborted')
  assert.equal(committed?.links.length, 0)
  assert.equal(committed?.status.code, SpanStatusCode.UNSET)
  assert.equal(committed?.attributes['millrace.stage.commit_seconds'], undefined)
})

test('what only rebuilt state, or was taken back before it had a record, has no span', () => {
  const { spans, written } = setUp()
  spans.unitCommitted(unitOf({ records: 0 }))
  spans.unitAborted('recovered', unitOf({ records: 0 }))
  assert.deepEqual(written(), [])
})

test('a span that is sampled can be named in the log, one that is not cannot', () => {
  const { spans, written } = setUp()
  spans.take(traced(0))
  spans.unitAborted('x', UNIT)
  const { traceId, spanId } = written()[0]?.spanContext() ?? {}
  assert.deepEqual(spans.last, { trace_id: traceId, span_id: spanId })
  spans.take(traced(1, '00'))
  spans.unitAborted('x', UNIT)
  assert.equal(spans.last, undefined)
})

/** Sampler; flags of the records, `-`: no trace context; whether the unit has a span. */
const SAMPLED = [
  ['parentbased_always_on', ['-'], true],
  ['parentbased_always_on', ['00', '-'], false],
  ['parentbased_always_on', ['00', '01'], true],
  ['parentbased_always_off', ['-'], false],
  ['parentbased_always_off', ['01', '00'], true],
  ['parentbased_traceidratio', ['-'], true],
  ['always_on', ['00'], true],
  ['always_off', ['01'], false],
  ['traceidratio', ['00'], true],
] as const

for (const [sampler, flags, isKept] of SAMPLED) {
  test(`${sampler}: a unit of ${flags.join(' and ')} has ${isKept ? 'a' : 'no'} span`, () => {
    const { spans, written } = setUp(sampler)
    for (const [offset, each] of flags.entries()) {
      spans.take(each === '-' ? inputRecord() : traced(offset, each))
    }
    spans.unitCommitted(UNIT)
    assert.equal(written().length, isKept ? 1 : 0)
  })
}

test('a share of none samples nothing of its own', () => {
  const sampler = unitSampler('traceidratio', 0)
  const { decision } = sampler.shouldSample(
    ...([undefined, 'a'.repeat(32), '', SpanKind.CONSUMER, {}, []] as unknown as Parameters<
      typeof sampler.shouldSample
    >),
  )
  assert.equal(decision, 0)
})
