import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEED } from '../property/seed.ts'
import { runSeed } from './run-seed.ts'
import type { SeedResult } from './run-seed.ts'
import { commandOf, shrink } from './shrink.ts'
import { FAULTS } from './world.ts'

const SEEDS = 2_000
/** What the faults lead to, and must have led to at least once. */
const CONSEQUENCES = [
  'revoked',
  'assignment-lost',
  'former-owner-fenced',
  'restore',
  'drain-over',
  'changelog-unusable',
  'replay',
  'aborted',
  'recovering-COMMIT_UNCERTAIN',
  'recovering-PRODUCER_FATAL',
  'recovering-PRODUCER_FENCED',
  'recovered-committed',
  'recovered-aborted',
  'recovered-restored',
  'retrying-KAFKA_UNAVAILABLE',
  'registry-back',
  'exit-CONSUMER_FATAL',
  'exit-KAFKA_UNAVAILABLE',
  'generation-moved',
  'transaction-timeout',
  'late-commit-arrived',
  'late-commit-fenced',
]

test(`${SEEDS} seeds from SEED on: whatever fails, every record is answered once, as by a fold over the log`, async () => {
  const reached = new Set<string>()
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const result = await runSeed(seed)
    for (const what of result.reached.keys()) reached.add(what)
    if (result.failures.length > 0) assert.fail(await describe(result))
  }
  const missing = [...FAULTS, ...CONSEQUENCES].filter((what) => !reached.has(what))
  assert.deepEqual(missing, [], 'never reached')
})

test('a seed runs the same way twice', async () => {
  for (let seed = SEED; seed < SEED + 20; seed++) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)]
    assert.deepEqual(first.trace, second.trace, `seed ${seed}`)
  }
})

/** A failing run, shrunk, with the command that repeats it. */
async function describe(failing: SeedResult): Promise<string> {
  const { limits, result } = await shrink(failing)
  const command = commandOf(failing.seed, limits)
  return `${result.failures[0]}\n${result.trace.slice(-60).join('\n')}\nagain: ${command}`
}
