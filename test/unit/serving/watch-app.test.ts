import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { HEARTBEAT_MAX_MS } from '../../../src/serving/health.ts'
import { createWatchApp } from '../../../src/serving/watch-app.ts'
import type { WatchSnapshot } from '../../../src/serving/watch-health.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12)
const WELL: WatchSnapshot = {
  heartbeatAtMs: NOW_MS - 5_000,
  readAtMs: NOW_MS - 5_000,
  records: 9,
  trouble: undefined,
}

function appOf(t: TestContext, but: Partial<WatchSnapshot> = {}) {
  const app = createWatchApp({
    snapshot: () => ({ ...WELL, ...but }),
    metrics: () => 'waiting 3\n',
    now: () => NOW_MS,
  })
  t.after(() => app.close())
  return app
}

test('the series come as Prometheus asks for them', async (t) => {
  const { statusCode, headers, body } = await appOf(t).inject('/metrics')
  assert.deepEqual([statusCode, body], [200, 'waiting 3\n'])
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
})

test('what is no route is refused, and names those that are', async (t) => {
  const routes = ['/health/live', '/health/ready', '/metrics']
  const missing = await appOf(t).inject('/status.json')
  assert.deepEqual([missing.statusCode, missing.json().routes], [404, routes])
  const written = await appOf(t).inject({ method: 'POST', url: '/metrics' })
  assert.deepEqual([written.statusCode, written.json().routes], [405, routes])
})

test('it is ready when it has read to the ends and nothing keeps it from doing so again', async (t) => {
  const ready = async (but: Partial<WatchSnapshot>) => await appOf(t, but).inject('/health/ready')
  const well = await ready({})
  assert.equal(well.statusCode, 200)
  assert.match(well.body, /has read to the ends of the topic as of 2026-01-05T11:59:55.000Z/)
  const starting = await ready({ readAtMs: undefined })
  assert.equal(starting.statusCode, 503)
  assert.match(starting.body, /has not read to the ends of the topic yet: 9 records so far/)
  const away = await ready({ trouble: { code: 'KAFKA_UNAVAILABLE', message: 'nobody answers' } })
  assert.equal(away.statusCode, 503)
  assert.match(away.body, /KAFKA_UNAVAILABLE: nobody answers/)
})

test('it lives while it moves, whatever Kafka says', async (t) => {
  const live = async (but: Partial<WatchSnapshot>) =>
    (await appOf(t, but).inject('/health/live')).statusCode
  const trouble = { code: 'KAFKA_UNAVAILABLE', message: 'nobody answers' }
  assert.equal(await live({ trouble, readAtMs: undefined }), 200)
  assert.equal(await live({ heartbeatAtMs: NOW_MS - HEARTBEAT_MAX_MS }), 200)
  assert.equal(await live({ heartbeatAtMs: NOW_MS - HEARTBEAT_MAX_MS - 1 }), 503)
})
