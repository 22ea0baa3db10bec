import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { LoopSnapshot } from '../../../src/loop/observer.ts'
import { createApp, listen } from '../../../src/serving/app.ts'
import { STYLE_SOURCE } from '../../../src/serving/page.ts'
import { IDENTITY, NOW_MS, snapshotOf } from '../../fixtures/snapshot.ts'

const ROUTES = ['/', '/health/live', '/health/ready', '/health/startup', '/metrics', '/status.json']
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

function appOf(
  t: TestContext,
  snapshot: () => LoopSnapshot = snapshotOf,
): ReturnType<typeof createApp> {
  const render = (): Promise<{ contentType: string; body: string }> =>
    Promise.resolve({ contentType: TEXT, body: 'up 1\n' })
  const app = createApp({ snapshot, metrics: { render }, identity: IDENTITY, now: () => NOW_MS })
  t.after(() => app.close())
  return app
}

test('every route answers GET, and HEAD without a body', async (t) => {
  const app = appOf(t)
  for (const url of ROUTES) {
    const { statusCode, body } = await app.inject({ method: 'GET', url })
    assert.deepEqual([statusCode, body.length > 0], [200, true], url)
    const head = await app.inject({ method: 'HEAD', url })
    assert.deepEqual([head.statusCode, head.body], [200, ''], url)
  }
})

test('no other method reaches a route, whatever body it brings', async (t) => {
  const app = appOf(t)
  for (const url of ROUTES) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      const payload = method === 'OPTIONS' ? '' : 'x'.repeat(10_000)
      const answer = await app.inject({ method, url, payload })
      assert.equal(answer.statusCode, 405, `${method} ${url}`)
      assert.equal(answer.headers['allow'], 'GET, HEAD')
      assert.deepEqual(answer.json(), { error: 'only GET and HEAD', routes: ROUTES })
    }
  }
})

test('a page that is not there is 404 and lists what is', async (t) => {
  const app = appOf(t)
  for (const method of ['GET', 'POST'] as const) {
    const answer = await app.inject({ method, url: '/nope' })
    assert.equal(answer.statusCode, 404)
    assert.deepEqual(answer.json(), { error: 'no such page', routes: ROUTES })
  }
})

test('every answer carries the security headers, refusals too', async (t) => {
  const app = appOf(t)
  for (const url of [...ROUTES, '/nope', '/%zz']) {
    const { headers } = await app.inject(url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['x-frame-options'], 'DENY', url)
    assert.equal(headers['referrer-policy'], 'no-referrer', url)
    assert.equal(headers['cache-control'], 'no-store', url)
    assert.match(String(headers['content-security-policy']), /^default-src 'none';/, url)
  }
})

test('health is 200 or 503, with the reason in the body', async (t) => {
  let snapshot = snapshotOf()
  const app = appOf(t, () => snapshot)
  assert.equal((await app.inject('/health/ready')).statusCode, 200)
  const trouble = [{ code: 'REGISTRY_UNAVAILABLE', detail: 'registry away', sinceMs: NOW_MS }]
  snapshot = snapshotOf({ trouble, heartbeatAtMs: 0, modelReady: false })
  for (const probe of ['ready', 'live', 'startup']) {
    const answer = await app.inject(`/health/${probe}`)
    assert.equal(answer.statusCode, 503, probe)
    assert.equal(answer.json().status, 'fail')
  }
  assert.match((await app.inject('/health/ready')).body, /registry away/)
})

test('the metrics keep their own content type', async (t) => {
  const answer = await appOf(t).inject('/metrics')
  assert.deepEqual([answer.headers['content-type'], answer.body], [TEXT, 'up 1\n'])
})

test('status.json says who and when, times as ISO 8601, and null for what is unknown', async (t) => {
  const partition = { partition: 0, position: 1, committedOffset: 1, lag: undefined }
  const partitions = [
    { ...partition, streamTimeMs: 0 },
    { ...partition, streamTimeMs: Number.MAX_SAFE_INTEGER },
  ]
  const report = (await appOf(t, () => snapshotOf({ partitions })).inject('/status.json')).json()
  assert.equal(report.now, '2023-11-14T22:13:20.000Z')
  assert.equal(report.appId, 'app')
  assert.deepEqual(report.model, IDENTITY.model)
  assert.equal(report.lastCommitAt, null)
  assert.equal(report.totals.predicted, 80)
  assert.deepEqual(
    report.partitions.map((each: Record<string, unknown>) => [each['lag'], each['streamTime']]),
    [
      [null, '1970-01-01T00:00:00.000Z'],
      [null, null],
    ],
  )
})

test('the page escapes what came from outside and runs no script', async (t) => {
  const evil = `<script>alert("1")</script>'&`
  const trouble = [{ code: evil, detail: evil, sinceMs: NOW_MS }]
  const identity = { ...IDENTITY, appId: evil, model: { ...IDENTITY.model, name: evil } }
  const app = createApp({
    snapshot: () => snapshotOf({ trouble }),
    metrics: { render: () => Promise.resolve({ contentType: TEXT, body: '' }) },
    identity,
    now: () => NOW_MS,
  })
  t.after(() => app.close())
  const { body, headers } = await app.inject('/')
  assert.doesNotMatch(body, /<script|onload|javascript:/i)
  assert.match(body, /&#60;script&#62;alert\(&#34;1&#34;\)&#60;\/script&#62;&#39;&#38;/)
  assert.ok(String(headers['content-security-policy']).includes(STYLE_SOURCE))
})

test('an answer that cannot be made is 500 and tells nothing of the inside', async (t) => {
  const app = appOf(t, () => {
    throw new Error('secret')
  })
  const answer = await app.inject('/status.json')
  assert.equal(answer.statusCode, 500)
  assert.doesNotMatch(answer.body, /secret/)
})

test('it listens on a port the system chooses and answers there', async (t) => {
  const port = await listen(appOf(t), '127.0.0.1', 0)
  const answer = await fetch(`http://127.0.0.1:${port}/health/live`)
  assert.equal(answer.status, 200)
})

test('closing does not wait for a client that never ends its request', {
  timeout: 5_000,
}, async (t) => {
  const app = appOf(t)
  const socket = connect(await listen(app, '127.0.0.1', 0), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await app.close()
  await closed
})
