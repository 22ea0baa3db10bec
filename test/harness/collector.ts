import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { Part } from '../../scripts/testbed/part.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { spansOf } from './otlp.ts'
import type { OtlpReceiver, ReceivedSpan } from './otlp.ts'

const COLLECTOR = resolve(import.meta.dirname, '../../.millrace/bin/otelcol')
const WAIT_MS = 30_000

/** A real OpenTelemetry Collector that sends all it takes on to this process, as JSON; it ends with the test. */
export async function startCollector(t: TestContext): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const listener = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      spans.push(...spansOf(JSON.parse(body)))
      response.setHeader('Content-Type', 'application/json').end('{}')
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  assert.ok(address !== null && typeof address === 'object')
  const folder = mkdtempSync(join(tmpdir(), 'millrace-collector-'))
  const [port = 0] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${address.port}`
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { otlphttp: { endpoint, encoding: 'json', compression: 'none' } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
    },
  }
  writeFileSync(join(folder, 'collector.yaml'), stringify(config))
  const url = `http://127.0.0.1:${port}`
  const part = new Part({
    name: 'the Collector',
    command: COLLECTOR,
    args: ['--config', 'collector.yaml'],
    cwd: folder,
    logFile: join(folder, 'collector.log'),
    isUp: () => answers(url),
    startWaitMs: WAIT_MS,
  })
  t.after(async () => {
    await part.stop('SIGKILL')
    listener.close()
    listener.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  await part.start()
  return { url, spans }
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).arrayBuffer()
    return true
  } catch {
    return false
  }
}
