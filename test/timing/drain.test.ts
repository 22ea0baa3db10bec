import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import type { Sides } from '../harness/answering-proxy.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 12_000
const DRAIN_MS = 100
/** Beyond the drain: what the model takes for one batch, and a machine that does more than this. */
const SLACK_MS = 1_000
/** Far beyond both. */
const DELAY_MS = 5_000
/** Kafka's numbers of what a transactional producer asks for after it has produced. */
const TRANSACTIONAL: ReadonlySet<number> = new Set([22, 24, 25, 26, 28])
/** The answer to it says which partitions a member keeps: librdkafka then asks for the others to be revoked. */
const SYNC_GROUP = 14

/** Holds up the transactional requests of one instance, and notes when it was last told its share. */
class SlowCoordinator {
  readonly #instance: string
  #isSlow = false
  /** Wall-clock ms, ascending: when it asked for its share. */
  readonly syncedAtMs: number[] = []

  constructor(instance: string) {
    this.#instance = instance
  }

  slow(isSlow: boolean): void {
    this.#isSlow = isSlow
  }

  readonly onRequest = (request: Buffer, { pass }: Sides): void => {
    const { apiKey } = requestHeader(request)
    // The id of its clients is in the header of each request.
    const isOurs = request.includes(this.#instance)
    if (isOurs && apiKey === SYNC_GROUP) this.syncedAtMs.push(Date.now())
    if (this.#isSlow && isOurs && TRANSACTIONAL.has(apiKey)) setTimeout(pass, DELAY_MS, request)
    else pass(request)
  }
}

test('a commit that takes long holds up a rebalance for REBALANCE_DRAIN_MS and little more; what became of it is looked up afterwards', async (t) => {
  const coordinator = new SlowCoordinator('drained')
  const { bed, env: detour } = await startAnsweringDetour(t, coordinator.onRequest)
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
  const first = new ServiceProcess(t, { ...env, INSTANCE_ID: 'drained' })
  await first.logged('ASSIGNED')
  await bed.write(records)
  await first.statusIs('a start', ({ totals }) => totals.received > 0)
  coordinator.slow(true)
  const second = new ServiceProcess(t, { ...env, INSTANCE_ID: 'joining' })
  const { time } = await first.logged('REVOKED')
  const revokedAtMs = Date.parse(String(time))
  const toldAtMs = coordinator.syncedAtMs.findLast((atMs) => atMs <= revokedAtMs) ?? 0
  t.diagnostic(`released ${revokedAtMs - toldAtMs} ms after it was told to`)
  assert.ok(revokedAtMs - toldAtMs <= DRAIN_MS + SLACK_MS, first.describe())
  await second.statusIs('a share', ({ partitions }) => partitions.length > 0)
  // What is held up arrives late; the lookup itself need not take long.
  coordinator.slow(false)
  await first.logged('RECOVERED')
  // The group may move on under another commit before, which needs a new producer too.
  const recovering = first.lines.filter(({ code }) => code === 'RECOVERING')
  assert.ok(
    recovering.some(({ msg }) => msg.includes('others wait for it')),
    recovering.map(({ msg }) => msg).join('; '),
  )
  await second.stop()
  const all = FLIGHT_PARTITIONS
  await first.statusIs('all partitions', ({ partitions }) => partitions.length === all)
  await whenCommitted(first, endsOf(records))
  await first.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})
