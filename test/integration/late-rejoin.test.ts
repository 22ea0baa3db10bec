import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientWarning } from '../../src/runtime/kafka-addon.ts'
import { clientOf } from '../harness/answering-proxy.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { FLIGHT_PARTITIONS, firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 1_200
const JOIN_GROUP = 11

/*
 * A member that rejoins keeps its partitions meanwhile. Here the request takes longer than its session: the group has gone on
 * without it, and another instance has answered what came. Only a patched client tells
 * (docs/upstream/librdkafka-lost-rejoin.md).
 */
if (clientWarning() === undefined) {
  test('an instance whose rejoin comes when its session is over answers nothing that another has answered', async (t) => {
    let isHolding = false
    let letGo: (() => void) | undefined
    const { bed, env } = await startAnsweringDetour(t, (request, { pass }) => {
      const isJoin = requestHeader(request).apiKey === JOIN_GROUP
      if (isJoin && isHolding && clientOf(request).endsWith('-a')) letGo = () => pass(request)
      else pass(request)
    })
    const start = (id: string): ServiceProcess =>
      new ServiceProcess(t, {
        ...env,
        SESSION_TIMEOUT_MS: '6000',
        LEAVE_GROUP_ON_STOP: 'true',
        INSTANCE_ID: id,
      })
    const records = await flightRecords(bed, await firstFlights(FLIGHTS))
    const [first, then] = [records.slice(0, FLIGHTS / 2), records.slice(FLIGHTS / 2)]
    await bed.write(first)
    const a = start('a')
    await whenCommitted(a, endsOf(first))
    isHolding = true
    const b = start('b')
    await b.statusIs('all partitions', ({ partitions }) => partitions.length === FLIGHT_PARTITIONS)
    await bed.write(then)
    await whenCommitted(b, endsOf(records))
    await b.stop()
    assert.ok(letGo, 'a has joined without delay')
    isHolding = false
    letGo()
    await a.logged('LOST')
    await whenCommitted(a, endsOf(records))
    await a.stop()
    assertOnce(await answersOf(bed), FLIGHTS)
  })
}
