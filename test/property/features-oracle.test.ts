import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { engineOf, run } from '../oracle/feature-runs.ts'
import { type Expected, FeatureOracle, type LogEntry } from '../oracle/features.ts'
import { cutsOf, logs, specs } from './feature-arbitraries.ts'
import { SEED } from './seed.ts'

const EVENTS_MAX = 80
const PARTITIONS = [0, 1]

function assertEqual(spec: ModelSpec, log: readonly LogEntry[], actual: readonly Expected[]): void {
  const oracle = new FeatureOracle(spec)
  for (const [index, entry] of log.entries()) {
    const expected = oracle.next(entry)
    const got = actual[index]
    assert.equal(got?.kind, expected.kind, `event ${index}`)
    if (expected.kind !== 'ok' || got?.kind !== 'ok') {
      assert.deepEqual(got, expected, `event ${index}`)
      continue
    }
    assert.equal(got.row.length, spec.features.length)
    for (const [column, { operation }] of spec.features.entries()) {
      const isSame = same(operation, got.row[column], expected.row[column])
      assert.ok(
        isSame,
        `event ${index}, ${operation}: ${got.row[column]}, not ${expected.row[column]}`,
      )
    }
  }
}

/** Variance is computed by other means than the oracle's; all else is equal to the bit. */
function same(
  operation: string,
  value: number | null = null,
  wanted: number | null = null,
): boolean {
  if (value === null || wanted === null) return value === wanted
  if (operation === 'variance') return Math.abs(value - wanted) <= 1e-9 * Math.max(1, wanted)
  if (operation === 'stddev') return same('variance', value ** 2, wanted ** 2)
  return Object.is(value, wanted)
}

test('features equal those computed from all events by brute force', () => {
  fc.assert(
    fc.property(specs, logs({ eventsMax: EVENTS_MAX }), cutsOf(EVENTS_MAX), (spec, log, cuts) => {
      assertEqual(spec, log, run(engineOf(spec, { partitions: PARTITIONS }), log, cuts))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('sums of any doubles equal, to the bit, sums tile by tile in time order', () => {
  const amounts = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(specs, logs({ eventsMax: EVENTS_MAX, keys: 1, amounts }), (spec, log) => {
      assertEqual(
        withoutVariance(spec),
        log,
        run(engineOf(withoutVariance(spec), { partitions: PARTITIONS }), log),
      )
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

function withoutVariance(spec: ModelSpec): ModelSpec {
  const features = spec.features.filter(
    ({ operation }) => operation !== 'variance' && operation !== 'stddev',
  )
  return { ...spec, features }
}
