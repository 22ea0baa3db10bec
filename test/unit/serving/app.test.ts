import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { AppParts } from '../../../src/serving/app.ts'
import { createApp } from '../../../src/serving/app.ts'
import { listen } from '../../../src/serving/http.ts'
import { appParts } from '../../fixtures/app.ts'
import { IDENTITY, NOW_MS, snapshotOf } from '../../fixtures/snapshot.ts'

const LISTED = [
  '/',
  '/about.json',
  '/health/live',
  '/health/ready',
  '/health/startup',
  '/metrics',
  '/status.json',
  '/v2/models/:name',
  '/v2/models/:name/versions/:version',
]
const ROUTES = LISTED.map((route) => route.replace(':name', 'toy').replace(':version', '7'))
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

function appOf(t: TestContext, but: Partial<AppParts> = {}): ReturnType<typeof createApp> {
  const app = createApp(appParts(but))
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
      assert.deepEqual(answer.json(), { error: 'only GET and HEAD', routes: LISTED })
    }
  }
})

test('a page that is not there is 404 and lists what is', async (t) => {
  const app = appOf(t)
  for (const method of ['GET', 'POST'] as const) {
    const answer = await app.inject({ method, url: '/nope' })
    assert.equal(answer.statusCode, 404)
    assert.deepEqual(answer.json(), { error: 'no such page', routes: LISTED })
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
  const app = appOf(t, { snapshot: () => snapshot })
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

test('what the scraper accepts is passed on to the metrics', async (t) => {
  const asked: (string | undefined)[] = []
  const render = (accept?: string) => {
    asked.push(accept)
    return Promise.resolve({ contentType: TEXT, body: '' })
  }
  const app = appOf(t, { metrics: { render } })
  await app.inject({ url: '/metrics', headers: { accept: 'a/b;q=0.5' } })
  await app.inject({ url: '/metrics', headers: {} })
  assert.deepEqual(asked, ['a/b;q=0.5', undefined])
})

test('status.json says who and when, times as ISO 8601, and null for what is unknown', async (t) => {
  const partition = { partition: 0, position: 1, committedOffset: 1, lag: undefined }
  const partitions = [
    { ...partition, streamTimeMs: 0 },
    { ...partition, streamTimeMs: Number.MAX_SAFE_INTEGER },
  ]
  const report = (
    await appOf(t, { snapshot: () => snapshotOf({ partitions }) }).inject('/status.json')
  ).json()
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

test('status.json says what it is doing, what the last seconds were like and how scores lie', async (t) => {
  const drift = { window: { isComplete: true, records: 9 }, series: [] }
  const figures = appParts().figures()
  const report = (await appOf(t).inject('/status.json')).json()
  assert.equal(report.doing.sentence, 'caught up, 2,031 events/s, P99 21 ms')
  assert.equal(report.ready, true)
  assert.deepEqual(report.recent, figures.recent)
  assert.deepEqual(report.scores, figures.scores)
  assert.deepEqual(report.lastDeadLetterAt, { undecodable: '2023-11-14T22:12:20.000Z' })
  assert.equal('drift' in report, false)
  const drifting = appOf(t, { figures: () => ({ ...figures, drift }) })
  assert.deepEqual((await drifting.inject('/status.json')).json().drift, drift)
})

test('about.json has the model card and the configuration as it may be shown', async (t) => {
  const { model, configuration } = (await appOf(t).inject('/about.json')).json()
  assert.deepEqual(model, {
    description: null,
    trainedOn: null,
    features: [
      { name: 'event_count_1h', type: 'int', kind: 'window', operation: 'count' },
      { name: 'avg_value_1h', type: 'double', kind: 'window', operation: 'avg' },
    ],
    scores: ['score'],
  })
  assert.deepEqual(configuration, appParts().about.configuration)
})

test('the model is described as the Open Inference Protocol has it', async (t) => {
  const expected = {
    name: 'toy',
    versions: ['7'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [-1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ],
  }
  const app = appOf(t)
  for (const url of ['/v2/models/toy', '/v2/models/toy/versions/7']) {
    assert.deepEqual((await app.inject(url)).json(), expected, url)
  }
  for (const url of [
    '/v2/models/other',
    '/v2/models/toy/versions/8',
    '/v2/models/other/versions/7',
  ]) {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 404, url)
    assert.deepEqual(answer.json(), { error: 'no such model: here is toy, version 7' })
  }
  const starting = await appOf(t, { tensors: () => undefined }).inject('/v2/models/toy')
  assert.deepEqual(
    [starting.statusCode, starting.json()],
    [503, { error: 'the model is not loaded yet' }],
  )
})

test('an answer that cannot be made is 500 and tells nothing of the inside', async (t) => {
  const snapshot = (): never => {
    throw new Error('secret')
  }
  const app = appOf(t, { snapshot })
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
