import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCollector } from '../harness/collector.ts'
import { assertUnitSpan, tracedRun } from '../harness/traced-run.ts'

const WAIT_MS = 30_000

test('the OpenTelemetry Collector takes the span of a unit and tells it on as it is', async (t) => {
  const receiver = await startCollector(t)
  const { bed } = await tracedRun(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
  const deadline = performance.now() + WAIT_MS
  while (receiver.spans.length === 0 && performance.now() < deadline) await sleep(50)
  assertUnitSpan(receiver, bed)
})
