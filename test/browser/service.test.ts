import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { launchBrowser } from '../../scripts/page/browser.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { count, latency } from '../../src/serving/words.ts'
import { SECONDS_OVER } from '../../src/telemetry/recent-seconds.ts'
import { whenCommitted } from '../harness/answers.ts'
import { Visit, VISITORS } from '../harness/browser.ts'
import { startDetour } from '../harness/detour.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { Scrape } from '../harness/scrape.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 1_500
const POISON = 40
/** Most of all there is, so that it trips. */
const FLOOD = 5_000
/** More than one look of the page apart, so that a restore is seen on its way. */
const SLOW_BY_MS = 700

/** By `millrace_drift_detected`. */
const VERDICTS: Readonly<Record<number, string>> = { 0: 'as trained', 1: 'drifts' }

const browser = await launchBrowser()
after(() => browser.close())

test('each state of a real service is on its page, and what the page says is what /metrics says', async (t) => {
  const detour = await startDetour(t)
  const { bed } = detour
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const env = { ...detour.env, HTTP_PORT: String(port), STATISTICS_INTERVAL_MS: '200' }
  const flights = await firstFlights(FLIGHTS)
  const good = await flightRecords(bed, flights)

  await detour.proxy.close()
  const first = new ServiceProcess(t, {
    ...env,
    DLQ_MIN_RECORDS: '1000',
    DLQ_TRIP_PAUSE_MS: '600000',
    // Complete with the last flight.
    DRIFT_WINDOW_RECORDS: String(FLIGHTS),
  })
  await first.until('its page', () => answers(url))
  const visit = await Visit.open(browser, url, VISITORS.light)
  await visit.shows('#sentence', /^Starting: waits for the brokers, which do not answer$/)
  await visit.shows('#troubles', /KAFKA_UNAVAILABLE/)
  await visit.check('starting')

  const proxy = await detour.reopen()
  await first.logged('STARTED')
  await bed.write([...good, ...poison(POISON)])
  const ends = endsWith(good, POISON)
  await visit.shows('#sentence', /^Caught up, [\d,.]+ events\/s, P99 [\d.]+ m?s$/)
  await whenCommitted(first, ends)
  await assertTrue(visit, url)
  await visit.check('running')

  await bed.write(poison(FLOOD))
  await visit.shows('#state', /^tripped$/)
  await visit.shows('#troubles', /DEAD_LETTER_FLOOD.*not-wire-format \d+/)
  assert.deepEqual(
    new Set((await visit.rows('#partition-rows')).map(([, state]) => state)),
    new Set(['tripped']),
  )
  await visit.check('tripped')
  await first.stop()
  await visit.shows('#state', /^no answer$/)

  const second = new ServiceProcess(t, { ...env, DLQ_MAX_RATIO: '1' })
  await second.logged('STARTED')
  proxy.delay(SLOW_BY_MS)
  await visit.shows('#sentence', /^Restoring partitions? [\d, and]+, \d+ %/)
  await visit.shows('#partition-rows', /restoring \d+ %/)
  await visit.check('restoring')
  proxy.delay(0)
  await visit.shows('#state', /^caught up$/)

  await proxy.close()
  await visit.shows('#sentence', /^Broker gone for \d+ s: nothing is committed until it is back$/)
  await visit.check('broker gone')
})

async function answers(url: string): Promise<true | undefined> {
  return fetch(`${url}/health/live`).then(
    () => true,
    () => undefined,
  )
}

function poison(records: number): NewRecord[] {
  return Array.from({ length: records }, () => ({
    partition: 0,
    key: 'k',
    value: Buffer.from('no event'),
  }))
}

/** The partitions' lengths, once as much poison was written to the first. */
function endsWith(records: readonly NewRecord[], poisoned: number): ReadonlyMap<number, number> {
  const ends = new Map([[0, poisoned]])
  for (const { partition = 0 } of records) ends.set(partition, (ends.get(partition) ?? 0) + 1)
  return ends
}

