import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 12_000
const DRAIN_MS = 100
/** A commit takes several requests, each of which takes this much longer, there and back. */
const DELAY_MS = 100

test('a commit that holds up a rebalance longer than REBALANCE_DRAIN_MS is looked up by a new producer', async (t) => {
  const { bed, env: detour, proxy } = await startDetour(t)
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const env = {
    ...detour,
    REBALANCE_DRAIN_MS: String(DRAIN_MS),
    // No poll is short while there is a record, so a unit is open when the rebalance comes.
    BATCH_MAX_RECORDS: '1',
    // And nothing else commits it: a commit under way would meet the new generation instead.
    COMMIT_INTERVAL_MS: '30000',
    TRANSACTION_TIMEOUT_MS: '60000',
  }
  const first = new ServiceProcess(t, env)
  await first.logged('ASSIGNED')
  await bed.write(records)
  await first.statusIs('a start', ({ totals }) => totals.received > 0)
  const second = new ServiceProcess(t, { ...env, INSTANCE_ID: 'b' })
  await second.logged('STARTED')
  proxy.delay(DELAY_MS)
  await second.statusIs('a share', ({ partitions }) => partitions.length > 0)
  await first.logged('RECOVERED')
  // The group may move on under another commit before, which needs a new producer too.
  const recovering = first.lines.filter(({ code }) => code === 'RECOVERING')
  assert.ok(
    recovering.some(({ msg }) => msg.includes('others wait for it')),
    recovering.map(({ msg }) => msg).join('; '),
  )
  proxy.delay(0)
  await second.stop()
  const all = FLIGHT_PARTITIONS
  await first.statusIs('all partitions', ({ partitions }) => partitions.length === all)
  await whenCommitted(first, endsOf(records))
  await first.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})
