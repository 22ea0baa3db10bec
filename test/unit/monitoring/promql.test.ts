import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checked, PROCESS_SERIES, unknownNames } from '../../../scripts/monitoring/known-series.ts'
import { namesOf } from '../../../scripts/monitoring/promql.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { IDENTITY, snapshotOf } from '../../fixtures/snapshot.ts'

test('the names of a query are its series, its labels and no function, keyword or text', () => {
  const { metrics, matched, grouped } = namesOf(
    'histogram_quantile(0.9, sum by (le, job) (rate(millrace_a_bucket{le=~"by (x)|{y}"}[5m]))) > 1e3 ' +
      'and on (job) group_left (pod) job:millrace_b:sum{job!="millrace_c"} offset 1h unless bool vector(1)',
  )
  assert.deepEqual([...metrics], ['millrace_a_bucket', 'job:millrace_b:sum'])
  assert.deepEqual(matched, [
    { metric: 'millrace_a_bucket', label: 'le' },
    { metric: 'job:millrace_b:sum', label: 'job' },
  ])
  assert.deepEqual([...grouped], ['le', 'job', 'pod'])
})

test('a query that reads what nobody tells is refused, by series, matched label and grouping', () => {
  for (const [query, unknown] of [
    ['rate(millrace_recrods_processed_total[5m])', 'series millrace_recrods_processed_total'],
    ['up == 0', 'series up'],
    ['millrace_late', 'series millrace_late'],
    ['millrace_stage_duration_seconds > 1', 'series millrace_stage_duration_seconds'],
    ['millrace_phase{state="running"}', 'label state of millrace_phase'],
    ['millrace_late_total{reason="none"}', 'label reason of millrace_late_total'],
    ['sum by (stage) (millrace_late_total)', 'label stage'],
    ['sum without (topics) (millrace_records_processed_total)', 'label topics'],
    ['job:millrace_nothing:sum > 1', 'series job:millrace_nothing:sum'],
    ['{job="x"}', 'label job of '],
  ] as const) {
    assert.deepEqual(unknownNames(query), [unknown], query)
    assert.throws(() => checked(query), /reads what nobody tells/)
  }
})

test('a query that reads what is there is let through', () => {
  for (const query of [
    'sum by (namespace, job, stage) (rate(millrace_stage_duration_seconds_sum{stage!="poll"}[5m]))',
    'job:millrace_late:ratio_rate15m > 0.05',
    'time() - millrace_heartbeat_timestamp_seconds > Inf',
    'millrace_process_resident_memory_bytes',
  ]) {
    assert.deepEqual(unknownNames(query), [], query)
  }
})

test('the figures of the process that queries read are in a scrape', async (t) => {
  const metrics = createMetrics({
    snapshot: () => snapshotOf(),
    clock: new FakeClock(),
    topics: { input: 'events', outputs: [] },
    identity: IDENTITY,
    stateLimits: { keysMax: 1, bytesMax: 1 },
  })
  t.after(() => metrics.close())
  const { body } = await metrics.render()
  for (const name of PROCESS_SERIES) assert.match(body, new RegExp(`^${name} `, 'm'))
})
