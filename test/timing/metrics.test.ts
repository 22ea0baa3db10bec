import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { Scrape } from '../harness/scrape.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 60_000
const SCRAPE_MAX_S = 0.01
const SCRAPES = 20

test('a real Prometheus parser reads the metrics, and they agree with what was sent', async (t) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, { ...bed.env, STATISTICS_INTERVAL_MS: '200' })
  const url = await service.url()
  await bed.write([...records, { partition: 0, key: 'k', value: Buffer.from('no event') }])

  const took: number[] = []
  for (let scrape = 0; scrape < SCRAPES; scrape++) {
    await sleep(50)
    const now = await Scrape.of(url)
    // Each scrape tells how long the one before took of the main thread.
    if (scrape > 0) took.push(now.value('millrace_scrape_duration_seconds'))
  }
  await whenCommitted(service, endsOf(records))
  const median = took.toSorted((a, b) => a - b)[SCRAPES >> 1] ?? Infinity
  assert.ok(median < SCRAPE_MAX_S, `a scrape under load took ${took.join(', ')} s`)

  const answered = FLIGHTS + 1
  const scrape = await until(async () => {
    const next = await Scrape.of(url)
    const isUpToDate = next.value('millrace_partition_lag_records') === 0
    return isUpToDate && next.value('millrace_records_processed_total') === answered
      ? next
      : undefined
  })
  const { topics } = bed
  assert.equal(scrape.value('millrace_records_received_total', { topic: topics.input }), answered)
  assert.equal(scrape.value('millrace_outcomes_total', { outcome: 'predicted' }), FLIGHTS)
  assert.equal(scrape.value('millrace_dead_letters_total', { reason: 'not-wire-format' }), 1)
  assert.equal(scrape.value('millrace_late_total'), 0)
  assert.equal(scrape.value('millrace_records_written_total', { topic: topics.audit }), answered)
  assert.equal(scrape.value('millrace_records_written_total', { topic: topics.features }), FLIGHTS)
  assert.ok(scrape.value('millrace_transactions_total', { result: 'committed' }) > 0)
  assert.equal(scrape.value('millrace_transactions_total', { result: 'aborted' }), 0)
  for (const kind of ['event', 'record', 'received']) {
    const name = `millrace_${kind}_to_commit_latency_seconds_count`
    assert.equal(scrape.value(name), kind === 'event' ? FLIGHTS : answered, name)
  }
  assert.equal(scrape.value('millrace_prediction_score_count'), FLIGHTS)
  for (const stage of ['poll', 'decode', 'features', 'inference', 'produce', 'commit']) {
    assert.ok(scrape.value('millrace_stage_duration_seconds_count', { stage }) > 0, stage)
  }
  assert.equal(scrape.value('millrace_state_keys'), 3)
  assert.ok(scrape.value('millrace_state_bytes') > 0)
  assert.equal(scrape.value('millrace_model_info', { name: 'flight-delay' }), 1)
  checkFamilies(scrape)
  await service.stop()
})

/** Every family has a help text and a type; latency buckets reach from 1 ms to 60 s. */
function checkFamilies(scrape: Scrape): void {
  for (const name of scrape.names) {
    assert.match(name, /^millrace_/)
    const family = scrape.family(name)
    assert.ok(family !== undefined && family.help !== '' && family.type !== 'unknown', name)
  }
  const latency = scrape.family('millrace_record_to_commit_latency_seconds')
  const buckets = (latency?.samples ?? []).flatMap(({ labels }) =>
    labels['le'] === undefined ? [] : [Number(labels['le'])],
  )
  assert.ok(buckets.includes(60))
  assert.ok(buckets.some((bound) => bound <= 0.001))
}

async function until<Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error('the metrics do not come to agree')
    await sleep(100)
  }
}
