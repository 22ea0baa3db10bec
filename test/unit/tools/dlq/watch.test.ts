import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ServiceError } from '../../../../src/domain/errors.ts'
import { deadLetter } from '../../../../src/domain/outcome.ts'
import type { InputRecord } from '../../../../src/domain/record.ts'
import { deadLetterHeaders } from '../../../../src/sink/headers.ts'
import { FollowedQueue } from '../../../../src/tools/dlq/followed-queue.ts'
import { QueueWatch } from '../../../../src/tools/dlq/watch.ts'
import { FakeBench } from '../../../fakes/workbench.ts'

const NOON = '2026-01-05T12:00:00.000Z'
const ONE = '2026-01-05T13:00:00.000Z'
const AWAY = new ServiceError('KAFKA_UNAVAILABLE', 'nobody answers')
/** Ends what would go on for ever. */
const ENOUGH = new Error('enough')

/** A watch of a bench's topic, and what goes wrong in which of its rounds, 1 being the first. */
function watchOf(bench: FakeBench, failures: Readonly<Record<number, ServiceError>> = {}) {
  const { appId, clock } = bench
  const log = bench.reader()
  let rounds = 0
  const partitions = async (): Promise<number> => {
    rounds += 1
    const failure = failures[rounds]
    if (failure !== undefined) throw failure
    return bench.partitions
  }
  const watch = new QueueWatch({ log, partitions, appId, clock })
  return { watch, opened: log.opened, rounds: () => rounds }
}

function waiting(watch: QueueWatch, reason = 'undecodable'): number {
  const line = new RegExp(
    `^millrace_dlq_waiting_records\\{app="app",reason="${reason}"\\} (\\d+)$`,
    'm',
  )
  return Number(line.exec(watch.metrics())?.[1])
}

test('until the ends were reached it tells that it never was there, and no depth', async () => {
  const bench = new FakeBench()
  bench.put({ value: 'a' })
  const { watch } = watchOf(bench)
  assert.match(watch.metrics(), /^millrace_dlq_watch_read_timestamp_seconds\{app="app"\} 0$/m)
  assert.doesNotMatch(watch.metrics(), /millrace_dlq_waiting/)
  assert.equal(watch.snapshot().readAtMs, undefined)
  await watch.round()
  assert.equal(waiting(watch), 1)
  assert.equal(watch.snapshot().readAtMs, bench.clock.now())
})

test('each round reads what is new, and nothing where nothing is', async () => {
  const bench = new FakeBench()
  for (const value of ['a', 'b', 'c', 'd']) bench.put({ value })
  const { watch, opened } = watchOf(bench)
  await watch.round()
  await watch.round()
  assert.deepEqual(opened.splice(0), [{ partition: 0, offset: 0 }])
  bench.put({ value: 'e', partition: 1, reason: 'empty-value' })
  bench.put({ value: 'f' })
  await watch.round()
  assert.deepEqual(opened.splice(0), [
    { partition: 0, offset: 4 },
    { partition: 1, offset: 0 },
  ])
  assert.deepEqual([waiting(watch), waiting(watch, 'empty-value')], [5, 1])
  bench.addPartition()
  bench.put({ value: 'g', partition: 2 })
  await watch.round()
  assert.deepEqual(opened, [{ partition: 2, offset: 0 }])
  assert.equal(waiting(watch), 6)
})

test('the oldest is the one that was turned down first, wherever it lies, and goes with its replay or a purge', async () => {
  const bench = new FakeBench()
  bench.put({ value: 'a', failedAt: ONE })
  bench.put({ value: 'b', failedAt: NOON })
  bench.put({ value: 'c', failedAt: ONE, partition: 1 })
  const { watch } = watchOf(bench)
  const oldest = (): string | undefined =>
    /^millrace_dlq_oldest_waiting_timestamp_seconds\{app="app"\} (\d+)$/m.exec(watch.metrics())?.[1]
  await watch.round()
  assert.equal(oldest(), String(Date.parse(NOON) / 1000))
  const marker = Buffer.from('events/0/1')
  const headers = [{ 'millrace.replayed': marker }]
  bench.putRecord({ partition: 0, key: marker, value: marker, headers })
  await watch.round()
  assert.equal(oldest(), String(Date.parse(ONE) / 1000))
  await bench.deleteThrough({ partition: 0, offset: 9 })
  await bench.deleteThrough({ partition: 1, offset: 9 })
  await watch.round()
  assert.equal(oldest(), undefined)
  assert.equal(waiting(watch), 0)
})

