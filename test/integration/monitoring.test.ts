import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ALERT_GROUPS, alertEntries } from '../../scripts/monitoring/alerts.ts'
import { DASHBOARD_ROWS } from '../../scripts/monitoring/dashboard.ts'
import { DRIFT_RULES } from '../../scripts/monitoring/drift-rules.ts'
import { RECORDING_RULES } from '../../scripts/monitoring/recording-rules.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { PrometheusServer } from '../harness/prometheus-server.ts'
import { ServiceProcess, startWatch } from '../harness/service-process.ts'

const RULE_FILE = resolve(import.meta.dirname, '../../helm/millrace/files/alerts.yaml')
const FLIGHTS = 6_000
/** Flights written at once, so that counters move while they are scraped. */
const PORTION = 1_000
const RATE_WINDOW = '1m'
/**
 * May wait to be raised, and rightly: the flights are of 2013, as in any backfill, and the first records of a process may
 * be slow on a busy machine.
 */
const OF_TIME = new Set([
  'MillraceFeaturesStale',
  'MillraceLatencyBurnFast',
  'MillraceLatencyBurnSlow',
])
/** One dead letter, so that there is an oldest one. */
const BROKEN: NewRecord = { partition: 0, key: null, value: Buffer.from('no schema') }

/** Told by no service that runs in plain text, keeps up and has just begun. */
const ABSENT = new Set([
  'millrace_certificate_expiry_timestamp_seconds',
  // Told where the process has a limit.
  'millrace_memory_limit_bytes',
  'job:millrace_catch_up_seconds:ratio',
  // Told of a whole day.
  'job:millrace_drift_window_records:increase1d',
  'job:millrace_drift_share:ratio1d',
  'job:millrace_drift_psi:1d',
  'job:millrace_drift_bound_psi:1d',
])

/** A query of the dashboard as Grafana sends it with everything chosen. */
function asSent(query: string): string {
  return query
    .replaceAll('$__rate_interval', RATE_WINDOW)
    .replaceAll(/\$(namespace|job|instance)/g, '.*')
}

/** What a rule reads: each series with its matchers, without what is done to it. */
function selectorsOf(expr: string): readonly string[] {
  const found = expr.match(/(?:job:)?\bmillrace_[\w:]+(?:\{[^}]*\})?/g) ?? []
  return found.filter((selector) => !ABSENT.has(selector.replace(/\{.*/, '')))
}

test('a real Prometheus finds what rules and dashboard ask for in a real run, and has no alert in sight', async (t) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = [...(await flightRecords(bed, await firstFlights(FLIGHTS))), BROKEN]
  const service = new ServiceProcess(t, {
    ...bed.env,
    STATISTICS_INTERVAL_MS: '200',
    DRIFT_WINDOW_RECORDS: '1000',
  })
  const watch = startWatch(t, bed.env)
  const targets = await Promise.all(
    [service, watch].map(async (each) => new URL(await each.url()).host),
  )
  const prometheus = await PrometheusServer.start(t, { targets, ruleFile: RULE_FILE })

  await service.until('the first scrape', () => answerOf('millrace_records_received_total == 0'))
  const written: NewRecord[] = []
  for (let at = 0; at < records.length; at += PORTION) {
    const portion = records.slice(at, at + PORTION)
    await bed.write(portion)
    written.push(...portion)
    await whenCommitted(service, endsOf(written))
  }
  await service.until('what was committed in a scrape', () =>
    answerOf(`millrace_records_processed_total == ${records.length}`),
  )
  await service.until('the dead letter in a scrape', () =>
    answerOf('sum(millrace_dlq_waiting_records) == 1'),
  )
  await service.until('the rules to be evaluated on it', () =>
    answerOf('job:millrace_records_processed:rate5m > 0'),
  )

  for (const panel of DASHBOARD_ROWS.flatMap(({ panels }) => panels)) {
    for (const { expr } of panel.queries) {
      const answers = await prometheus.query(asSent(expr))
      assert.ok(answers.length > 0, `${panel.title}: no answer to ${expr}`)
      const isTold = answers.some(({ value }) => Number.isFinite(value))
      assert.ok(isTold, `${panel.title}: no number for ${expr}`)
    }
  }

  const rules = [
    ...RECORDING_RULES,
    ...DRIFT_RULES,
    ...ALERT_GROUPS.flatMap(alertEntries).map(([, alert]) => alert),
  ]
  for (const { expr } of rules) {
    for (const selector of selectorsOf(expr)) {
      const [answer] = await prometheus.query(`count(${selector})`)
      assert.ok((answer?.value ?? 0) > 0, `nothing is told by ${selector} of ${expr}`)
    }
  }

  const states = await prometheus.rules()
  assert.equal(states.length, rules.length)
  for (const { name, health, lastError } of states)
    assert.equal(health, 'ok', `${name}: ${lastError}`)
  const raised = states.filter(({ state }) => state === 'pending' || state === 'firing')
  const unmeant = raised.filter(({ name, state }) => state === 'firing' || !OF_TIME.has(name))
  assert.deepEqual(
    unmeant.map(({ name, state }) => `${name} ${state}`),
    [],
  )
  await Promise.all([service.stop(), watch.stop()])

  async function answerOf(query: string): Promise<true | undefined> {
    return (await prometheus.query(query)).length > 0 ? true : undefined
  }
})
