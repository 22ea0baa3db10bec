import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import kafka from '@confluentinc/kafka-javascript'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'
import { fromCallback } from '../../src/runtime/callback.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const FLIGHTS = 40
const CLASSPATH = resolve(import.meta.dirname, '../../.millrace/kafka/*')

/** Room for a transaction marker, which the abort itself writes; not for a row of features. */
const BATCH_BYTES_MAX = 150

/** A topic that refuses every batch of records. */
async function createRefusing(brokers: string, topic: string): Promise<void> {
  const admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': brokers })
  const plan = { topic, num_partitions: FLIGHT_PARTITIONS, replication_factor: -1 }
  const config = { 'max.message.bytes': String(BATCH_BYTES_MAX) }
  await fromCallback((done) =>
    admin.createTopic({ ...plan, config }, 10_000, (error) => done(error, undefined)),
  )
  admin.disconnect()
}

/** The topic takes records from now on. */
async function accept(brokers: string, topic: string): Promise<void> {
  const what = ['--alter', '--entity-type', 'topics', '--entity-name', topic]
  const settings = ['--add-config', 'max.message.bytes=1000000']
  const args = ['-cp', CLASSPATH, 'kafka.admin.ConfigCommand', '--bootstrap-server', brokers]
  await promisify(execFile)(JAVA, [...args, ...what, ...settings])
}

test('an aborted transaction leaves nothing to a read-committed reader, and its records are answered once', async (t) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const flights = await firstFlights(FLIGHTS)
  const FEATURES_TOPIC = `${bed.topics.features}-refusing`
  await createRefusing(bed.brokers, FEATURES_TOPIC)
  const records = await flightRecords(bed, flights)
  await bed.write(records)

  const service = new ServiceProcess(t, {
    ...bed.env,
    FEATURES_TOPIC,
    // Small batches: one is taken back while the next, of other partitions, is read ahead.
    BATCH_MAX_RECORDS: '20',
    COMMIT_MAX_RECORDS: '20',
  })
  await service.until('the cause of the aborts', () =>
    service.lines.find(({ code, msg }) => code === 'UNIT_ABORTED' && /size too large/.test(msg)),
  )
  const aborted = await service.statusIs('aborts', ({ totals }) => totals.abortedUnits >= 2)
  assert.equal(aborted.totals.committedUnits, 0)
  for (const topic of ['predictions', 'audit'] as const) {
    assert.deepEqual(await bed.read(topic), [], `${topic} shows what was aborted`)
  }

  await accept(bed.brokers, FEATURES_TOPIC)
  await whenCommitted(service, endsOf(records))
  await service.stop()
  const { audits, predictions } = await answersOf(bed)
  // The features went to the other topic.
  assertOnce({ audits, predictions, features: predictions }, records.length)
  const answered = predictions.map((row) => String(Object.entries(row)[0]?.[1]))
  assert.deepEqual(answered.toSorted(), flights.map(({ id }) => id).toSorted())
})
