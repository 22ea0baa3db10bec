import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelSpec } from '../../../src/domain/model-spec.ts'
import { NOTHING_TO_REPLAY } from '../../../src/features/stream-time.ts'
import { engineOf, logOf, run, specOf, type Told } from '../../oracle/feature-runs.ts'
import type { Expected } from '../../oracle/features.ts'

function countSpec(window: object, more: object = {}): ModelSpec {
  const features = [{ name: 'n', operation: 'count', ...window }]
  return specOf({ fields: {}, features, ...more })
}

const at = (seconds: number, key = 'k'): Told => [key, seconds]

/** The first feature of an event that was taken in; what became of any other. */
function shown(outcome: Expected): number | null | string | undefined {
  if (outcome.kind === 'late') return `late by ${outcome.byMs}`
  return outcome.kind === 'ok' ? outcome.row[0] : outcome.kind
}

function countsOf(spec: ModelSpec, events: readonly Told[]): unknown[] {
  return run(engineOf(spec), logOf(...events)).map(shown)
}

test('the window reaches back whole tiles, the tile of the event being the newest', () => {
  // Tiles of 10 s, three a window: an event at 30 sees from 10 on, one at 39.999 does, too.
  const spec = countSpec({ window: '30s', tile: '10s' })
  assert.deepEqual(countsOf(spec, [at(9.999), at(10), at(30)]), [1, 2, 2])
  assert.deepEqual(countsOf(spec, [at(9.999), at(10), at(39.999)]), [1, 2, 2])
  assert.deepEqual(countsOf(spec, [at(9.999), at(10), at(29.999)]), [1, 2, 3])
  assert.deepEqual(countsOf(spec, [at(9.999), at(10), at(40)]), [1, 2, 1])
})

test('keys do not see each other', () => {
  const spec = countSpec({ window: '1m' })
  assert.deepEqual(countsOf(spec, [at(0, 'a'), at(0, 'b'), at(1, 'a'), at(1, 'c')]), [1, 1, 2, 1])
})

test('several windows and tiles over one field are each their own', () => {
  const sum = { operation: 'sum', input_column: 'value' }
  const spec = specOf({
    fields: { value: 'double' },
    features: [
      { name: 's2', ...sum, window: '2s', tile: '1s' },
      { name: 's4', ...sum, window: '4s', tile: '1s' },
      { name: 's4coarse', ...sum, window: '4s', tile: '4s' },
      { name: 's4again', ...sum, window: '4s', tile: '1s' },
    ],
  })
  const rows = run(engineOf(spec), logOf(['k', 0, 1], ['k', 2, 2], ['k', 3, 4], ['k', 5, 8]))
  assert.deepEqual(
    rows.map((row) => row.kind === 'ok' && row.row),
    [
      [1, 1, 1, 1],
      [2, 3, 3, 3],
      [6, 7, 7, 7],
      [8, 14, 8, 14],
    ],
  )
})

test('an event out of order falls into its own tile, and later events see it there', () => {
  const spec = countSpec({ window: '20s', tile: '10s' }, { lateness: '1m' })
  // The one at 25 sees tiles 1 and 2; the one at 40 sees 3 and 4; the one at 35 sees 2 and 3.
  const events = [at(15), at(45), at(25), at(40), at(35)]
  assert.deepEqual(countsOf(spec, events), [1, 1, 2, 2, 2])
})

test('an event at stream time − lateness is in time, one a millisecond older is late', () => {
  const spec = countSpec({ window: '1m' }, { lateness: '5s' })
  const events = [at(100), at(95), at(94.999), at(94), at(99)]
  assert.deepEqual(countsOf(spec, events), [1, 1, 'late by 1', 'late by 1000', 2])
})

test('a late event does not change state', () => {
  const spec = countSpec({ window: '1m', tile: '1m' }, { lateness: '0s' })
  assert.deepEqual(countsOf(spec, [at(100), at(99.999), at(100)]), [1, 'late by 1', 2])
})

test('stream time is the partition’s own, and any key moves it', () => {
  const engine = engineOf(countSpec({ window: '1m' }), { partitions: [0, 1] })
  const log = logOf(at(100, 'a'), at(99, 'b'), at(50, 'a')).map((entry, index) =>
    index === 2 ? { ...entry, partition: 1 } : entry,
  )
  assert.deepEqual(run(engine, log).map(shown), [1, 'late by 1000', 1])
  assert.equal(engine.streamPosition(0).streamTimeMs, 100_000)
  assert.equal(engine.streamPosition(1).streamTimeMs, 50_000)
})

test('an event too far ahead of its record timestamp is a dead letter and does not move time', () => {
  const engine = engineOf(countSpec({ window: '1m' }, { max_future_skew: '30s' }))
  const stamped = [at(100), at(130.001), at(130), at(999_999)].map((told, index) => {
    const [entry] = logOf(told)
    assert.ok(entry !== undefined)
    return { ...entry, recordTimestampMs: index < 3 ? 100_000 : -1 }
  })
  assert.deepEqual(run(engine, stamped.slice(0, 3)).map(shown), [1, 'dead-letter', 2])
  assert.equal(engine.streamPosition(0).streamTimeMs, 130_000)
  const [, ahead, , unstamped] = stamped
  assert.ok(ahead !== undefined && unstamped !== undefined)
  const out = new Float64Array(1)
  assert.deepEqual(engine.apply(0, 1, { ...ahead.event, timeMs: 130_001 }, 100_000, out, 0), {
    kind: 'dead-letter',
    reason: 'future-event-time',
    stage: 'features',
    detail: 'event time is 30001 ms ahead of the record timestamp, bound 30000 ms',
  })
  assert.deepEqual(run(engine, [unstamped]).map(shown), [1])
})

test('a row is written where it is asked for, and only when the event is taken in', () => {
  const engine = engineOf(countSpec({ window: '1m' }))
  const [first, late] = logOf(at(100), at(1))
  assert.ok(first !== undefined && late !== undefined)
  const out = new Float64Array(3).fill(-7)
  engine.apply(0, 0, first.event, -1, out, 1)
  engine.apply(0, 1, late.event, -1, out, 2)
  assert.deepEqual([...out], [-7, 1, -7])
})

test('the window of a position given back is read again from its first event on', () => {
  const engine = engineOf(countSpec({ window: '1m' }, { lateness: '5s' }))
  assert.equal(engine.streamPosition(0).replayFrom, NOTHING_TO_REPLAY)
  const log = logOf(...Array.from({ length: 1000 }, (_, second) => at(second)))
  run(engine, log)
  const { streamTimeMs, replayFrom, replayStreamTimeMs } = engine.streamPosition(0)
  assert.equal(streamTimeMs, 999_000)
  // Window, lateness and two tiles reach 67 s back; a 64th of that more is read at most, and a step.
  assert.ok(replayFrom <= 999 - 67 && replayFrom >= 999 - 67 - 3, `replay from ${replayFrom}`)
  assert.equal(replayStreamTimeMs, (replayFrom - 1) * 1000)
})
