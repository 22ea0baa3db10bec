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
/**
 * How many times the bounds of `npm run recovery` (1 s, 2 s, 3 s) it may take here: broker, instances and
 * test share the cores of whatever machine this is.
 */
const SLACK = 2
const SESSION_TIMEOUT_MS = 6_000

async function measured<Result extends { readonly failures: readonly string[]; logs: string }>(
  t: TestContext,
  report: (result: Result) => string,
  measure: (cleanup: Cleanup) => Promise<Result>,
): Promise<void> {
  const cleanup = new Cleanup()
  t.after(() => cleanup.run())
  const result = await measure(cleanup)
  t.diagnostic(report(result))
  assert.deepEqual(result.failures, [], `logs are kept in ${result.logs}`)
  rmSync(result.logs, { recursive: true })
}

test('24 partitions, instances 1 → 3 → 2 → 1: what moves stands still for its restore and little more, the rest goes on', (t) =>
  measured(t, rebalanceReport, (cleanup) =>
    measureRebalances(
      {
        addresses: testbedAddresses(),
        partitions: 24,
        rate: RATE,
        steadyMs: 1_000,
        bounds: { movedMs: SLACK * 2_000, untouchedMs: SLACK * 1_000 },
        signal: t.signal,
      },
      cleanup,
    ),
  ))

test('a restart moves nothing and is quick; after a crash another instance goes on soon after the session', (t) =>
  measured(t, restartReport, (cleanup) =>
    measureRestarts(
      {
        addresses: testbedAddresses(),
        partitions: 6,
        rate: RATE,
        settings: { SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS) },
        endings: ['sigterm-restart', 'sigkill-takeover'],
        rounds: 2,
        bounds: { rollingMs: SLACK * 3_000, crashMs: SESSION_TIMEOUT_MS + SLACK * 3_000 },
        signal: t.signal,
        onRound: (round) => t.diagnostic(JSON.stringify(round)),
      },
      cleanup,
    ),
  ))
