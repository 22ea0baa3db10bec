import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import type { Metrics } from '../../../src/telemetry/metrics.ts'
import { seriesEntries } from '../../../src/telemetry/series.ts'
import type { SpanIds } from '../../../src/telemetry/unit-spans.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { IDENTITY, NOW_MS, snapshotOf, unitOf } from '../../fixtures/snapshot.ts'

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const SPAN = { trace_id: '1'.repeat(32), span_id: '2'.repeat(16) }
const UNIT = unitOf({
  records: 2,
  predicted: 1,
  late: 1,
  recordTimestampsMs: Float64Array.of(NOW_MS - 40, NOW_MS - 90_000),
  eventTimesMs: Float64Array.of(NOW_MS - 1),
  received: [{ atMs: NOW_MS - 30, records: 2 }],
})

/** Metrics that were told of one unit. */
function setUp(t: TestContext, spanOfUnit?: () => SpanIds | undefined): Metrics {
  const metrics = createMetrics({
    snapshot: snapshotOf,
    clock: new FakeClock(NOW_MS),
    topics: { input: 'events', outputs: ['ml-features'] },
    identity: IDENTITY,
    stateLimits: { keysMax: 100, bytesMax: 4_096 },
    spanOfUnit,
  })
  t.after(() => metrics.close())
  metrics.observer.unitCommitted(UNIT)
  return metrics
}

/** The lines of a body that are the same at each scrape: not those of the process. */
function linesOf(body: string): readonly string[] {
  return body.split('\n').filter((line) => !/millrace_(process|nodejs)_/.test(line))
}

/** The lines of one family, its name without `_total`. */
function familyOf(body: string, name: string): readonly string[] {
  return linesOf(body).filter((line) => line.replace(/^# (HELP|TYPE) /, '').startsWith(name))
}

test('without spans the answer is the text format, whatever is asked for', async (t) => {
  const metrics = setUp(t)
  // The first scrape tells nothing of the one before.
  await metrics.render()
  const plain = await metrics.render()
  const asked = await metrics.render(PROMETHEUS)
  assert.equal(asked.contentType, TEXT_TYPE)
  assert.deepEqual(linesOf(asked.body), linesOf(plain.body))
})

test('the text format is the same with and without spans, to the byte', async (t) => {
  const [off, on] = [setUp(t), setUp(t, () => SPAN)]
  for (const accept of [undefined, '*/*', 'text/plain;version=0.0.4']) {
    const [without, answer] = [await off.render(accept), await on.render(accept)]
    assert.equal(answer.contentType, TEXT_TYPE)
    assert.deepEqual(linesOf(answer.body), linesOf(without.body))
    assert.deepEqual(familyOf(answer.body, 'millrace_late'), [
      '# HELP millrace_late_total Committed late events.',
      '# TYPE millrace_late_total counter',
      'millrace_late_total 1',
    ])
    assert.ok(answer.body.endsWith('\n') && !answer.body.includes('# EOF'))
    const buckets = familyOf(answer.body, 'millrace_event_to_commit_latency_seconds_bucket')
    assert.equal(buckets[0], 'millrace_event_to_commit_latency_seconds_bucket{le="0.001"} 1')
  }
})

test('OpenMetrics names families without _total, and shows in each bucket the span of its last unit', async (t) => {
  const { contentType, body } = await setUp(t, () => SPAN).render(PROMETHEUS)
  assert.equal(contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  assert.ok(body.endsWith('\n# EOF\n') && !body.includes('\n\n'))
  assert.deepEqual(familyOf(body, 'millrace_late'), [
    '# HELP millrace_late Committed late events.',
    '# TYPE millrace_late counter',
    'millrace_late_total 1',
  ])
  const exemplar = (value: number): string =>
    `# {trace_id="${SPAN.trace_id}",span_id="${SPAN.span_id}"} ${value} ${NOW_MS / 1_000}`
  const latency = (kind: string): readonly string[] =>
    familyOf(body, `millrace_${kind}_to_commit_latency_seconds`).filter((line) =>
      line.includes('trace_id'),
    )
  const bucket = (kind: string, le: string): string =>
    `millrace_${kind}_to_commit_latency_seconds_bucket{le="${le}"}`
  assert.deepEqual(latency('event'), [`${bucket('event', '0.001')} 1 ${exemplar(0.001)}`])
  assert.deepEqual(latency('record'), [
    `${bucket('record', '0.05')} 1 ${exemplar(0.04)}`,
    `${bucket('record', '+Inf')} 2 ${exemplar(90)}`,
  ])
  assert.deepEqual(latency('received'), [`${bucket('received', '0.035')} 2 ${exemplar(0.03)}`])
})

test('exactly the histograms that are declared to have exemplars have some', async (t) => {
  const { body } = await setUp(t, () => SPAN).render(PROMETHEUS)
  const found = new Set(
    linesOf(body).flatMap((line) => /^(\w+)_bucket\{.* # \{/.exec(line)?.[1] ?? []),
  )
  const declared = seriesEntries().flatMap(([name, spec]) => (spec.hasExemplars ? [name] : []))
  assert.deepEqual([...found], declared)
  assert.equal(body.split(' # {').length - 1, 4, 'none is elsewhere')
})

test('a unit without a span leaves the exemplars of older ones', async (t) => {
  let span: SpanIds | undefined = SPAN
  const metrics = setUp(t, () => span)
  const name = 'millrace_record_to_commit_latency_seconds'
  const exemplarsOf = async (): Promise<readonly string[]> =>
    familyOf((await metrics.render(PROMETHEUS)).body, name).flatMap((line) => {
      const [, exemplar] = line.split(' # ')
      return exemplar === undefined ? [] : [exemplar]
    })
  const before = await exemplarsOf()
  span = undefined
  metrics.observer.unitCommitted({ ...UNIT, committedAtMs: NOW_MS + 1_000 })
  assert.deepEqual(await exemplarsOf(), before)
})

test('both formats have the same samples, to the label', async (t) => {
  const metrics = setUp(t, () => SPAN)
  await metrics.render()
  const samplesOf = (body: string): readonly string[] =>
    linesOf(body).flatMap((line) =>
      line === '' || line.startsWith('#') ? [] : [line.replace(/ # .*/, '')],
    )
  const text = samplesOf((await metrics.render()).body)
  assert.deepEqual(samplesOf((await metrics.render(PROMETHEUS)).body), text)
  // Asking for one format leaves the other as it was.
  assert.deepEqual(samplesOf((await metrics.render()).body), text)
})

test('no help text has a character that OpenMetrics would have escaped', () => {
  for (const [name, { help }] of seriesEntries()) assert.doesNotMatch(help, /["\\\n]/, name)
})
