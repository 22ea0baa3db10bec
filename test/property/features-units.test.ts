import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../src/domain/errors.ts'
import type { FeatureEngine } from '../../src/features/engine.ts'
import { applied, engineOf, run } from '../oracle/feature-runs.ts'
import type { Expected, LogEntry } from '../oracle/features.ts'
import { cutsOf, logs, specs } from './feature-arbitraries.ts'
import { SEED } from './seed.ts'

const EVENTS_MAX = 60
const partitions = [0, 1]
const log = logs({ eventsMax: EVENTS_MAX })
/** Many keys for little room, so that units make room for new keys and are refused. */
const crowded = logs({ eventsMax: 40, keys: 5 })
const KEYS_MAX = 4

/** Everything of the state that shows from outside. */
function traceOf(engine: FeatureEngine): unknown {
  const { keys, tiles } = engine.size()
  return { keys, tiles, positions: positionsOf(engine), saturated: engine.saturated }
}

function positionsOf(engine: FeatureEngine): unknown {
  return partitions.map((partition) => engine.streamPosition(partition))
}

/** As `run`, but a full state is an outcome, after which its unit is discarded. */
function runCrowded(
  engine: FeatureEngine,
  entries: readonly LogEntry[],
  cuts: ReadonlySet<number>,
): (Expected | 'refused')[] {
  const outcomes = entries.map((entry, index) => {
    if (cuts.has(index)) engine.accept()
    return applyCrowded(engine, entry)
  })
  engine.accept()
  return outcomes
}

function applyCrowded(engine: FeatureEngine, entry: LogEntry): Expected | 'refused' {
  try {
    return applied(engine, entry)
  } catch (error) {
    assert.ok(error instanceof ServiceError && error.code === 'STATE_KEYS_MAX')
    engine.discard()
    return 'refused'
  }
}

test('the features do not depend on where the log is cut into units', () => {
  fc.assert(
    fc.property(specs, log, cutsOf(EVENTS_MAX), (spec, entries, cuts) => {
      const cut = engineOf(spec, { partitions })
      const whole = engineOf(spec, { partitions })
      assert.deepEqual(run(cut, entries, cuts), run(whole, entries))
      assert.deepEqual(positionsOf(cut), positionsOf(whole))
      assert.equal(cut.saturated, whole.saturated)
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('a unit discarded part of the way and done again gives what it would have given at once', () => {
  const attempts = fc.array(fc.nat(EVENTS_MAX), { minLength: EVENTS_MAX, maxLength: EVENTS_MAX })
  fc.assert(
    fc.property(specs, log, cutsOf(EVENTS_MAX), attempts, (spec, entries, cuts, tried) => {
      const engine = engineOf(spec, { partitions })
      const outcomes = entries.flatMap((entry, index) => {
        if (index > 0 && !cuts.has(index)) return [applied(engine, entry)]
        engine.accept()
        for (const lost of entries.slice(index, index + (tried[index] ?? 0))) applied(engine, lost)
        engine.discard()
        return [applied(engine, entry)]
      })
      engine.accept()
      const whole = engineOf(spec, { partitions })
      assert.deepEqual(outcomes, run(whole, entries))
      assert.equal(engine.saturated, whole.saturated)
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('a discarded unit leaves no trace', () => {
  fc.assert(
    fc.property(specs, crowded, fc.nat(40), fc.nat(40), cutsOf(40), (spec, entries, a, b, cuts) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const touched = engineOf(spec, { partitions, keysMax: KEYS_MAX })
      const untouched = engineOf(spec, { partitions, keysMax: KEYS_MAX })
      for (const engine of [touched, untouched]) runCrowded(engine, entries.slice(0, from), cuts)
      const before = traceOf(touched)
      for (const entry of entries.slice(from, to)) {
        if (applyCrowded(touched, entry) === 'refused') break
      }
      touched.discard()
      assert.deepEqual(traceOf(touched), before)
      const rest = entries.slice(from)
      assert.deepEqual(runCrowded(touched, rest, cuts), runCrowded(untouched, rest, cuts))
      // Which keys out of reach are still held is the only thing that may differ.
      assert.deepEqual(positionsOf(touched), positionsOf(untouched))
      assert.equal(touched.saturated, untouched.saturated)
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('a bound on keys that is never reached changes nothing, and one that is reached, no feature', () => {
  fc.assert(
    fc.property(specs, crowded, cutsOf(40), (spec, entries, cuts) => {
      const free = run(engineOf(spec, { partitions }), entries)
      const bound = engineOf(spec, { partitions, keysMax: KEYS_MAX })
      for (const [index, entry] of entries.entries()) {
        if (cuts.has(index)) bound.accept()
        const outcome = applyCrowded(bound, entry)
        if (outcome === 'refused') return
        assert.deepEqual(outcome, free[index])
        const { keys, tiles } = bound.size()
        assert.ok(keys <= KEYS_MAX && tiles >= keys, `${keys} keys, ${tiles} tiles`)
      }
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test('the features of a key do not depend on whose the other events are', () => {
  const names = fc.array(
    fc.nat(9).map((id) => `other${id}`),
    { minLength: EVENTS_MAX, maxLength: EVENTS_MAX },
  )
  fc.assert(
    fc.property(specs, log, names, (spec, entries, others) => {
      const renamed = entries.map((entry, index) => {
        const key = entry.event.key === 'k0' ? 'k0' : (others[index] ?? '')
        return { ...entry, event: { ...entry.event, key } }
      })
      const isKept = (_: unknown, index: number) => entries[index]?.event.key === 'k0'
      const expected = run(engineOf(spec, { partitions }), entries).filter(isKept)
      assert.deepEqual(run(engineOf(spec, { partitions }), renamed).filter(isKept), expected)
    }),
    { seed: SEED, numRuns: 500 },
  )
})

test('the features of a partition do not depend on how it is interleaved with others', () => {
  fc.assert(
    fc.property(specs, log, cutsOf(EVENTS_MAX), (spec, entries, cuts) => {
      const together = run(engineOf(spec, { partitions }), entries, cuts)
      for (const partition of partitions) {
        const isOwn = (entry: LogEntry) => entry.partition === partition
        const alone = run(engineOf(spec, { partitions: [partition] }), entries.filter(isOwn))
        const expected = together.filter((_, index) => entries[index]?.partition === partition)
        assert.deepEqual(alone, expected)
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})
