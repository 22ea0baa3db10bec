import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 20_000
const GRACE_MS = 5_000

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} mid-stream: what was read is answered and committed, the successor does the rest`, async (t) => {
    const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
    const records = await flightRecords(bed, await firstFlights(FLIGHTS))
    await bed.write(records)
    const env = { ...bed.env, BATCH_MAX_RECORDS: '100', SHUTDOWN_GRACE_MS: String(GRACE_MS) }
    const service = new ServiceProcess(t, { ...env, COMMIT_MAX_RECORDS: '300' })
    await service.statusIs('a fifth', ({ totals }) => totals.predicted > FLIGHTS / 5)
    const signalledAt = performance.now()
    service.signal(signal)
    assert.equal(await service.exit(), 0, service.describe())
    assert.ok(performance.now() - signalledAt < GRACE_MS, 'it took longer than its grace')
    assert.equal(service.lines.at(-1)?.code, 'STOPPED')

    const half = await answersOf(bed)
    const answered = half.audits.length
    assert.ok(answered < FLIGHTS, 'the signal came too late to show anything')
    assertOnce(half, answered)
    for (const [partition, offsets] of offsetsOf(half.audits)) {
      const upTo = Array.from({ length: offsets.length }, (_, offset) => offset)
      assert.deepEqual(offsets, upTo, `partition ${partition} has a gap`)
    }

    const successor = new ServiceProcess(t, bed.env)
    await whenCommitted(successor, endsOf(records))
    await successor.stop()
    assertOnce(await answersOf(bed), FLIGHTS)
  })
}

test('a signal while the start still waits for Kafka ends it with status 0 at once', async (t) => {
  const bed = await createBed({ format: 'json' })
  const service = new ServiceProcess(t, { ...bed.env, KAFKA_BROKERS: '127.0.0.1:9' })
  await service.logged('SELF_TEST')
  service.signal('SIGTERM')
  assert.equal(await service.exit(5_000), 0, service.describe())
})

test('a signal right after the first line of the log ends it with status 0', async (t) => {
  const bed = await createBed({ format: 'json' })
  const service = new ServiceProcess(t, bed.env)
  await service.logged('STARTING')
  service.signal('SIGTERM')
  assert.equal(await service.exit(5_000), 0, service.describe())
})

function offsetsOf(
  audits: readonly { readonly source_partition: number; readonly source_offset: number }[],
): Map<number, number[]> {
  const offsets = new Map<number, number[]>()
  for (const { source_partition: partition, source_offset: offset } of audits) {
    offsets.set(partition, [...(offsets.get(partition) ?? []), offset])
  }
  return offsets
}
