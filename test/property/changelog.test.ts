import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import type { StreamPosition } from '../../src/features/stream-time.ts'
import { applied, engineOf } from '../oracle/feature-runs.ts'
import { cutsOf, logs, specs } from './feature-arbitraries.ts'
import { SEED } from './seed.ts'

const EVENTS_MAX = 120

/** A changelog after compaction: the last value of each key, in order of writing. */
type Changelog = Map<string, { readonly key: Buffer; readonly value: Buffer }>

/** What the transaction of the open unit writes. */
function writeChanges(engine: FeatureEngine, changelog: Changelog): void {
  engine.changes((_, { key, value }) => {
    const name = key.toString('latin1')
    changelog.delete(name)
    changelog.set(name, { key: Buffer.from(key), value: Buffer.from(value) })
  })
}

function restored(spec: ModelSpec, changelog: Changelog, position: StreamPosition): FeatureEngine {
  const engine = new FeatureEngine(spec, { keysMax: 1000, bytesMax: Infinity })
  engine.open(0, position)
  for (const { key, value } of changelog.values()) {
    const result = engine.restore(0, {
      key: { buffer: key, at: 0, end: key.length },
      value: { buffer: value, at: 0, end: value.length },
    })
    assert.ok(result === 'kept' || result === 'out-of-reach', result)
  }
  return engine
}

test('an engine restored from its changelog goes on as the one that ran through, to the bit', () => {
  let tiles = 0
  fc.assert(
    fc.property(
      specs,
      logs({ eventsMax: EVENTS_MAX, partitions: 1 }),
      cutsOf(EVENTS_MAX),
      cutsOf(EVENTS_MAX),
      (spec, log, cuts, restarts) => {
        const through = engineOf(spec)
        let engine = engineOf(spec)
        const changelog: Changelog = new Map()
        for (const [offset, entry] of log.entries()) {
          if (cuts.has(offset) || restarts.has(offset)) {
            writeChanges(engine, changelog)
            const committed = engine.reachableTiles(0)
            assert.equal(committed, through.reachableTiles(0))
            const position = engine.streamPosition(0)
            engine.accept()
            through.accept()
            if (restarts.has(offset)) {
              engine = restored(spec, changelog, position)
              assert.equal(engine.reachableTiles(0), committed)
              tiles += committed
            }
          }
          assert.deepEqual(applied(engine, entry), applied(through, entry))
        }
      },
    ),
    { seed: SEED, numRuns: 1000 },
  )
  assert.ok(tiles > 0, 'no tile was ever restored')
})

test('changes of a discarded unit are not among those of the next', () => {
  fc.assert(
    fc.property(specs, logs({ eventsMax: EVENTS_MAX, partitions: 1 }), (spec, log) => {
      const engine = engineOf(spec)
      for (const entry of log) applied(engine, entry)
      engine.discard()
      engine.changes(() => assert.fail('a change was told'))
      assert.equal(engine.isChanged, false)
      assert.equal(engine.reachableTiles(0), 0)
    }),
    { seed: SEED, numRuns: 200 },
  )
})
