import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { consumerProperties } from '../../src/config/client-properties.ts'
import { loadConfig } from '../../src/config/load.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import type { Detour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 1_200
const SESSION_MS = 6_000
/** Until the service has noticed; shorter than the session. */
const AWAY_MS = 3_000

test('fenced after an outage, a service joins with a new client and goes on', async (t) => {
  const detour = await startDetour(t)
  const { bed, env, proxy } = detour
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, { ...env, SESSION_TIMEOUT_MS: String(SESSION_MS) })
  await bed.write(records.slice(0, FLIGHTS / 2))
  await whenCommitted(service, endsOf(records.slice(0, FLIGHTS / 2)))
  await proxy.close()
  await sleep(AWAY_MS)
  await takeName(detour)
  await detour.reopen()
  await bed.write(records.slice(FLIGHTS / 2))
  await service.logged('LOST')
  await whenCommitted(service, endsOf(records))
  const lost = service.lines.filter(({ code }) => code === 'LOST')
  assert.match(lost.at(-1)?.msg ?? '', /fenced after an outage and is replaced/)
  await service.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})

test('fenced without an outage, it ends: another process has its name', async (t) => {
  const detour = await startDetour(t)
  const { bed, env } = detour
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = new ServiceProcess(t, { ...env, SESSION_TIMEOUT_MS: String(SESSION_MS) })
  await bed.write(records)
  await whenCommitted(service, endsOf(records))
  await takeName(detour)
  assert.equal(await service.exit(), 3, service.describe())
})

/** Another client of the same name joins the group, past the proxy. */
async function takeName({ bed }: Detour): Promise<void> {
  const taken = new Set<number>()
  const env = { ...bed.env, SESSION_TIMEOUT_MS: '30000' }
  const { config } = loadConfig(env, { readFile: () => '', hostname: 'other' })
  const other = new KafkaSource({
    topic: bed.topics.input,
    properties: consumerProperties(config),
  })
  await other.connect()
  other.subscribe((rebalance) => {
    if (rebalance.kind === 'assigned') for (const each of rebalance.partitions) taken.add(each)
    rebalance.answer()
  })
  const deadline = performance.now() + SESSION_MS
  while (taken.size === 0 && performance.now() < deadline) await other.poll(1)
  await other.close()
  assert.ok(taken.size > 0, 'the other client was given nothing')
}
