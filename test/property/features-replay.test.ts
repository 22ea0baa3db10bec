import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { encodeMetadata } from '../../src/features/offset-metadata.ts'
import { locate } from '../../src/loop/locate.ts'
import { applied, engineOf } from '../oracle/feature-runs.ts'
import type { LogEntry } from '../oracle/features.ts'
import { cutsOf, logs, specs } from './feature-arbitraries.ts'
import { SEED } from './seed.ts'

const EVENTS_MAX = 120

/** What the offset committed with the open unit carries. */
function metadataOf(engine: FeatureEngine): string {
  const position = engine.streamPosition(0)
  return encodeMetadata({ position, layout: engine.layout, changelog: undefined })
}

/** An engine as a new process makes it: from a committed offset, its metadata and the log. */
function restarted(
  spec: ModelSpec,
  log: readonly LogEntry[],
  { offset, metadata }: { offset: number; metadata: string },
): { engine: FeatureEngine; replayed: number } {
  const bounds = { first: 0, end: log.length }
  const engine = new FeatureEngine(spec, { keysMax: 1000, bytesMax: Infinity })
  const { layout, reachMs } = engine
  const { start, replayUntil, restored } = locate({
    topic: 'events',
    stored: { partition: 0, offset, metadata },
    bounds,
    layout,
    reachMs,
    policy: { onMismatch: 'refuse', onGap: 'refuse' },
  })
  engine.open(0, restored)
  for (const entry of log.slice(start, replayUntil)) applied(engine, entry)
  engine.accept()
  return { engine, replayed: replayUntil - start }
}

test('an engine restarted from a commit goes on as the one that ran through, to the bit', () => {
  let [replayed, skipped] = [0, 0]
  fc.assert(
    fc.property(
      specs,
      logs({ eventsMax: EVENTS_MAX, partitions: 1 }),
      cutsOf(EVENTS_MAX),
      cutsOf(EVENTS_MAX),
      (spec, log, cuts, restarts) => {
        const through = engineOf(spec)
        let engine = engineOf(spec)
        for (const [offset, entry] of log.entries()) {
          if (cuts.has(offset) || restarts.has(offset)) {
            const metadata = metadataOf(engine)
            assert.equal(metadata, metadataOf(through))
            through.accept()
            engine.accept()
            if (restarts.has(offset)) {
              const begun = restarted(spec, log, { offset, metadata })
              engine = begun.engine
              replayed += begun.replayed
              skipped += offset - begun.replayed
            }
          }
          assert.deepEqual(applied(engine, entry), applied(through, entry))
        }
      },
    ),
    { seed: SEED, numRuns: 1000 },
  )
  assert.ok(replayed > 0 && skipped > 0, `${replayed} records replayed, ${skipped} skipped`)
})

test('a restart in the middle of a replay begins the same replay again', () => {
  fc.assert(
    fc.property(
      specs,
      logs({ eventsMax: EVENTS_MAX, partitions: 1 }),
      fc.nat(EVENTS_MAX),
      (spec, log, at) => {
        const offset = Math.min(at, log.length)
        const through = engineOf(spec)
        for (const entry of log.slice(0, offset)) applied(through, entry)
        const metadata = metadataOf(through)
        const { engine } = restarted(spec, log, { offset, metadata })
        assert.equal(metadataOf(engine), metadata)
      },
    ),
    { seed: SEED, numRuns: 500 },
  )
})
