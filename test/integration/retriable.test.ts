import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { answerTo, int32, requestVersion } from '../harness/answering-proxy.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const ADD_OFFSETS_TO_TXN = 25
const COORDINATOR_LOAD_IN_PROGRESS = 14
/** Versions of AddOffsetsToTxnResponse that have the form below. */
const VERSIONS = [0, 1, 2]
/** Answers in a row, to requests of one commit. */
const REFUSALS = 12
const FLIGHTS = 1_200
/** Far fewer records than a micro-batch gives. */
const QUEUE_MAX = 100

/** The answer of a coordinator that is still reading its log (AddOffsetsToTxnResponse, Kafka's protocol guide). */
function refusalOf(request: Buffer): Buffer {
  const version = requestVersion(request)
  assert.ok(VERSIONS.includes(version), `version ${version} of a request to add offsets`)
  // No throttling.
  return answerTo(request, [int32(0), Buffer.from([0, COORDINATOR_LOAD_IN_PROGRESS])])
}

/*
 * librdkafka repeats such requests itself, for as long as a call may take. What is left of retriable errors for the service
 * are a full queue, below, and clients without a broker (`outages.test.ts`).
 */
test('a coordinator that is still reading its log is asked again: the unit is committed, and none aborted', async (t) => {
  const state = { left: 0 }
  const { bed, env } = await startAnsweringDetour(t, (request, { pass, answer }) => {
    const isRefused = requestHeader(request).apiKey === ADD_OFFSETS_TO_TXN && state.left > 0
    if (!isRefused) {
      pass(request)
      return
    }
    state.left -= 1
    answer(refusalOf(request))
  })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const half = records.slice(0, FLIGHTS / 2)
  const service = new ServiceProcess(t, env)
  await bed.write(half)
  await whenCommitted(service, endsOf(half))
  state.left = REFUSALS
  await bed.write(records.slice(FLIGHTS / 2))
  await whenCommitted(service, endsOf(records))
  const { totals } = await service.status()
  await service.stop()
  assert.deepEqual([state.left, totals.abortedUnits], [0, 0], service.describe())
  assert.ok(!service.lines.some(({ code }) => code === 'RECOVERING'), service.describe())
  assertOnce(await answersOf(bed), FLIGHTS)
})

test('what a full queue does not take is handed over again from where it stopped: none lost, none doubled, no unit aborted', async (t) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  await bed.write(records)
  const queue = { KAFKA_PRODUCER_QUEUE_BUFFERING_MAX_MESSAGES: String(QUEUE_MAX) }
  const service = new ServiceProcess(t, { ...bed.env, ...queue })
  await whenCommitted(service, endsOf(records))
  const { totals } = await service.status()
  await service.stop()
  assert.equal(totals.abortedUnits, 0, service.describe())
  assertOnce(await answersOf(bed), FLIGHTS)
})
