import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { BreakingProxy } from '../../scripts/torture/proxy.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const END_TXN = 26
/** The client asks again for an answer that is lost, so several in a row must be. */
const LOST_IN_A_ROW = 4
const ROUNDS = 3
const FLIGHTS = 1_200

test('answers to commits are lost again and again: each time it heals in the process, which still ends when asked', async (t) => {
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
