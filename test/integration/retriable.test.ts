import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { answerTo, int32, requestVersion } from '../harness/answering-proxy.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const ADD_OFFSETS_TO_TXN = 25
const COORDINATOR_LOAD_IN_PROGRESS = 14
/** Versions of AddOffsetsToTxnResponse that have the form below. */
const VERSIONS = [0, 1, 2]
/** The client asks three times before it tells: so many calls of ours fail, one after the other. */
const REFUSALS = 3 * 4
const FLIGHTS = 300

/** The answer of a coordinator that is still reading its log (AddOffsetsToTxnResponse, Kafka's protocol guide). */
function refusalOf(request: Buffer): Buffer {
  const version = requestVersion(request)
  assert.ok(VERSIONS.includes(version), `version ${version} of a request to add offsets`)
  // No throttling.
  return answerTo(request, [int32(0), Buffer.from([0, COORDINATOR_LOAD_IN_PROGRESS])])
}

test('what the client gives up on, and may be tried again, is: the unit is committed, and none aborted', async (t) => {
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
