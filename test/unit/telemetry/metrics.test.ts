import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { LoopSnapshot } from '../../../src/loop/observer.ts'
import { createMetrics, metricsMarkdown } from '../../../src/telemetry/metrics.ts'
import type { Metrics } from '../../../src/telemetry/metrics.ts'
import { seriesEntries } from '../../../src/telemetry/series.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { IDENTITY, NOW_MS, snapshotOf, unitOf } from '../../fixtures/snapshot.ts'
import { parseExposition } from './exposition.ts'
import type { Family } from './exposition.ts'

const LIMITS = { keysMax: 100, bytesMax: 4_096 }
const TOPICS = { input: 'events', outputs: ['ml-features', 'ml-audit-log'] }

function setUp(t: TestContext, snapshot: LoopSnapshot = snapshotOf()): Metrics {
  const metrics = createMetrics({
    snapshot: () => snapshot,
    clock: new FakeClock(NOW_MS),
    topics: TOPICS,
    identity: IDENTITY,
    stateLimits: LIMITS,
    certificateExpiries: new Map([['kafka-client', 1_800_000_000]]),
    distinctSaturated: () => 5,
  })
  t.after(() => metrics.close())
  return metrics
}

async function scrape(metrics: Metrics): Promise<Map<string, Family>> {
  const { body, contentType } = await metrics.render()
  assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(body)
}

function valueOf(families: Map<string, Family>, sample: string): number | undefined {
  const [name = ''] = sample.split('{')
  return families.get(name)?.samples.get(sample)
}

test('every declared series is in a scrape with its type and help, and carries its labels', async (t) => {
  const families = await scrape(setUp(t))
  for (const [name, spec] of seriesEntries()) {
    const family = families.get(name)
    assert.deepEqual([family?.type, family?.help], [spec.type, spec.help], name)
    for (const sample of family?.samples.keys() ?? []) {
      const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label)
      const expected = sample.includes('_bucket{') ? [...spec.labels, 'le'] : spec.labels
      assert.deepEqual(labels, expected.toSorted(), sample)
    }
  }
})

test('names say the unit, counters end in _total and no series is undeclared', async (t) => {
  const declared = new Set<string>(seriesEntries().map(([name]) => name))
  for (const [name, { type, unit }] of seriesEntries()) {
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    const bare = name.replace(/_total$/, '')
    if (unit === 'seconds' || unit === 'bytes') assert.ok(bare.endsWith(`_${unit}`), name)
  }
  for (const name of (await scrape(setUp(t))).keys()) {
    assert.ok(declared.has(name) || /^millrace_(process|nodejs)_/.test(name), name)
  }
})

test('what is known beforehand exists with 0 before the first event', async (t) => {
  const families = await scrape(setUp(t))
  for (const sample of [
    'millrace_records_received_total{topic="events"}',
    'millrace_records_processed_total{topic="events"}',
    'millrace_records_written_total{topic="ml-audit-log"}',
    'millrace_outcomes_total{outcome="predicted",reason="none"}',
    'millrace_outcomes_total{outcome="dead-letter",reason="non-finite-score"}',
    'millrace_dead_letters_total{reason="empty-value"}',
    'millrace_late_total',
    'millrace_transactions_total{result="committed"}',
    'millrace_transactions_total{result="aborted"}',
    'millrace_trouble{code="REGISTRY_UNAVAILABLE"}',
    'millrace_phase{phase="starting"}',
  ]) {
    assert.equal(valueOf(families, sample), 0, sample)
  }
  const stages = families.get('millrace_stage_duration_seconds')?.samples
  assert.equal(stages?.get('millrace_stage_duration_seconds_count{stage="commit"}'), 0)
})

test('a committed unit is in the next scrape, its buckets cumulative', async (t) => {
  const metrics = setUp(t)
  const eventTimesMs = Float64Array.of(NOW_MS - 2, NOW_MS - 40, NOW_MS - 90_000)
  const scores = Float64Array.of(-1, 0.05, 2)
  metrics.observer.unitCommitted(unitOf({ predicted: 3, eventTimesMs, scores }))
  const families = await scrape(metrics)
  const latency = families.get('millrace_event_to_commit_latency_seconds')?.samples
  const atMost = (le: string): number | undefined =>
    latency?.get(`millrace_event_to_commit_latency_seconds_bucket{le="${le}"}`)
  assert.deepEqual(['0.001', '0.002', '0.05', '60', '+Inf'].map(atMost), [0, 1, 2, 2, 3])
  const score = families.get('millrace_prediction_score')?.samples
  const below = (le: string): number | undefined =>
    score?.get(`millrace_prediction_score_bucket{le="${le}"}`)
  assert.deepEqual(['0', '0.05', '1', '+Inf'].map(below), [1, 2, 2, 3])
  assert.equal(valueOf(families, 'millrace_feature_freshness_seconds'), 0.002)
})

