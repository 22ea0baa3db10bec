import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const END_TXN = 26
/** The client asks again for an answer that is lost, so several in a row must be. */
const LOST_IN_A_ROW = 4
const ROUNDS = 3
const FLIGHTS = 1_200

test('answers to commits are lost again and again: each time it heals in the process, which still ends when asked', async (t) => {
  const { bed, env, proxy } = await startDetour(t)
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, {
    ...env,
    SESSION_TIMEOUT_MS: '6000',
    TRANSACTION_TIMEOUT_MS: '4000',
  })
  const recoveries = (): number => service.lines.filter(({ code }) => code === 'RECOVERED').length
  for (let round = 0; round <= ROUNDS; round++) {
    const share = FLIGHTS / (ROUNDS + 1)
    for (let lost = 0; lost < (round === 0 ? 0 : LOST_IN_A_ROW); lost++) {
      proxy.swallowNext({ apiKey: END_TXN, cutAfterMs: 30_000 })
    }
    await bed.write(records.slice(round * share, (round + 1) * share))
    await service.until('a recovery', () => (recoveries() >= round ? true : undefined))
    proxy.disarm()
    await whenCommitted(service, endsOf(records.slice(0, (round + 1) * share)))
  }
  await service.stop()
  assert.ok(recoveries() >= ROUNDS)
  assertOnce(await answersOf(bed), FLIGHTS)
})
