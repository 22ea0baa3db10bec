import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { STEADY, watchOf } from '../../fixtures/drift.ts'
import { IDENTITY, NOW_MS, snapshotOf } from '../../fixtures/snapshot.ts'
import { parseExposition } from './exposition.ts'

const DAY_MS = 86_400_000

test('a scrape has the counts of every bin, and of the last complete window once there is one', async (t) => {
  const drift = watchOf()
  const metrics = createMetrics({
    snapshot: () => snapshotOf(),
    clock: new FakeClock(NOW_MS),
    topics: { input: 'events', outputs: [] },
    identity: IDENTITY,
    stateLimits: { keysMax: 1, bytesMax: 1 },
    drift,
  })
  t.after(() => metrics.close())
  const scraped = async (): Promise<Map<string, number>> => {
    const families = parseExposition((await metrics.render()).body)
    const drifts = [...families].filter(([name]) => name.startsWith('millrace_drift_'))
    return new Map(drifts.flatMap(([, { samples }]) => [...samples]))
  }
  const size = 'kind="feature",name="size",reference="ab12"'
  const before = await scraped()
  assert.equal(before.get(`millrace_drift_records_total{bin="missing",${size}}`), 0)
  assert.equal(before.get(`millrace_drift_detected{${size}}`), undefined)
  const shares = [...before].filter(
    ([sample]) => sample.includes('share{') && sample.includes(size),
  )
  assert.ok(Math.abs(shares.reduce((sum, [, share]) => sum + share, 0) - 1) < 1e-12)
  const window = { records: 100, fromMs: 0, toMs: DAY_MS, committedAtMs: 0 }
  drift.committed({ ...window, counts: STEADY })
  const after = await scraped()
  assert.equal(after.get(`millrace_drift_records_total{bin="missing",${size}}`), 10)
  assert.equal(after.get(`millrace_drift_records_total{bin="2",${size}}`), 30)
  assert.equal(after.get(`millrace_drift_detected{${size}}`), 0)
  assert.equal(after.get(`millrace_drift_missing_share{${size}}`), 0.1)
  assert.equal(after.get('millrace_drift_window_records{reference="ab12"}'), 100)
  assert.equal(after.get(`millrace_drift_day_bound_records{${size},size="50"}`), 50)
  const statistics = [...after.keys()].filter((sample) => sample.includes('_distance{'))
  // Categories have no order, so no Kolmogorov–Smirnov.
  assert.equal(statistics.length, 3 * 3 - 1)
})
