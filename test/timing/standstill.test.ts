import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { measureRebalances } from '../../scripts/recovery/rebalance.ts'
import { rebalanceReport, restartReport } from '../../scripts/recovery/report.ts'
import { measureRestarts } from '../../scripts/recovery/restart.ts'
import { Cleanup } from '../../scripts/torture/cleanup.ts'
import { testbedAddresses } from '../harness/bed.ts'

const RATE = 600
const SESSION_TIMEOUT_MS = 6_000

/** What a machine does beside can only add to a time: the quickest of so many runs says what the service takes. */
const RUNS_MAX = 3

interface Measured {
  readonly failures: readonly string[]
  readonly isExact: boolean
  readonly logs: string
}

/** Measures until a run keeps its bounds; each run must be exact. */
async function keepsBounds<Result extends Measured>(
  t: TestContext,
  report: (result: Result) => string,
  measure: (cleanup: Cleanup) => Promise<Result>,
): Promise<void> {
  for (let run = 1; ; run += 1) {
    const result = await measureOnce(t, measure)
    t.diagnostic(report(result))
    const isLast = run === RUNS_MAX || !result.isExact
    if (result.failures.length > 0 && !isLast) {
      t.diagnostic(`run ${run} took too long: ${result.failures.join('; ')}`)
      rmSync(result.logs, { recursive: true })
      continue
    }
    assert.deepEqual(result.failures, [], `logs are kept in ${result.logs}`)
    rmSync(result.logs, { recursive: true })
    return
  }
}

async function measureOnce<Result>(
  t: TestContext,
  measure: (cleanup: Cleanup) => Promise<Result>,
): Promise<Result> {
  const cleanup = new Cleanup()
  t.after(() => cleanup.run())
  const result = await measure(cleanup)
  await cleanup.run()
  return result
}

test('24 partitions, instances 1 → 3 → 2 → 1: what moves stands still for its restore and little more, the rest goes on', (t) =>
  keepsBounds(t, rebalanceReport, (cleanup) =>
    measureRebalances(
      {
        addresses: testbedAddresses(),
        partitions: 24,
        rate: RATE,
        steadyMs: 1_000,
        bounds: { movedMs: 2_000, untouchedMs: 1_000 },
        signal: t.signal,
      },
      cleanup,
    ),
  ))

test('a restart moves nothing and is quick; after a crash another instance goes on soon after the session', (t) =>
  keepsBounds(t, restartReport, (cleanup) =>
    measureRestarts(
      {
        addresses: testbedAddresses(),
        partitions: 6,
        rate: RATE,
        settings: { SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS) },
        endings: ['sigterm-restart', 'sigkill-takeover'],
        rounds: 2,
        bounds: { rollingMs: 3_000, crashMs: SESSION_TIMEOUT_MS + 3_000 },
        signal: t.signal,
        onRound: (round) => t.diagnostic(JSON.stringify(round)),
      },
      cleanup,
    ),
  ))
