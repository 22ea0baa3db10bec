import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/domain/event.ts'
import { applied, engineOf, specOf } from '../oracle/feature-runs.ts'
import type { LogEntry } from '../oracle/features.ts'
import { SEED } from './seed.ts'

const EVENTS = 1_000_000
const STEP_MS = 20
const COMPARED = 500
/** Window, tile and lateness together: what the compared rows can see, and no more. */
const REACH_MS = 60_000 + 1000 + 5000

const windowed = { window: '1m', input_column: 'amount' }
const SPEC = specOf({
  fields: { amount: 'double' },
  lateness: '5s',
  features: [
    { name: 'events', operation: 'count', window: '1m' },
    { name: 'total', operation: 'sum', ...windowed },
    { name: 'mean', operation: 'avg', ...windowed },
    { name: 'spread', operation: 'variance', ...windowed },
    { name: 'top', operation: 'max', ...windowed },
    { name: 'newest', operation: 'last', ...windowed },
  ],
})

/** Amounts from 1e-9 to 1e9 of either sign: a running sum would lose the small ones for good. */
function entryOf(offset: number): LogEntry {
  const noise = Math.imul(offset + SEED, 2654435761) >>> 0
  const amount = (noise % 2 === 0 ? 1 : -1) * 10 ** ((noise % 1801) / 100 - 9)
  const timeMs = offset * STEP_MS + 10_000 - (noise % 5000)
  const event: Event = { key: 'k', timeMs, id: String(offset), values: [amount] }
  return { partition: 0, offset, event, recordTimestampMs: -1 }
}

test('after a million updates features equal those of the events in reach alone, to the bit', () => {
  const compared = Array.from({ length: COMPARED }, (_, i) => entryOf(EVENTS - COMPARED + i))
  const long = engineOf(SPEC)
  const row = new Float64Array(long.columns)
  for (let offset = 0; offset < EVENTS - COMPARED; offset++) {
    long.apply(0, offset, entryOf(offset).event, -1, row, 0)
    if (offset % 1000 === 0) long.accept()
  }
  const fresh = engineOf(SPEC)
  const reachedFrom = Math.floor(EVENTS - COMPARED - (REACH_MS + 10_000) / STEP_MS)
  for (let offset = reachedFrom; offset < EVENTS - COMPARED; offset++)
    applied(fresh, entryOf(offset))
  for (const entry of compared) {
    const outcome = applied(long, entry)
    assert.equal(outcome.kind, 'ok')
    assert.deepEqual(outcome, applied(fresh, entry))
  }
  long.accept()
  const { keys, tiles } = long.size()
  assert.ok(keys === 1 && tiles <= 1 + REACH_MS / 1000, `${keys} keys, ${tiles} tiles`)
})
