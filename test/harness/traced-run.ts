import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Header } from '../../src/domain/record.ts'
import { answersOf, endsOf, whenCommitted } from './answers.ts'
import { createBed } from './bed.ts'
import type { Bed } from './bed.ts'
import type { NewRecord } from './kafka.ts'
import type { OtlpReceiver } from './otlp.ts'
import { register, wireEncoder } from './registry.ts'
import { ServiceProcess } from './service-process.ts'

const SCHEMA = {
  type: 'record',
  name: 'Click',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'action', type: 'string' },
    { name: 'value', type: 'double' },
  ],
}
const SPAN = 'b'.repeat(16)
const STATE = { tracestate: 'vendor=1' }

/** What a record is about: its key, and the trace context it came with. */
const RECORDS = [
  { key: 'sampled', headers: [{ note: 'x' }, traceparent('1', '01'), STATE], isSound: true },
  { key: 'unsampled', headers: [traceparent('2', '00')], isSound: true },
  { key: 'untraced', headers: [{ note: 'x' }], isSound: true },
  { key: 'unsound', headers: [{ traceparent: '00-what-is-this-01' }, STATE], isSound: true },
  { key: 'poison', headers: [traceparent('5', '01')], isSound: false },
] as const

function traceparent(digit: string, flags: string): Header {
  return { traceparent: `00-${digit.repeat(32)}-${SPAN}-${flags}` }
}

/**
 * Runs the service on a few records, all of one unit, until it has answered them and is stopped.
 *
 * @param look before it is stopped
 */
export async function tracedRun(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  look: (service: ServiceProcess) => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly bed: Bed; readonly service: ServiceProcess; readonly stopMs: number }> {
  const bed = await createBed()
  const encode = wireEncoder(await register(bed.registryUrl, bed.topics.input, SCHEMA), SCHEMA)
  const records = RECORDS.map(({ key, headers, isSound }, index): NewRecord => {
    const value = encode({ user_id: key, action: 'click', value: index })
    return { partition: 0, key, headers, value: isSound ? value : value.subarray(0, 6) }
  })
  await bed.write(records)
  const service = new ServiceProcess(t, { ...bed.env, ...env })
  await whenCommitted(service, endsOf(records))
  await look(service)
  const askedAt = performance.now()
  await service.stop()
  return { bed, service, stopMs: performance.now() - askedAt }
}

/** What became of each record, without what names the run. */
export async function outcomesOf(bed: Bed): Promise<readonly object[]> {
  const { audits } = await answersOf(bed)
  assert.equal(audits.length, RECORDS.length)
  return audits.map(({ key, outcome, features, scores }) => ({ key, outcome, features, scores }))
}

/** That the receiver has one span of the run: by the conventions, with links to its sampled records. */
export function assertUnitSpan({ spans }: OtlpReceiver, bed: Bed): void {
  assert.equal(spans.length, 1)
  const [span] = spans
  assert.ok(span !== undefined)
  assert.equal(span.name, `process ${bed.topics.input}`)
  // CONSUMER, and no parent.
  assert.equal(span.kind, 5)
  assert.ok(span.parentSpanId === undefined || span.parentSpanId === '')
  const tookMs = (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6
  assert.ok(tookMs > 0 && tookMs < 60_000, `${tookMs} ms`)
  const at = (offset: number) => ({
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': offset,
  })
  assert.deepEqual(
    span.links.map(({ traceId, spanId, traceState, attributes }) => [
      traceId,
      spanId,
      traceState ?? '',
      attributes,
    ]),
    [
      ['1'.repeat(32), SPAN, 'vendor=1', at(0)],
      ['5'.repeat(32), SPAN, '', at(4)],
    ],
  )
  const { attributes, resource } = span
  const { 'messaging.batch.message_count': count, 'millrace.unit.predicted': predicted } =
    attributes
  assert.deepEqual([count, predicted, attributes['millrace.unit.dead_letters']], [5, 4, 1])
  assert.equal(attributes['messaging.destination.name'], bed.topics.input)
  assert.ok(Number(attributes['millrace.stage.commit_seconds']) > 0)
  assert.equal(resource['service.name'], bed.env['APP_ID'])
  assert.equal(resource['service.instance.id'], 'a')
  assert.equal(resource['deployment.environment.name'], 'test')
}

/** That what was written for each record carries its trace context as it came, and nothing else. */
export async function assertPassedOn(bed: Bed, isPassedOn = true): Promise<void> {
  const [sampled, unsampled] = RECORDS
  const traces: Readonly<Record<string, readonly Header[]>> = {
    sampled: sampled.headers.slice(1),
    unsampled: unsampled.headers,
    untraced: [],
    unsound: [],
    poison: RECORDS[4].headers,
  }
  for (const topic of ['features', 'predictions', 'audit'] as const) {
    const written = await bed.read(topic)
    const wanted = RECORDS.filter(({ isSound }) => isSound || topic === 'audit')
    assert.deepEqual(
      written.map(({ key, headers = [] }) => [String(key), textOf(headers)]),
      wanted.map(({ key }) => [key, textOf(isPassedOn ? (traces[key] ?? []) : [])]),
      topic,
    )
  }
  const [letter] = await bed.read('deadLetters')
  assert.deepEqual(textOf(letter?.headers ?? []).slice(0, 1), textOf(RECORDS[4].headers))
}

function textOf(headers: readonly Header[]): readonly [string, string][] {
  return headers.flatMap((header) =>
    Object.entries(header).map(([name, value]): [string, string] => [name, String(value)]),
  )
}
