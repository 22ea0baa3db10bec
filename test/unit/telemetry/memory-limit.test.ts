import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryLimitBytes } from '../../../src/telemetry/memory-limit.ts'

const GIB = 1_073_741_824

test('a limit is one only when the machine has more', () => {
  assert.equal(memoryLimitBytes(2 * GIB, 24 * GIB), 2 * GIB)
  assert.equal(memoryLimitBytes(24 * GIB, 24 * GIB), undefined)
  assert.equal(memoryLimitBytes(0, 24 * GIB), undefined)
  // What a control group without a limit comes to.
  assert.equal(memoryLimitBytes(2 ** 64, 24 * GIB), undefined)
})
