import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startReceiver } from '../harness/otlp.ts'
import { assertPassedOn, assertUnitSpan, outcomesOf, tracedRun } from '../harness/traced-run.ts'

const RESOURCE = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' }

test('a unit is exported as a span with links to its sampled records, whose contexts go on', async (t) => {
  const receiver = await startReceiver(t)
  const { bed } = await tracedRun(t, {
    ...RESOURCE,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  })
  assertUnitSpan(receiver, bed)
  await assertPassedOn(bed)
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