test('a broker that is away is asked again, ever more rarely, and told until it answers', async () => {
  const bench = new FakeBench()
  const failed = Array.from({ length: 40 }, (_, index) => [index + 1, AWAY] as const)
  const { watch } = watchOf(bench, Object.fromEntries(failed))
  const waits: number[] = []
  const running = watch.run({
    retrying: (error, waitMs) => {
      waits.push(waitMs)
      const { trouble, heartbeatAtMs } = watch.snapshot()
      assert.deepEqual([trouble, heartbeatAtMs], [error, bench.clock.now()])
    },
    readToEnds: () => {
      assert.equal(watch.snapshot().trouble, undefined)
      throw ENOUGH
    },
  })
  await assert.rejects(running, ENOUGH)
  assert.equal(waits.length, failed.length)
  assert.ok(Math.max(...waits) <= 10_000 && Math.min(...waits.slice(10)) >= 5_000, waits.join())
})

test('it tells when it has reached the ends first, and again after it could not; what no retry heals ends it', async () => {
  const refused = new ServiceError('KAFKA_UNAUTHORIZED', 'no longer')
  const { watch, rounds } = watchOf(new FakeBench(), { 4: AWAY, 7: refused })
  const told: string[] = []
  const running = watch.run({
    retrying: () => told.push(`round ${rounds()} failed`),
    readToEnds: () => told.push(`round ${rounds()} read`),
  })
  await assert.rejects(running, refused)
  assert.deepEqual(told, ['round 1 read', 'round 4 failed', 'round 5 read'])
})

test('a letter takes some 100 bytes while it waits, whatever its size, and its marker some 50', () => {
  const count = 100_000
  const queue = new FollowedQueue('app')
  const letters = heapOf(() => {
    for (let offset = 0; offset < count; offset += 1) queue.take(letterAt(offset))
  })
  assert.equal(queue.depth().waiting.get('undecodable'), count)
  const both = heapOf(() => {
    for (let offset = 0; offset < count; offset += 1) queue.take(markerAt(offset, count))
    assert.deepEqual(queue.depth(), { waiting: new Map(), oldestMs: undefined })
  })
  const figures = [letters, letters + both].map((bytes) => bytes / count)
  const [waits = 0, marker = 0] = figures
  process.stdout.write(`# ${waits.toFixed(0)} bytes a letter, ${marker.toFixed(0)} a marker\n`)
  assert.ok(waits < 110 && marker < 60, figures.join())
})

/** Bytes of the heap that are held after something was done, above those before. */
function heapOf(doing: () => void): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const before = process.memoryUsage().heapUsed
  doing()
  collect()
  return process.memoryUsage().heapUsed - before
}

function letterAt(offset: number): InputRecord {
  const record = { topic: 'events', partition: 0, offset, timestamp: 0, key: null, value: null }
  const identity = { appId: 'app', instanceId: 'a', modelName: 'm', modelVersion: '1' }
  const provenance = { record, schemaId: 7, identity, failedAt: NOON }
  const headers = deadLetterHeaders(
    provenance,
    deadLetter('undecodable', 'decode', 'why'),
    'millrace',
  )
  // As the client brings them: texts are made anew of the bytes of each.
  const bytes = headers.map((header) =>
    Object.fromEntries(Object.entries(header).map(([name, each]) => [name, Buffer.from(each)])),
  )
  return { ...record, topic: 'ml-dead-letters', value: Buffer.alloc(1_000), headers: bytes }
}

function markerAt(named: number, from: number): InputRecord {
  const said = Buffer.from(`events/0/${named}`)
  const at = { topic: 'ml-dead-letters', partition: 0, offset: from + named, timestamp: 0 }
  return { ...at, key: said, value: said, headers: [{ 'millrace.replayed': said }] }
}