/** That the page of a service that has nothing to do says what its metrics say. */
async function assertTrue(visit: Visit, url: string): Promise<void> {
  const metrics = await Scrape.of(url)
  // First: what it says of the last seconds is gone when they are.
  await assertRecent(visit, metrics)
  const whole = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
    metrics.value(name, labels).toLocaleString('en-US')
  await visit.shows(
    '#tiles',
    new RegExp(`Predicted${whole('millrace_outcomes_total', { outcome: 'predicted' })}`),
  )
  const tiles = await visit.facts('#tiles')
  assert.equal(tiles['Predicted'], FLIGHTS.toLocaleString('en-US'))
  assert.equal(tiles['Lag'], whole('millrace_partition_lag_records'))
  assert.equal(tiles['Late'], whole('millrace_late_total'))
  assert.equal(tiles['Dead letters'], whole('millrace_dead_letters_total'))
  assert.equal(tiles['Commits'], whole('millrace_transactions_total', { result: 'committed' }))
  assert.equal(tiles['Aborts'], whole('millrace_transactions_total', { result: 'aborted' }))
  assert.equal(tiles['Keys'], whole('millrace_state_keys'))
  assertWeight(tiles['State'] ?? '', metrics.value('millrace_state_bytes'))
  assertAge(tiles['Last commit'] ?? '', metrics.value('millrace_last_commit_timestamp_seconds'))
  assertPartitions(await visit.rows('#partition-rows'), metrics)
  assert.deepEqual(
    (await visit.rows('#dead-letter-rows')).map(([what, letters]) => [what, letters]),
    [
      [
        'not-wire-formatmillrace dlq list --where reason=not-wire-format',
        whole('millrace_dead_letters_total', { reason: 'not-wire-format' }),
      ],
    ],
  )
  const scored = whole('millrace_prediction_score_count')
  assert.match(
    await visit.text('#score-told'),
    new RegExp(`^${scored} lately, in bins of what it was trained on`),
  )
  const { model_sha256: sha256 } = metrics.family('millrace_model_info')?.samples[0]?.labels ?? {}
  const card = await visit.facts('#model-facts')
  assert.deepEqual([card['Model'], card['Model sha256']], ['flight-delay 1.0.0', sha256])
  assert.match(String(card['Trained on']), /^244,737 flights/)
  await assertDrift(visit, metrics)
  await assertThroughput(url, metrics)
  await assertMetadata(visit)
}

/**
 * Throughput and latency of a service all of whose work lies within the seconds that they are taken over:
 * the rate is what the counter has by some whole number of seconds, the quantiles are those of the histogram.
 */
async function assertRecent(visit: Visit, metrics: Scrape): Promise<void> {
  const records = metrics.value('millrace_records_processed_total')
  const rates = Array.from({ length: SECONDS_OVER }, (_, i) => count(records / (i + 1)))
  await visit.shows('#rate', new RegExp(`^(${rates.join('|')})$`))
  const quantiles = [0.5, 0.99].map((share) =>
    latency(quantile(metrics, 'millrace_record_to_commit_latency_seconds', share)),
  )
  assert.deepEqual([await visit.text('#p50'), await visit.text('#p99')], quantiles)
}

/** Milliseconds, as PromQL's `histogram_quantile` tells them. */
function quantile(metrics: Scrape, name: string, share: number): number {
  const buckets = metrics.family(name)?.samples.filter((each) => each.name === `${name}_bucket`)
  const cumulative = (buckets ?? [])
    .map(({ labels, value }) => ({ bound: Number(labels['le'] ?? NaN), value }))
    .filter(({ bound }) => Number.isFinite(bound))
  const rank = share * metrics.value(`${name}_count`)
  const at = cumulative.findIndex(({ value }) => value >= rank)
  const [below, within] = [cumulative[at - 1] ?? { bound: 0, value: 0 }, cumulative[at]]
  assert.ok(within !== undefined, `${name} ends above its bounds`)
  const part = (rank - below.value) / (within.value - below.value)
  return (below.bound + (within.bound - below.bound) * part) * 1_000
}

