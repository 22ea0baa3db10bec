import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { measureOutage } from '../../scripts/recovery/outage.ts'
import type { OutageResult } from '../../scripts/recovery/outage.ts'
import { outageReport } from '../../scripts/recovery/report.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { Cleanup } from '../../scripts/torture/cleanup.ts'
import { BreakingProxy } from '../../scripts/torture/proxy.ts'
import { EXIT } from '../../src/domain/errors.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

/** Longer than the session and a transaction may last. */
const AWAY_MS = 20_000
const FLIGHTS = 6_000
const SLOW_BY_MS = 300
const SLOW_FOR_MS = 8_000

/**
 * librdkafka gives a static member a new id once its session is over, and a heartbeat of the old one that
 * still arrives fences it: the process ends as documented (`CONSUMER_FATAL`) and is to be started again.
 * One outage may end so, and is told; the next must be got through.
 */
const OWN_END = `instance a ended by itself: ${EXIT.fenced}`

test('a broker away for longer than session and transaction: no busy loop, bounded memory, told, and all goes on', async (t) => {
  const first = await outage(t).catch((error: unknown) => {
    if (!(error instanceof Error) || error.message !== OWN_END) throw error
    t.diagnostic(`${OWN_END}; once more`)
    return undefined
  })
  const result = first ?? (await outage(t))
  t.diagnostic(outageReport(result))
  assert.deepEqual(result.failures, [], `logs are kept in ${result.logs}`)
  rmSync(result.logs, { recursive: true })
})

async function outage(t: TestContext): Promise<OutageResult> {
  const cleanup = new Cleanup()
  try {
    const testbed = await startOwn()
    // Last of all: what reads and writes could not end without a broker.
    cleanup.add(() => testbed.stop())
    const bounds = { residentRiseMiB: 64, cpuShare: 0.25, backMs: 45_000 }
    const load = { addresses: testbed, partitions: 6, rate: 600, awayMs: AWAY_MS }
    return await measureOutage({ ...load, bounds, signal: t.signal }, cleanup)
  } finally {
    await cleanup.run()
  }
}

test('a broker that is slow slows the service down, and ends nothing', async (t) => {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const testbed = await startOwn({ port, advertisedPort })
  t.after(() => testbed.stop())
  const proxy = await BreakingProxy.listen(advertisedPort, port)
  t.after(() => proxy.close())
  const bed = await createBed({
    partitions: FLIGHT_PARTITIONS,
    model: 'flight-delay',
    addresses: testbed,
  })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, {
    ...bed.env,
    KAFKA_BROKERS: `127.0.0.1:${advertisedPort}`,
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
