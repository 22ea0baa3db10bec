import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { deadLetter } from '../../src/domain/outcome.ts'
import type { DeadLetterReason } from '../../src/domain/outcome.ts'
import { deadLetterHeaders } from '../../src/sink/headers.ts'
import { whenCommitted } from '../harness/answers.ts'
import { createBed, testbedAddresses } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { millrace } from '../harness/command.ts'
import { write } from '../harness/kafka.ts'
import { lenientModel } from '../harness/lenient-model.ts'
import { Scrape } from '../harness/scrape.ts'
import { ServiceProcess, startWatch } from '../harness/service-process.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12)
const READ = 'millrace_dlq_watch_read_timestamp_seconds'
const OLDEST = 'millrace_dlq_oldest_waiting_timestamp_seconds'
const WAITING = 'millrace_dlq_waiting_records'

/** What a watch serves. */
async function served(watch: ServiceProcess, path: string) {
  const answer = await fetch(`${await watch.url()}${path}`)
  return { status: answer.status, body: await answer.text() }
}

/** Waits until a watch has looked again after this moment, and answers what it serves. */
async function readSince(watch: ServiceProcess, sinceMs: number): Promise<string> {
  return watch.until('the topic read again', async () => {
    const { body } = await served(watch, '/metrics')
    return Scrape.ofText(body).value(READ) * 1000 > sinceMs ? body : undefined
  })
}

/** The series without that of the watch itself: all that `dlq stats` tells. */
function depthIn(exposition: string): string {
  return exposition.slice(0, exposition.indexOf(`# HELP ${READ} `))
}

/** That the watch has seen all that there is now, and tells what `dlq stats` does. */
async function agrees(watch: ServiceProcess, bed: Bed): Promise<Scrape> {
  const sinceMs = Date.now()
  const stats = await millrace(['dlq', 'stats', '--prometheus'], bed.env)
  assert.equal(stats.status, 0, stats.stderr)
  const body = await readSince(watch, sinceMs)
  assert.equal(depthIn(body), stats.stdout)
  return Scrape.ofText(body)
}

/** Events that the model turns down, and the service that does so. */
async function turnDown(t: TestContext, bed: Bed, letters: number): Promise<void> {
  await bed.write(
    Array.from({ length: letters }, (_, index) => ({
      partition: index % 2,
      key: null,
      value: Buffer.from(
        index % 5 === 0 ? '{' : JSON.stringify({ user_id: `u${index}`, value: 1 }),
      ),
      timestampMs: NOW_MS + index,
    })),
  )
  const service = new ServiceProcess(t, { ...bed.env, DLQ_MAX_RATIO: '1' })
  await whenCommitted(service, new Map([0, 1].map((each) => [each, letters / 2])))
  await service.stop()
}

/** Writes letters as the service does, outside of a transaction. */
async function writeLetters(bed: Bed, reasons: readonly DeadLetterReason[], at: Date) {
  const identity = {
    appId: bed.env['APP_ID'] ?? '',
    instanceId: 'a',
    modelName: 'engagement',
    modelVersion: '1.0.0',
  }
  await write(
    bed.brokers,
    bed.topics.deadLetters,
    reasons.map((reason, offset) => {
      const record = { topic: bed.topics.input, partition: 0, offset, timestamp: 0 }
      const provenance = {
        record: { ...record, key: null, value: null },
        schemaId: undefined,
        identity,
        failedAt: at.toISOString(),
      }
      const headers = deadLetterHeaders(provenance, deadLetter(reason, 'decode', ''), 'millrace')
      return { partition: 0, key: null, value: null, headers }
    }),
  )
}

