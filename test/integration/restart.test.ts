import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import type { ServiceStatus } from '../harness/service-process.ts'

const FLIGHTS = 20_000
/** Small units, so that the kill comes in the midst of many. */
const SMALL_UNITS = {
  BATCH_MAX_RECORDS: '100',
  COMMIT_MAX_RECORDS: '300',
  COMMIT_INTERVAL_MS: '20',
}
const FLIGHT_BED = { partitions: FLIGHT_PARTITIONS, model: 'flight-delay' }

test('killed mid-stream and restarted, every record is answered once, bit-equal to a run without', async (t) => {
  const flights = await firstFlights(FLIGHTS)
  const bed = await createBed(FLIGHT_BED)
  const records = await flightRecords(bed, flights)
  const ends = endsOf(records)
  const half = records.slice(0, FLIGHTS / 2)
  await bed.write(half)

  const first = new ServiceProcess(t, { ...bed.env, ...SMALL_UNITS })
  await whenCommitted(first, endsOf(half))
  await bed.write(records.slice(FLIGHTS / 2))
  const isInMidst = ({ totals }: ServiceStatus): boolean => totals.predicted > FLIGHTS * 0.55
  const killedAt = await first.statusIs('the midst of the second half', isInMidst)
  await first.kill()
  assert.ok(killedAt.totals.predicted < FLIGHTS, 'it was killed too late to show anything')
  const second = new ServiceProcess(t, bed.env)
  await whenCommitted(second, ends)
  await second.stop()
  const restored = second.lines.filter(({ code }) => code === 'RESTORE_DONE')
  assert.equal(restored.length, FLIGHT_PARTITIONS, second.describe())

  const calm = await createBed(FLIGHT_BED)
  await calm.write(await flightRecords(calm, flights))
  const alone = new ServiceProcess(t, calm.env)
  await whenCommitted(alone, ends)
  await alone.stop()

  const answers = await answersOf(bed)
  assertOnce(answers, FLIGHTS)
  assert.deepEqual(answers, await answersOf(calm))
})