test('a scrape shows the loop as it is now, in base units', async (t) => {
  const trouble = [{ code: 'REGISTRY_UNAVAILABLE', detail: 'away', sinceMs: NOW_MS }]
  const replay = [{ partition: 0, done: 30, total: 100 }]
  const families = await scrape(setUp(t, snapshotOf({ trouble, replay, lastCommitAtMs: NOW_MS })))
  const of = (name: string): number | undefined =>
    valueOf(families, `${name}{partition="0",topic="events"}`)
  assert.equal(of('millrace_partition_lag_records'), 10)
  assert.equal(of('millrace_partition_last_stable_offset'), 100)
  assert.equal(of('millrace_partition_stream_time_lag_seconds'), 5)
  assert.equal(valueOf(families, 'millrace_replay_remaining_records'), 70)
  assert.equal(valueOf(families, 'millrace_last_commit_timestamp_seconds'), NOW_MS / 1_000)
  assert.equal(valueOf(families, 'millrace_trouble{code="REGISTRY_UNAVAILABLE"}'), 1)
  assert.equal(valueOf(families, 'millrace_phase{phase="running"}'), 1)
  assert.equal(valueOf(families, 'millrace_distinct_saturated_total'), 5)
  assert.equal(valueOf(families, 'millrace_time_seconds'), NOW_MS / 1_000)
  assert.equal(valueOf(families, 'millrace_state_max_keys'), 100)
  assert.equal(valueOf(families, 'millrace_state_max_bytes'), 4_096)
  const expiry = 'millrace_certificate_expiry_timestamp_seconds{certificate="kafka-client"}'
  assert.equal(valueOf(families, expiry), 1_800_000_000)
  const info = 'millrace_model_info{model_sha256="aa11",name="toy",spec_sha256="bb22",version="7"}'
  assert.equal(valueOf(families, info), 1)
})

test('a partition that was given away is gone from the next scrape', async (t) => {
  let snapshot = snapshotOf()
  const metrics = createMetrics({
    snapshot: () => snapshot,
    clock: new FakeClock(NOW_MS),
    topics: TOPICS,
    identity: IDENTITY,
    stateLimits: LIMITS,
  })
  t.after(() => metrics.close())
  await metrics.render()
  snapshot = snapshotOf({ partitions: [], phase: 'waiting-for-assignment' })
  const families = await scrape(metrics)
  assert.equal(families.get('millrace_partition_lag_records')?.samples.size, 0)
})

test('what is unknown is absent, not 0', async (t) => {
  const unknown = { partition: 0, position: 1, committedOffset: 1 }
  const partitions = [{ ...unknown, lag: undefined, streamTimeMs: undefined }]
  const families = await scrape(setUp(t, snapshotOf({ partitions })))
  for (const name of [
    'millrace_partition_lag_records',
    'millrace_partition_last_stable_offset',
    'millrace_partition_stream_time_seconds',
    'millrace_feature_freshness_seconds',
    'millrace_last_commit_timestamp_seconds',
  ]) {
    assert.equal(families.get(name)?.samples.size, 0, name)
  }
})

test('the last statistics of each client are shown', async (t) => {
  const metrics = setUp(t)
  metrics.statistics('producer', '{"txmsgs":1}')
  metrics.statistics('producer', '{"txmsgs":2}')
  metrics.statistics('consumer', '{"rxmsgs":3}')
  const families = await scrape(metrics)
  assert.equal(valueOf(families, 'millrace_kafka_sent_messages_total{client="producer"}'), 2)
  assert.equal(valueOf(families, 'millrace_kafka_received_messages_total{client="consumer"}'), 3)
})

test('a label value that would break the format is escaped', async (t) => {
  const trouble = [{ code: 'A"B\\C\nD', detail: '', sinceMs: 0 }]
  const families = await scrape(setUp(t, snapshotOf({ trouble })))
  assert.equal(valueOf(families, 'millrace_trouble{code="A\\"B\\\\C\\nD"}'), 1)
})

test('the page names every series once in its tables', () => {
  const page = metricsMarkdown()
  for (const [name] of seriesEntries()) {
    assert.equal(page.split(`| \`${name}\` |`).length, 2, name)
  }
})

test('what the page tells of the last seconds is what a query of the histograms would tell', async (t) => {
  const metrics = setUp(t)
  const RECORDS = 1_000
  const committedAtMs = NOW_MS - 2_000
  metrics.observer.unitCommitted(
    unitOf({
      records: RECORDS,
      predicted: RECORDS,
      committedAtMs,
      recordTimestampsMs: Float64Array.from({ length: RECORDS }, (_, i) => committedAtMs - i / 7),
      eventTimesMs: new Float64Array(RECORDS).fill(NOW_MS),
      scores: Float64Array.from({ length: RECORDS }, (_, i) => i / RECORDS),
    }),
  )
  const families = await scrape(metrics)
  const { p50Ms, p99Ms, recordsPerSecond, overSeconds } = metrics.recent()
  assert.equal(recordsPerSecond * overSeconds, RECORDS)
  for (const [share, ms] of [
    [0.5, p50Ms],
    [0.99, p99Ms],
  ] as const) {
    const seconds = quantile(share, buckets(families, 'millrace_record_to_commit_latency_seconds'))
    assert.equal(ms?.toFixed(6), (seconds * 1_000).toFixed(6))
  }
  const { bounds, counts } = metrics.scores()
  const told = buckets(families, 'millrace_prediction_score')
  assert.deepEqual(
    [...bounds, Infinity],
    told.map(([bound]) => bound),
  )
  const upTo = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, each) => sum + each, 0))
  assert.deepEqual(
    upTo,
    told.map(([, count]) => count),
  )
})

/** Upper bounds of a histogram, and how many lie at or below each. */
function buckets(families: Map<string, Family>, name: string): [bound: number, upTo: number][] {
  return [...(families.get(name)?.samples ?? [])].flatMap(([sample, upTo]) => {
    const [, bound] = /_bucket\{le="([^"]+)"\}/.exec(sample) ?? []
    return bound === undefined ? [] : [[bound === '+Inf' ? Infinity : Number(bound), upTo]]
  })
}

/** As PromQL's `histogram_quantile`. */
function quantile(share: number, cumulative: readonly [bound: number, upTo: number][]): number {
  const rank = share * (cumulative.at(-1)?.[1] ?? 0)
  const index = cumulative.findIndex(([, upTo]) => upTo >= rank)
  const [low, below] = cumulative[index - 1] ?? [0, 0]
  const [high = 0, upTo = 0] = cumulative[index] ?? []
  return low + ((high - low) * (rank - below)) / (upTo - below)
}
