import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { answersOf, assertOnce, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const POISON = 300
const GOOD = 600
/** More than the failures in a row after which the process would end. */
const TRIPS = 25
/** So that the flood trips it in its first unit, however the log is cut into polls. */
const ENV = { DLQ_MIN_RECORDS: '1', DLQ_TRIP_PAUSE_MS: '100', BATCH_MAX_RECORDS: '1000' }

async function flooded(t: TestContext, env: Readonly<Record<string, string>>) {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const poison = Array.from({ length: POISON }, () => ({
    partition: 0,
    key: 'k',
    value: Buffer.from('not ours'),
  }))
  await bed.write(poison)
  const service = new ServiceProcess(t, { ...bed.env, ...env })
  await service.logged('BREAKER_TRIPPED')
  return { bed, service }
}

/** The one answer asked for, whatever its status. */
async function ask(service: ServiceProcess, path: string): Promise<string> {
  const answer = await fetch(`${await service.url()}${path}`)
  return `${answer.status} ${await answer.text()}`
}

async function assertNothing(bed: Bed): Promise<void> {
  for (const topic of ['deadLetters', 'audit', 'predictions'] as const) {
    assert.equal((await bed.read(topic)).length, 0, topic)
  }
}

test('a flood of dead letters is not committed, again and again, until a unit is good enough', async (t) => {
  const { bed, service } = await flooded(t, ENV)
  await service.until('probing units to trip too', async () => {
    const [, count] = /breaker_trips_total (\d+)/.exec(await ask(service, '/metrics')) ?? []
    return Number(count) >= TRIPS ? true : undefined
  })
  assert.match(await ask(service, '/health/ready'), /^503 .*DEAD_LETTER_FLOOD: \d+ of \d+ records/s)
  assert.match(await ask(service, '/health/ready'), /at most 0.5, got 1.000; not-wire-format \d+/)
  assert.match(await ask(service, '/health/live'), /^200 /)
  assert.match(await ask(service, '/metrics'), /^millrace_dead_letter_breaker_open 1$/m)
  const { phase, partitions, totals } = await service.status()
  assert.equal(phase, 'tripped')
  assert.equal(totals.deadLetters, 0)
  assert.deepEqual(new Set(partitions.map(({ committedOffset }) => committedOffset)), new Set([0]))
  await assertNothing(bed)

  const flights = await flightRecords(bed, await firstFlights(GOOD))
  await bed.write(flights.map((record) => ({ ...record, partition: 0 })))
  await service.logged('BREAKER_CLOSED')
  await whenCommitted(service, new Map([[0, POISON + GOOD]]))
  assert.match(await ask(service, '/health/ready'), /^200 /)
  assert.match(await ask(service, '/metrics'), /^millrace_dead_letter_breaker_open 0$/m)
  await service.stop()
  assertOnce(await answersOf(bed), POISON + GOOD)
  assert.equal((await bed.read('deadLetters')).length, POISON)
})

test('a stop in the pause of a trip is quick, and leaves the flood to the successor', async (t) => {
  const { bed, service } = await flooded(t, { ...ENV, DLQ_TRIP_PAUSE_MS: '600000' })
  service.signal('SIGTERM')
  assert.equal(await service.exit(5_000), 0, service.describe())
  await assertNothing(bed)
  const successor = new ServiceProcess(t, { ...bed.env, DLQ_MAX_RATIO: '1' })
  await whenCommitted(successor, new Map([[0, POISON]]))
  await successor.stop()
  assertOnce(await answersOf(bed), POISON)
})
