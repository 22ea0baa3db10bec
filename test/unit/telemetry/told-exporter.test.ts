import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { LogCode } from '../../../src/telemetry/log-codes.ts'
import { ToldExporter } from '../../../src/telemetry/told-exporter.ts'

const { SUCCESS, FAILED } = ExportResultCode

test('an outage of the receiver is told once, and its end with what was lost', () => {
  const told: [LogCode, string][] = []
  const results: Parameters<Parameters<SpanExporter['export']>[1]>[0][] = [
    { code: SUCCESS },
    { code: FAILED, error: new Error('connection refused') },
    { code: FAILED },
    { code: SUCCESS },
    { code: SUCCESS },
  ]
  const receiver: SpanExporter = {
    export: (_, done) => done(results.shift() ?? { code: SUCCESS }),
    shutdown: () => Promise.resolve(),
  }
  const exporter = new ToldExporter(receiver, (code, message) => told.push([code, message]))
  const codes: ExportResultCode[] = []
  const spans = [{}, {}, {}] as ReadableSpan[]
  for (let turn = 0; turn < 5; turn += 1) exporter.export(spans, ({ code }) => codes.push(code))
  assert.deepEqual(codes, [SUCCESS, FAILED, FAILED, SUCCESS, SUCCESS])
  assert.deepEqual(told, [
    ['TRACES_LOST', 'traces cannot be exported: connection refused'],
    ['TRACES_BACK', 'traces are exported again; 6 spans were lost'],
  ])
})