test('letters, replays, imports and purges are in the series within seconds, as stats tells them; SIGTERM ends it with 0', async (t) => {
  const bed = await createBed({ format: 'json', partitions: 2 })
  const watch = startWatch(t, bed.env)
  await watch.logged('QUEUE_READ')
  const empty = await agrees(watch, bed)
  assert.equal(empty.value(WAITING), 0)
  assert.deepEqual(empty.family(OLDEST)?.samples, [])

  await turnDown(t, bed, 20)
  const turnedDown = await agrees(watch, bed)
  assert.equal(turnedDown.value(WAITING, { reason: 'undecodable' }), 4)
  assert.equal(turnedDown.value(WAITING, { reason: 'invalid-event' }), 16)
  const age = Date.now() / 1000 - turnedDown.value(OLDEST)
  assert.ok(age > 0 && age < 60, `${age} s`)

  const env = { ...bed.env, MODEL_DIR: await lenientModel(t) }
  await millrace(['dlq', 'replay', '--where', 'partition=0', '--include-late'], env)
  const replayed = await agrees(watch, bed)
  assert.equal(replayed.value(WAITING, { reason: 'invalid-event' }), 8)

  const all = await millrace(['dlq', 'export'], env)
  await millrace(['dlq', 'purge', '1:3', '--yes'], env)
  const purged = await agrees(watch, bed)
  assert.ok(purged.value(WAITING) < replayed.value(WAITING))
  await millrace(['dlq', 'import'], env, all.stdout)
  const imported = await agrees(watch, bed)
  assert.equal(imported.value(WAITING), replayed.value(WAITING))

  assert.deepEqual((await served(watch, '/health/live')).status, 200)
  assert.deepEqual((await served(watch, '/health/ready')).status, 200)
  await watch.stop()
  assert.equal(watch.lines.at(-1)?.code, 'STOPPED')
})

test('without a broker it serves that it is not ready, and why; it outlives outages, and SIGINT ends it with 0 amid one', async (t) => {
  const { brokers, part: broker, stop } = await startOwnBroker()
  t.after(() => stop())
  const bed = await createBed({ format: 'json', addresses: { ...testbedAddresses(), brokers } })
  await broker.stop()
  const watch = startWatch(t, bed.env)
  const first = await watch.logged('RETRYING')
  assert.deepEqual([first.level, first['error']], ['warn', 'KAFKA_UNAVAILABLE'])
  const waiting = await served(watch, '/health/ready')
  assert.equal(waiting.status, 503)
  assert.match(waiting.body, /KAFKA_UNAVAILABLE: connecting to Kafka: .*Connection refused/s)
  assert.match(waiting.body, /has not read to the ends of the topic yet/)
  const { body: unknown } = await served(watch, '/metrics')
  assert.equal(Scrape.ofText(unknown).value(READ), 0)
  assert.doesNotMatch(unknown, new RegExp(WAITING))

  await broker.start()
  await watch.logged('QUEUE_READ')
  await writeLetters(bed, ['undecodable', 'unscorable'], new Date(NOW_MS))
  assert.equal((await agrees(watch, bed)).value(WAITING), 2)

  await broker.stop('SIGKILL')
  const ready = await watch.until('it to say that it is not ready', async () => {
    const answer = await served(watch, '/health/ready')
    return answer.status === 503 ? answer : undefined
  })
  assert.match(ready.body, /KAFKA_UNAVAILABLE: /)
  const { body: last } = await served(watch, '/metrics')
  assert.equal(Scrape.ofText(last).value(WAITING), 2, 'what it last saw')
  assert.equal((await served(watch, '/health/live')).status, 200)
  await broker.start()
  await writeLetters(bed, ['unscorable'], new Date(NOW_MS))
  assert.equal((await agrees(watch, bed)).value(WAITING), 3)
  assert.equal((await served(watch, '/health/ready')).status, 200)

  await broker.stop('SIGKILL')
  await watch.until('the outage to be noticed', async () =>
    (await served(watch, '/health/ready')).status === 503 ? true : undefined,
  )
  watch.signal('SIGINT')
  assert.equal(await watch.exit(5_000), 0, watch.describe())
})

test('a topic that is not there and a port that is taken end it with 2', async (t) => {
  const bed = await createBed({ format: 'json' })
  const missing = startWatch(t, { ...bed.env, DEAD_LETTER_TOPIC: 'not-there' })
  assert.equal(await missing.exit(), 2, missing.describe())
  assert.equal(missing.lines.at(-1)?.['error'], 'TOPIC_MISSING')
  const watch = startWatch(t, bed.env)
  const { port } = new URL(await watch.url())
  const second = startWatch(t, { ...bed.env, HTTP_PORT: port })
  assert.equal(await second.exit(), 2, second.describe())
  assert.match(second.lines.at(-1)?.msg ?? '', /HTTP_HOST and HTTP_PORT must be free/)
  await watch.stop()
})
