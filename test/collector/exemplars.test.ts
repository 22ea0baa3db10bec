import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { DASHBOARD_ROWS } from '../../scripts/monitoring/dashboard.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { startCollector } from '../harness/collector.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { PrometheusServer } from '../harness/prometheus-server.ts'
import type { StoredExemplar } from '../harness/prometheus-server.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const RULE_FILE = resolve(import.meta.dirname, '../../helm/millrace/files/alerts.yaml')
const FLIGHTS = 2_000
const LATENCIES = ['event', 'record', 'received'].map(
  (kind) => `millrace_${kind}_to_commit_latency_seconds_bucket`,
)

test('a real Prometheus leads from a latency panel to the span that a real Collector got', async (t) => {
  const collector = await startCollector(t)
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, {
    ...bed.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    STATISTICS_INTERVAL_MS: '200',
  })
  const url = await service.url()
  const open = new URL(url).host
  const plain = await startPlain(t, url)
  const prometheus = await PrometheusServer.start(t, {
    targets: [open, plain],
    ruleFile: RULE_FILE,
  })
  await bed.write(records)
  await whenCommitted(service, endsOf(records))
  await service.until('both scrapes to tell of it', async () => {
    const query = `millrace_records_processed_total == ${records.length}`
    return (await prometheus.query(query)).length === 2 ? true : undefined
  })

  const found = new Map<string, readonly StoredExemplar[]>()
  for (const name of LATENCIES) found.set(name, await prometheus.exemplars(name))
  for (const [name, exemplars] of found) {
    assert.ok(exemplars.length > 0, name)
    for (const { series, labels } of exemplars) {
      assert.equal(series['instance'], open, 'the text format has none')
      const span = await service.until(`the span of ${name}`, () =>
        collector.spans.find(({ spanId }) => spanId === labels['span_id']),
      )
      assert.equal(span.traceId, labels['trace_id'])
      assert.equal(span.name, `process ${bed.topics.input}`)
    }
  }
  await assertPanelsShow(prometheus)
  // What moves by itself, e.g. the kinds of open handles, is looked at until both scrapes saw the same.
  await service.until('both formats to be stored alike', async () => {
    const [asOpen, asPlain] = [await storedOf(prometheus, open), await storedOf(prometheus, plain)]
    return asOpen.length > 0 && asOpen.join('\n') === asPlain.join('\n') ? true : undefined
  })
  await service.stop()
})

/** Every line of the dashboard that asks for exemplars gets some, by the query that Grafana sends. */
async function assertPanelsShow(prometheus: PrometheusServer): Promise<void> {
  const queries = DASHBOARD_ROWS.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries))
  const asking = queries.filter(({ exemplar }) => exemplar === true)
  assert.equal(asking.length, 3 * LATENCIES.length)
  for (const { expr } of asking) {
    const sent = expr
      .replaceAll('$__rate_interval', '1m')
      .replaceAll(/\$(namespace|job|instance)/g, '.*')
    assert.ok((await prometheus.exemplars(sent)).length > 0, sent)
  }
}

/** Every series of an address, with all its labels but the address. */
async function storedOf(prometheus: PrometheusServer, instance: string): Promise<string[]> {
  const answers = await prometheus.query(`{__name__=~"millrace_.+",instance="${instance}"}`)
  return answers.map(({ labels: { instance: _, ...labels } }) => JSON.stringify(labels)).toSorted()
}

/** The metrics of a service for those who want the text format, at an address of its own. */
async function startPlain(t: TestContext, url: string): Promise<string> {
  const server = createServer((_request, response) => {
    void fetch(`${url}/metrics`, { headers: { accept: 'text/plain;version=0.0.4' } }).then(
      async (answer) => {
        const type = answer.headers.get('content-type') ?? ''
        response.setHeader('content-type', type).end(await answer.text())
      },
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `127.0.0.1:${address.port}`
}
