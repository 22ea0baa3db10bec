import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import type { Testbed } from '../../scripts/testbed/testbed.ts'
import { EVENT_SCHEMA } from '../../scripts/torture/records.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const WAIT_MS = 30_000
const FLIGHTS = 6_000
const FIRST_MS = 1_700_000_000_000
/** A testbed of its own: its parts are stopped and frozen. */
let testbed: Testbed

before(async () => {
  testbed = await startOwn()
})
/** Whatever a test did to them, the next one finds both parts running. */
beforeEach(async () => {
  for (const part of [testbed.broker(), testbed.registry()]) {
    part.signal('SIGCONT')
    if (!part.isRunning) await part.start()
  }
})
after(() => testbed.stop())

interface Health {
  readonly status: number
  readonly text: string
}

type Probe = 'live' | 'ready' | 'startup'

/** The service on a port known beforehand, so that its health can be asked while it starts. */
class WatchedService extends ServiceProcess {
  readonly #port: number

  constructor(t: TestContext, env: Readonly<Record<string, string>>, port: number) {
    super(t, { ...env, HTTP_PORT: String(port), STATISTICS_INTERVAL_MS: '200' })
    this.#port = port
  }

  async health(probe: Probe): Promise<Health | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/health/${probe}`)
      return { status: answer.status, text: await answer.text() }
    } catch {
      return undefined
    }
  }

  async healthIs(probe: Probe, status: number, text: string): Promise<void> {
    await this.until(
      `${probe} to be ${status} with ${text}`,
      async () => {
        const health = await this.health(probe)
        return health?.status === status && health.text.includes(text) ? true : undefined
      },
      WAIT_MS,
    )
  }
}

async function bedOfFlights(): Promise<Bed> {
  return createBed({
    partitions: FLIGHT_PARTITIONS,
    model: 'flight-delay',
    addresses: testbed,
  })
}

async function start(t: TestContext, { env }: Bed, more = {}): Promise<WatchedService> {
  const [port = 0] = await freePorts(1)
  return new WatchedService(t, { ...env, ...more }, port)
}

test('without a registry the start waits, alive, and says so; it goes on when there is one', async (t) => {
  const bed = await bedOfFlights()
  await testbed.registry().stop()
  const service = await start(t, bed)
  await service.healthIs('startup', 503, 'REGISTRY_UNAVAILABLE')
  await service.healthIs('ready', 503, 'REGISTRY_UNAVAILABLE')
  await service.healthIs('live', 200, 'ok')
  await testbed.registry().start()
  await service.healthIs('startup', 200, 'ok')
  await service.healthIs('ready', 200, 'ok')
  await service.stop()
})

test('without a broker the start waits, alive, and says so; it goes on when there is one', async (t) => {
  const bed = await bedOfFlights()
  await testbed.broker().stop()
  const service = await start(t, bed)
  await service.healthIs('startup', 503, 'KAFKA_UNAVAILABLE')
  await service.healthIs('live', 200, 'ok')
  await testbed.broker().start()
  await service.healthIs('ready', 200, 'ok')
  await service.stop()
})

test('a broker that goes and comes back: not ready meanwhile, and every record answered once', async (t) => {
  const bed = await bedOfFlights()
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const half = records.slice(0, FLIGHTS / 2)
  await bed.write(half)
  const service = await start(t, bed)
  await whenCommitted(service, endsOf(half))
  await service.healthIs('ready', 200, 'ok')
  await testbed.broker().stop()
  await service.healthIs('ready', 503, 'no broker reachable')
  await service.healthIs('live', 200, 'ok')
  await testbed.broker().start()
  await service.healthIs('ready', 200, 'ok')
  await bed.write(records.slice(FLIGHTS / 2))
  await whenCommitted(service, endsOf(records))
  await service.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})

test('a registry that does not answer holds records back, and makes no dead letters', async (t) => {
  const bed = await bedOfFlights()
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const service = await start(t, bed)
  await service.healthIs('ready', 200, 'ok')
  testbed.registry().signal('SIGSTOP')
  await bed.write(records)
  await service.healthIs('ready', 503, 'schema')
  await service.healthIs('live', 200, 'ok')
  testbed.registry().signal('SIGCONT')
  await whenCommitted(service, endsOf(records))
  await service.healthIs('ready', 200, 'ok')
  await service.stop()
  const answers = await answersOf(bed)
  assertOnce(answers, FLIGHTS)
  assert.equal(answers.predictions.length, FLIGHTS)
})

test('a schema that does not come holds back the partition that needs it, and no other', async (t) => {
  const bed = await createBed({ partitions: 3, addresses: testbed })
  const fields = EVENT_SCHEMA.fields.map((field) => ({ ...field }))
  const wider = { ...EVENT_SCHEMA, fields: [...fields, { name: 'more', type: 'int', default: 0 }] }
  const known = await register(bed.registryUrl, bed.topics.input, EVENT_SCHEMA)
  const later = await register(bed.registryUrl, bed.topics.input, wider)
  const event = { user_id: 'u', action: 'view', value: 1 }
  const old = wireEncoder(known, EVENT_SCHEMA)(event)
  const next = wireEncoder(later, wider)({ ...event, more: 1 })
  const batch = (partition: number, values: readonly Buffer[]) =>
    values.map((value) => ({ partition, key: 'u', value, timestampMs: FIRST_MS }))
  const first = [0, 1, 2].flatMap((partition) => batch(partition, [old, old]))
  await bed.write(first)
  const service = await start(t, bed)
  await whenCommitted(service, endsOf(first))
  testbed.registry().signal('SIGSTOP')
  const blocked = batch(1, [old, next, old, old])
  await bed.write(blocked)
  await service.healthIs('ready', 503, 'REGISTRY_UNAVAILABLE')
  await service.healthIs('live', 200, 'ok')
  const others = [0, 2].flatMap((partition) => batch(partition, Array(500).fill(old)))
  await bed.write(others)
  // What lies before the record with the schema goes on too.
  const goingOn = [...first, ...others, ...blocked.slice(0, 1)]
  await whenCommitted(service, endsOf(goingOn))
  const { partitions } = await service.status()
  assert.equal(partitions.find(({ partition }) => partition === 1)?.committedOffset, 3)
  testbed.registry().signal('SIGCONT')
  const all = [...first, ...blocked, ...others]
  await whenCommitted(service, endsOf(all))
  await service.healthIs('ready', 200, 'ok')
  await service.stop()
  const answers = await answersOf(bed)
  assertOnce(answers, all.length)
  const order = answers.audits.filter((each) => each.source_partition === 1)
  assert.deepEqual(
    order.map((each) => each.source_offset),
    [0, 1, 2, 3, 4, 5],
  )
  assert.equal(answers.predictions.length, all.length)
})

test('with a warm cache a start without a registry answers records of known schemas', async (t) => {
  const bed = await bedOfFlights()
  const directory = await mkdtemp(join(tmpdir(), 'millrace-cache-'))
  t.after(() => rm(directory, { recursive: true }))
  const env = { SCHEMA_CACHE_DIR: join(directory, 'schemas') }
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  const half = records.slice(0, FLIGHTS / 2)
  await bed.write(half)
  const first = await start(t, bed, env)
  await whenCommitted(first, endsOf(half))
  await first.stop()
  await testbed.registry().stop()
  await bed.write(records.slice(FLIGHTS / 2))
  const second = await start(t, bed, env)
  await whenCommitted(second, endsOf(records))
  await second.healthIs('ready', 200, 'ok')
  await second.logged('SCHEMA_CACHE_USED')
  await second.stop()
  const cold = await start(t, bed, { SCHEMA_CACHE_DIR: join(directory, 'empty') })
  await cold.healthIs('startup', 503, 'REGISTRY_UNAVAILABLE')
  await testbed.registry().start()
  await cold.healthIs('ready', 200, 'ok')
  await cold.stop()
  const answers = await answersOf(bed)
  assertOnce(answers, FLIGHTS)
  assert.equal(answers.predictions.length, FLIGHTS)
})

for (const { name, graceMs, second } of [
  { name: 'a second signal ends it at once', graceMs: 60_000, second: true },
  { name: 'its grace ends it', graceMs: 500, second: false },
]) {
  test(`a stop that cannot finish: ${name}, with status 6, and nothing is lost or doubled`, async (t) => {
    const bed = await bedOfFlights()
    const records = await flightRecords(bed, await firstFlights(FLIGHTS))
    const more = { SHUTDOWN_GRACE_MS: String(graceMs), BATCH_MAX_RECORDS: '50' }
    const service = await start(t, bed, more)
    await bed.write(records)
    await service.statusIs('a start', ({ totals }) => totals.predicted > 0)
    testbed.broker().signal('SIGSTOP')
    // Time enough for the loop to meet the frozen broker in a commit.
    await sleep(300)
    service.signal('SIGTERM')
    await service.logged('STOPPING')
    if (second) service.signal('SIGTERM')
    assert.equal(await service.exit(5_000), 6, service.describe())
    assert.equal(service.lines.at(-1)?.['error'], 'SHUTDOWN_TIMEOUT')
    testbed.broker().signal('SIGCONT')
    const successor = await start(t, bed)
    await whenCommitted(successor, endsOf(records))
    await successor.stop()
    assertOnce(await answersOf(bed), FLIGHTS)
  })
}
