import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { consumerProperties } from '../../src/config/client-properties.ts'
import { loadConfig } from '../../src/config/load.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import type { Rebalance } from '../../src/source/port.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { startDetour } from '../harness/detour.ts'
import type { Detour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 1_200
// Long enough that it is not over before the name is taken: then the service would only join anew.
const SESSION_MS = 20_000
/** Until the service has noticed; shorter than the session. */
const AWAY_MS = 3_000
const JOIN_WAIT_MS = 45_000
const POLL_MS = 50
/** Several heartbeats: one is answered that the member is fenced. */
const FENCED_WAIT_MS = 4_000

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

for (const [what, isPolled] of [
  ['is slow to answer the loss', true],
  ['polls only once the outage is over', false],
] as const) {
  test(`a source whose loop ${what} joins again all the same`, async (t) => {
    const detour = await startDetour(t)
    const { source, waiting, pollUntil } = await startSource(t, detour)
    await pollUntil('an assignment', ({ kind }) => kind === 'assigned')
    for (const rebalance of waiting.splice(0)) rebalance.answer()
    await detour.proxy.close()
    const backAt = performance.now() + AWAY_MS
    while (performance.now() < backAt) await (isPolled ? source.poll(1) : sleep(POLL_MS))
    await takeName(detour)
    await detour.reopen()
    if (!isPolled) await sleep(FENCED_WAIT_MS)
    await pollUntil('the loss', (each) => each.kind !== 'assigned' && each.why !== undefined)
    for (let polls = 0; polls < 3; polls += 1) assert.deepEqual(await source.poll(1), [])
    for (const rebalance of waiting.splice(0)) rebalance.answer()
    await pollUntil('another assignment', ({ kind }) => kind === 'assigned')
    for (const rebalance of waiting.splice(0)) rebalance.answer()
  })
}

/** A source on the detour that leaves it to the test when it is polled and rebalances are answered. */
async function startSource(t: TestContext, { bed, env }: Detour) {
  const { config } = loadConfig(
    { ...env, SESSION_TIMEOUT_MS: String(SESSION_MS) },
    { readFile: () => '', hostname: 'slow' },
  )
  const source = new KafkaSource({
    topic: bed.topics.input,
    properties: consumerProperties(config),
  })
  t.after(() => source.close())
  const waiting: Rebalance[] = []
  await source.connect()
  source.subscribe((rebalance) => waiting.push(rebalance))
  const pollUntil = async (what: string, isSo: (rebalance: Rebalance) => boolean) => {
    const deadline = performance.now() + JOIN_WAIT_MS
    while (!waiting.some(isSo)) {
      assert.ok(performance.now() < deadline, `${what} did not come`)
      await source.poll(1)
    }
  }
  return { source, waiting, pollUntil }
}

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
