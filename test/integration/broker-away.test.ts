import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { measureOutage } from '../../scripts/recovery/outage.ts'
import { outageReport } from '../../scripts/recovery/report.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { Cleanup } from '../../scripts/torture/cleanup.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

/** Longer than the session and a transaction may last. */
const AWAY_MS = 20_000
const FLIGHTS = 6_000
const SLOW_BY_MS = 300
const SLOW_FOR_MS = 8_000

test('a broker away for longer than session and transaction: no busy loop, bounded memory, told, and all goes on', async (t) => {
  const cleanup = new Cleanup()
  t.after(() => cleanup.run())
  const testbed = await startOwn()
  // Last of all: what reads and writes could not end without a broker.
  cleanup.add(() => testbed.stop())
  const bounds = { residentRiseMiB: 64, cpuShare: 0.25, backMs: 45_000 }
  const load = { addresses: testbed, partitions: 6, rate: 600, awayMs: AWAY_MS }
  const result = await measureOutage({ ...load, bounds, signal: t.signal }, cleanup)
  t.diagnostic(outageReport(result))
  assert.deepEqual(result.failures, [], `logs are kept in ${result.logs}`)
  rmSync(result.logs, { recursive: true })
})

test('a broker that is slow slows the service down, and ends nothing', async (t) => {
  const { bed, env, proxy } = await startDetour(t)
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, {
    ...env,
    BATCH_MAX_RECORDS: '50',
  })
  await bed.write(records.slice(0, FLIGHTS / 2))
  await service.statusIs('a start', ({ totals }) => totals.predicted > 0)
  proxy.delay(SLOW_BY_MS)
  await bed.write(records.slice(FLIGHTS / 2))
  const before = (await service.status()).totals.committedUnits
  await sleep(SLOW_FOR_MS)
  const during = (await service.status()).totals.committedUnits
  proxy.delay(0)
  await whenCommitted(service, endsOf(records))
  await service.stop()
  assert.ok(during > before, 'nothing was committed while the broker was slow')
  assertOnce(await answersOf(bed), FLIGHTS)
})
