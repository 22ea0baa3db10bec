import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tracingPlan } from '../../../src/config/tracing.ts'
import { load } from './environment.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
const OF_TRACES = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' }

/** What is set, whether traces are exported, whether trace contexts are passed on. */
const PLANS = [
  [{}, false, false],
  [ENDPOINT, true, true],
  [OF_TRACES, true, true],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true, true],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false, false],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, false, false],
  [{ ...ENDPOINT, OTEL_PROPAGATORS: 'none' }, true, false],
  [{ ...ENDPOINT, OTEL_PROPAGATORS: 'b3' }, true, false],
  [{ OTEL_PROPAGATORS: 'tracecontext,baggage' }, false, true],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_PROPAGATORS: 'tracecontext' }, false, true],
] as const

for (const [env, isExported, isPassedOn] of PLANS) {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const does = [`${isExported ? '' : 'not '}exported`, `${isPassedOn ? '' : 'not '}passed on`]
  test(`${set.join(' ') || 'nothing set'}: traces are ${does.join(', contexts ')}`, () => {
    assert.deepEqual(tracingPlan(load(env).config), { isExported, isPassedOn })
  })
}

test('a protocol that is not spoken is refused', () => {
  assert.throws(() => load({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), {
    message: 'OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, got "grpc"',
  })
})

test("OpenTelemetry's variables that mean nothing here, or that its exporter alone reads, are not warned about", () => {
  const names = [
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    'OTEL_METRICS_EXPORTER',
    'OTEL_LOGS_EXPORTER',
    'OTEL_METRIC_EXPORT_INTERVAL',
    'OTEL_BLRP_SCHEDULE_DELAY',
  ]
  assert.deepEqual(load(Object.fromEntries(names.map((name) => [name, '1']))).warnings, [])
  assert.equal(load({ OTEL_TRACE_SAMPLER: 'always_on' }).warnings.length, 1)
})
