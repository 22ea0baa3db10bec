import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { KafkaProducer } from '../../src/sink/kafka-producer.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed, testbedAddresses } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 9_000
const FLIGHT_BED = { partitions: FLIGHT_PARTITIONS, model: 'flight-delay' }
/** Slow enough that what happens to the service happens amid its work. */
const SMALL_UNITS = { BATCH_MAX_RECORDS: '20', COMMIT_MAX_RECORDS: '40' }

/** Takes the service's transactional id, as a second process of the same name would. */
async function fence(bed: Bed): Promise<void> {
  const brokers = { 'bootstrap.servers': bed.brokers }
  const source = new KafkaSource({
    topic: bed.topics.input,
    properties: { ...brokers, 'group.id': `${bed.env['APP_ID']}-other` },
  })
  const producer = new KafkaProducer({
    properties: { ...brokers, 'transactional.id': `${bed.env['APP_ID']}-a` },
    topic: bed.topics.input,
    consumer: () => source.client,
    requestTimeoutMs: 10_000,
  })
  await producer.initTransactions()
  await producer.close()
}

test('a fenced producer heals in the process: every record once, bit-equal to a run without', async (t) => {
  const flights = await firstFlights(FLIGHTS)
  const bed = await createBed(FLIGHT_BED)
  const records = await flightRecords(bed, flights)
  await bed.write(records)
  const service = new ServiceProcess(t, { ...bed.env, ...SMALL_UNITS })
  for (const share of [0.1, 0.3, 0.5]) {
    const isThere = FLIGHTS * share
    await service.statusIs('its share', ({ totals }) => totals.predicted > isThere)
    await fence(bed)
  }
  await whenCommitted(service, endsOf(records))
  await service.stop()
  const recoveries = service.lines.filter(({ code }) => code === 'RECOVERED')
  assert.ok(recoveries.length >= 2, service.describe())

  const calm = await createBed(FLIGHT_BED)
  await calm.write(await flightRecords(calm, flights))
  const alone = new ServiceProcess(t, calm.env)
  await whenCommitted(alone, endsOf(records))
  await alone.stop()
  const answers = await answersOf(bed)
  assertOnce(answers, FLIGHTS)
  assert.deepEqual(answers, await answersOf(calm))
})

/** No poll is short while there is a record and nothing else is due: a unit is open, and stays so. */
const OPEN_UNIT = { BATCH_MAX_RECORDS: '1', COMMIT_INTERVAL_MS: '2500' }
/** So many are not read before the answers to the first are on their way to the broker. */
const RECORDS_SENT = 200
/** Longer than a transaction may last here, and the testbed's pause between two looks at that (1 s) beside. */
const TOO_LONG_MS = 8_000

test('a transaction that the coordinator timed out heals in the process, and every record is answered once', async (t) => {
  const bed = await createBed(FLIGHT_BED)
  const records = (await flightRecords(bed, await firstFlights(FLIGHTS))).slice(0, FLIGHTS / 2)
  await bed.write(records)
  // It stays a member while it is frozen: only its transaction is over.
  const bounds = { TRANSACTION_TIMEOUT_MS: '3000', SESSION_TIMEOUT_MS: '60000' }
  const service = new ServiceProcess(t, { ...bed.env, ...OPEN_UNIT, ...bounds })
  await service.statusIs('an open unit', ({ totals }) => totals.received > RECORDS_SENT)
  service.signal('SIGSTOP')
  await sleep(TOO_LONG_MS)
  service.signal('SIGCONT')
  const { error, msg } = await service.logged('RECOVERING')
  t.diagnostic(`${String(error)}: ${msg}`)
  await whenCommitted(service, endsOf(records))
  await service.stop()
  assert.ok(!service.lines.some(({ code }) => code === 'LOST'), service.describe())
  assertOnce(await answersOf(bed), records.length)
})

const END_TXN = 26

test('a transaction that a killed instance left open is aborted by whoever takes over, long before its time', async (t) => {
  const state = { isHolding: false, held: 0 }
  const { bed, env } = await startAnsweringDetour(t, (request, { pass }) => {
    if (state.isHolding && requestHeader(request).apiKey === END_TXN) state.held += 1
    else pass(request)
  })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const half = records.slice(0, FLIGHTS / 2)
  const bounds = { SESSION_TIMEOUT_MS: '6000', TRANSACTION_TIMEOUT_MS: '600000' }
  const killed = new ServiceProcess(t, { ...env, ...bounds })
  await bed.write(half)
  await whenCommitted(killed, endsOf(half))
  state.isHolding = true
  await bed.write(records.slice(FLIGHTS / 2))
  await killed.until('a commit on its way', () => (state.held > 0 ? true : undefined))
  await killed.kill()
  const heir = new ServiceProcess(t, { ...bed.env, ...bounds, INSTANCE_ID: 'b' })
  const { formerOwner } = await heir.logged('FORMER_OWNER_FENCED')
  assert.equal(formerOwner, 'a')
  await whenCommitted(heir, endsOf(records))
  await heir.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})

test('a frozen instance whose partitions went on elsewhere writes nothing late, and heals without a restart', async (t) => {
  const bed = await createBed(FLIGHT_BED)
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const half = records.slice(0, FLIGHTS / 2)
  const env = {
    ...bed.env,
    ...SMALL_UNITS,
    SESSION_TIMEOUT_MS: '6000',
    TRANSACTION_TIMEOUT_MS: '4000',
  }
  const zombie = new ServiceProcess(t, env)
  await bed.write(half)
  await zombie.statusIs('a start', ({ totals }) => totals.predicted > 100)
  zombie.signal('SIGSTOP')
  const heir = new ServiceProcess(t, { ...env, INSTANCE_ID: 'b' })
  await heir.statusIs('all partitions', (status) => status.partitions.length === FLIGHT_PARTITIONS)
  await bed.write(records.slice(FLIGHTS / 2))
  await whenCommitted(heir, endsOf(records))
  zombie.signal('SIGCONT')
  await zombie.logged('LOST')
  await zombie.statusIs('a share again', (status) => status.partitions.length > 0)
  await heir.stop()
  const isAll = FLIGHT_PARTITIONS
  await zombie.statusIs('all of it again', (status) => status.partitions.length === isAll)
  const more = records.slice(0, 300)
  await bed.write(more)
  await whenCommitted(zombie, endsOf([...records, ...more]))
  await zombie.stop()
  assertOnce(await answersOf(bed), FLIGHTS + more.length)
})

test('a commit without an answer is looked up, in the process, and nothing is lost or doubled', async (t) => {
  const { brokers, part: broker, stop } = await startOwnBroker()
  t.after(async () => {
    broker.signal('SIGCONT')
    await stop()
  })
  const bed = await createBed({ ...FLIGHT_BED, addresses: { ...testbedAddresses(), brokers } })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  await bed.write(records)
  const env = { ...bed.env, ...SMALL_UNITS, TRANSACTION_TIMEOUT_MS: '2000' }
  const service = new ServiceProcess(t, env)
  await service.statusIs('a start', ({ totals }) => totals.predicted > 0)
  broker.signal('SIGSTOP')
  await service.logged('RECOVERING')
  broker.signal('SIGCONT')
  await service.logged('RECOVERED')
  await whenCommitted(service, endsOf(records))
  await service.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})
