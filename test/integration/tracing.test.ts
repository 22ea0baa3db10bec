import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startReceiver } from '../harness/otlp.ts'
import { Scrape } from '../harness/scrape.ts'
import { assertPassedOn, assertUnitSpan, outcomesOf, tracedRun } from '../harness/traced-run.ts'

const RESOURCE = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' }

test('a unit is exported as a span with links to its sampled records, whose contexts go on', async (t) => {
  const receiver = await startReceiver(t)
  const exemplars = new Map<string, readonly Exemplar[]>()
  const env = {
    ...RESOURCE,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  }
  const { bed } = await tracedRun(t, env, async (service) => {
    const scrape = await Scrape.openMetricsOf(await service.url())
    for (const name of scrape.names) exemplars.set(name, exemplarsOf(scrape, name))
  })
  assertUnitSpan(receiver, bed)
  await assertPassedOn(bed)
  const [span] = receiver.spans
  const isOver = Number(span?.endTimeUnixNano) / 1e9
  for (const [name, found] of exemplars) {
    const isLatency = name.endsWith('_to_commit_latency_seconds')
    assert.equal(found.length > 0, isLatency, name)
    for (const { labels, timestamp, value, le, below } of found) {
      assert.deepEqual(labels, { trace_id: span?.traceId, span_id: span?.spanId }, name)
      assert.ok(Math.abs(timestamp - isOver) < 0.001, `${name}: ${timestamp}, not ${isOver}`)
      assert.ok(value > below && value <= le, `${name}: ${value} is not in ${below} to ${le}`)
    }
  }
})

test('without traces a scrape is the text format, even for who would rather have OpenMetrics', async (t) => {
  await tracedRun(t, { OTEL_PROPAGATORS: 'tracecontext' }, async (service) => {
    const headers = { accept: 'application/openmetrics-text;version=1.0.0' }
    const answer = await fetch(`${await service.url()}/metrics`, { headers })
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.doesNotMatch(await answer.text(), / # \{|# EOF/)
  })
})

test('contexts can go on without any export, and are left alone when nothing is set', async (t) => {
  const passing = await tracedRun(t, { OTEL_PROPAGATORS: 'tracecontext' })
  await assertPassedOn(passing.bed)
  const silent = await tracedRun(t, {})
  await assertPassedOn(silent.bed, false)
  // What is written is the same but for the headers.
  assert.deepEqual(await outcomesOf(passing.bed), await outcomesOf(silent.bed))
})

test('a receiver that takes connections and never answers holds up neither work nor stop', async (t) => {
  const { url, connections } = await startMute(t)
  const { bed, service, stopMs } = await tracedRun(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '1',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  })
  assert.ok(connections() > 0, 'it was tried')
  // The flush is given 2 s, whatever the exporter waits for.
  assert.ok(stopMs < 8_000, `${stopMs} ms`)
  const { level } = await service.logged('TRACES_LOST')
  assert.equal(level, 'warn')
  await assertPassedOn(bed)
})

interface Exemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly timestamp: number
  readonly value: number
  /** Its bucket: above `below`, at most `le`. */
  readonly le: number
  readonly below: number
}

/** The exemplars of a family, as a real parser reads them. */
function exemplarsOf(scrape: Scrape, name: string): readonly Exemplar[] {
  const samples = scrape.family(name)?.samples ?? []
  return samples.flatMap(({ exemplar, labels }, at) =>
    exemplar === null
      ? []
      : [{ ...exemplar, le: boundOf(labels), below: boundOf(samples[at - 1]?.labels ?? {}) }],
  )
}

function boundOf({ le }: Readonly<Record<string, string>>): number {
  if (le === undefined) return -Infinity
  return le === '+Inf' ? Infinity : Number(le)
}

/** A server that accepts and then says nothing. */
async function startMute(t: TestContext): Promise<{ url: string; connections: () => number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { url: `http://127.0.0.1:${address.port}`, connections: () => sockets.size }
}
