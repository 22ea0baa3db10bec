import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEED } from '../property/seed.ts'
import { runSeed } from './run-seed.ts'
import type { SeedResult } from './run-seed.ts'
import { commandOf, shrink } from './shrink.ts'
import { unreached } from './recovery-rows.ts'

const SEEDS = 2_000
/** A busy machine may need ten times as long as an idle one. */
const TIMEOUT_MS = 600_000

test(`${SEEDS} seeds from SEED on, each twice the same way: every record is answered once, as by a fold over the log`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const reached = new Set<string>()
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const result = await runSeed(seed)
    for (const what of result.reached.keys()) reached.add(what)
    if (result.failures.length > 0) assert.fail(await describe(result))
  }
  assert.deepEqual(unreached(reached), [], 'never reached')
})

/** A failing run, shrunk, with the command that repeats it. */
async function describe(failing: SeedResult): Promise<string> {
  const { limits, result } = await shrink(failing)
  const command = commandOf(failing.seed, limits)
  return `${result.failures[0]}\n${result.trace.slice(-60).join('\n')}\nagain: ${command}`
}