/** That bytes are shown as they are, but for the digits that are left out. */
function assertWeight(shown: string, bytes: number): void {
  const { figure, unit } = /^(?<figure>[\d.]+) (?<unit>[kM])B$/.exec(shown)?.groups ?? {}
  assert.ok(figure !== undefined, `the page shows ${shown}`)
  const scale = unit === 'k' ? 1e3 : 1e6
  const lastDigit = scale / (figure.includes('.') ? 10 : 1)
  const off = Math.abs(Number(figure) * scale - bytes)
  assert.ok(off <= lastDigit / 2, `the page shows ${shown} of ${bytes} bytes`)
}

/** That the page, which is a second old and no more than a few, tells how long ago that was. */
function assertAge(shown: string, atSeconds: number): void {
  const age = Date.now() / 1_000 - atSeconds
  const told = shown === 'just now' ? 0 : Number(/^(\d+) s ago$/.exec(shown)?.[1])
  assert.ok(told <= age && told > age - 5, `the page shows ${shown} after ${age} s`)
}

/** The last complete window, row by row; what training did not measure is not judged. */
async function assertDrift(visit: Visit, metrics: Scrape): Promise<void> {
  const records = metrics.value('millrace_drift_window_records')
  assert.equal(await visit.text('#drift-window'), `${count(records)} events`)
  const distances = metrics.family('millrace_drift_distance')?.samples ?? []
  const told = distances
    .filter(({ labels }) => labels['statistic'] === 'psi')
    .map(({ labels, value }) => [labels['name'], value.toFixed(3)].join(' '))
  const rows = await visit.rows('#drift-rows')
  assert.deepEqual(rows.map(([name, , psi]) => `${name} ${psi}`).toSorted(), told.toSorted())
  const judged = metrics.family('millrace_drift_detected')?.samples ?? []
  for (const [name, verdict] of rows) {
    const found = judged.find(({ labels }) => labels['name'] === name)
    const wanted = found === undefined ? 'not judged yet' : VERDICTS[found.value]
    assert.equal(verdict, wanted, name)
  }
}

function assertPartitions(rows: readonly string[][], metrics: Scrape): void {
  assert.equal(rows.length, FLIGHT_PARTITIONS)
  for (const [partition = '', state, lag, streamTime, committed, owner] of rows) {
    const value = (name: string): number =>
      metrics.value(`millrace_partition_${name}`, { partition })
    assert.deepEqual([state, owner], ['running', 'a'])
    assert.equal(lag, String(value('lag_records')))
    const iso = new Date(value('stream_time_seconds') * 1_000).toISOString()
    assert.equal(streamTime, iso.slice(0, 19).replace('T', ' '))
    assert.equal(committed, value('committed_offset').toLocaleString('en-US'))
  }
}

/** The seconds of the page add up to the records of the counter. */
async function assertThroughput(url: string, metrics: Scrape): Promise<void> {
  const { recent } = (await (await fetch(`${url}/status.json`)).json()) as {
    recent: { perSecond: { records: number[] } }
  }
  const sum = recent.perSecond.records.reduce((total, records) => total + records, 0)
  assert.equal(sum, metrics.value('millrace_records_processed_total'))
}

/** What the page's link to the model's metadata leads to is what the ONNX file declares. */
async function assertMetadata({ page }: Visit): Promise<void> {
  const link = await page.getAttribute('#metadata', 'href')
  const metadata: unknown = await (await fetch(new URL(link ?? '', page.url()))).json()
  assert.deepEqual(metadata, {
    name: 'flight-delay',
    versions: ['1.0.0'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 33] }],
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ],
  })
}
