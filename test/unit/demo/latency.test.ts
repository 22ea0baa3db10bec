import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencyOf } from '../../../scripts/demo/latency.ts'

const NAME = 'millrace_record_to_commit_latency_seconds'

test('quantiles lie straight within their bucket, in ms', () => {
  const text = [
    `# TYPE ${NAME} histogram`,
    `${NAME}_bucket{le="0.01"} 0`,
    `${NAME}_bucket{le="0.02"} 50`,
    `${NAME}_bucket{le="0.1"} 99`,
    `${NAME}_bucket{le="+Inf"} 100`,
    `${NAME}_sum{} 3`,
  ].join('\n')
  const { p50, p95, p99 } = latencyOf(text)
  assert.equal(p50, 20)
  assert.ok(Math.abs(p95 - (20 + (80 * 45) / 49)) < 1e-9, String(p95))
  assert.equal(p99, 100)
})
