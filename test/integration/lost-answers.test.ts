import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const END_TXN = 26
const TXN_OFFSET_COMMIT = 28
/** The client asks again for an answer that is lost, so several in a row must be. */
const LOST_IN_A_ROW = 4
const CUT_AFTER_MS = 30_000
const FLIGHTS = 1_200
const SOON_OVER = { SESSION_TIMEOUT_MS: '6000', TRANSACTION_TIMEOUT_MS: '4000' }

for (const { what, apiKey, code, rounds } of [
  { what: 'commits', apiKey: END_TXN, code: 'RECOVERED', rounds: 2 },
  { what: 'their offsets', apiKey: TXN_OFFSET_COMMIT, code: 'RECOVERING', rounds: 1 },
]) {
  test(`answers to ${what} are lost, ${rounds} times: each time it heals in the process, which still ends when asked`, async (t) => {
    const { bed, env, proxy } = await startDetour(t)
    const records = await flightRecords(bed, await firstFlights(FLIGHTS))
    const service = new ServiceProcess(t, { ...env, ...SOON_OVER })
    const recoveries = (): number => service.lines.filter((line) => line.code === code).length
    for (let round = 0; round <= rounds; round++) {
      const share = FLIGHTS / (rounds + 1)
      for (let lost = 0; lost < (round === 0 ? 0 : LOST_IN_A_ROW); lost++) {
        proxy.swallowNext({ apiKey, cutAfterMs: CUT_AFTER_MS })
      }
      await bed.write(records.slice(round * share, (round + 1) * share))
      await service.until('a recovery', () => (recoveries() >= round ? true : undefined))
      proxy.disarm()
      await whenCommitted(service, endsOf(records.slice(0, (round + 1) * share)))
    }
    await service.stop()
    assert.ok(recoveries() >= rounds)
    assertOnce(await answersOf(bed), FLIGHTS)
  })
}

/** Records that trip the breaker, whose unit is taken back. */
const POISON = 100

test('the answer to an abort is lost: a new producer goes on, and every record is answered once', async (t) => {
  const { bed, env, proxy } = await startDetour(t)
  const good = await flightRecords(bed, await firstFlights(FLIGHTS))
  const flood = Array.from({ length: POISON }, () => {
    return { partition: 0, key: 'k', value: Buffer.from('not ours') }
  })
  for (let lost = 0; lost < LOST_IN_A_ROW; lost++) {
    proxy.swallowNext({ apiKey: END_TXN, cutAfterMs: CUT_AFTER_MS })
  }
  await bed.write(flood)
  const breaker = { DLQ_MIN_RECORDS: '1', DLQ_TRIP_PAUSE_MS: '100', BATCH_MAX_RECORDS: '1000' }
  const service = new ServiceProcess(t, { ...env, ...SOON_OVER, ...breaker })
  // A machine that is too busy to send what is taken back needs no abort, but the next trip does.
  await service.until('an abort without an answer', () =>
    service.lines.find(({ code, msg }) => code === 'RECOVERING' && /^abort: (?!records)/.test(msg)),
  )
  assert.ok(proxy.swallowed > 0)
  proxy.disarm()
  await bed.write(good.map((record) => ({ ...record, partition: 0 })))
  await whenCommitted(service, new Map([[0, POISON + FLIGHTS]]))
  await service.stop()
  assertOnce(await answersOf(bed), POISON + FLIGHTS)
})
