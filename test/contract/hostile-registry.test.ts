import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import { createRegistryClient } from '../../src/runtime/registry-client.ts'
import { FakeClock } from '../fakes/clock.ts'
import { serve } from '../fakes/http-server.ts'
import { inputRecord, wireValue } from '../fixtures/records.ts'
import { AVRO_BODY, AVRO_EVENT } from '../fixtures/registry-events.ts'
import { ENGAGEMENT_EVENT } from '../fixtures/specs.ts'

type Answer = (response: ServerResponse) => void

const SOUND = JSON.stringify({ schema: AVRO_EVENT })
const VALUE = wireValue(1, AVRO_BODY)
const SECRET = 'secret-word'

function decoderOf(url: string): RegistryDecoder {
  const basicAuth = { user: 'reader', password: SECRET }
  const client = createRegistryClient({ baseURLs: [url], basicAuth })
  return new RegistryDecoder({ client, mapping: ENGAGEMENT_EVENT, clock: new FakeClock() })
}

/** The registry's trouble: nothing became a dead letter, and no secret was told. */
async function troubleOf(decoder: RegistryDecoder): Promise<string> {
  const error: unknown = await decoder
    .decode([inputRecord({ value: VALUE }), inputRecord({ value: VALUE })])
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  assert.ok(error instanceof Error, 'it must not answer')
  assert.equal('code' in error && error.code, 'REGISTRY_UNAVAILABLE')
  const encoded = Buffer.from(`reader:${SECRET}`).toString('base64')
  const told = `${error.message} ${String(error.cause)}`
  assert.ok(!told.includes(SECRET) && !told.includes(encoded), told)
  return error.message
}

const ANSWERS: readonly (readonly [string, RegExp, Answer])[] = [
  [
    'a page of HTML with status 200',
    /the answer is no schema/,
    (response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
    },
  ],
  [
    'JSON that is no schema',
    /the answer is no schema/,
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"schema":7}')
    },
  ],
  [
    'JSON that breaks off',
    /the answer is no schema/,
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(SOUND.slice(0, -5))
    },
  ],
  [
    'a body that breaks off',
    /aborted|hang up/,
    (response) => {
      response.writeHead(200, { 'content-length': '1000' }).write(SOUND)
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'a body without end',
    /maxContentLength/,
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      for (let part = 0; part < 40; part += 1) response.write(Buffer.alloc(1024 * 1024, ' '))
      response.end(SOUND)
    },
  ],
  [
    'a 404 of a proxy',
    /HTTP status 404.*does the registry URL end/,
    (response) => {
      response.writeHead(404).end('no such page')
    },
  ],
  ['silence', /timeout|canceled/, () => undefined],
  [
    'a body that trickles for ever',
    /canceled|timeout/,
    (response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(timer))
    },
  ],
]

suite('a hostile registry', { concurrency: true }, () => {
  for (const [name, expected, answer] of ANSWERS) {
    test(`${name} makes no dead letter, and a sound answer later is taken`, {
      timeout: 60_000,
    }, async (t) => {
      let isSound = false
      const url = await serve(t, (_, response) => {
        if (isSound) response.writeHead(200, { 'content-type': 'application/json' }).end(SOUND)
        else answer(response)
      })
      const decoder = decoderOf(url)
      assert.match(await troubleOf(decoder), expected)
      isSound = true
      const [decoded] = await decoder.decode([inputRecord({ value: VALUE })])
      assert.equal(decoded?.result.kind, 'event')
    })
  }

  test('a redirect is not followed, so credentials stay here', async (t) => {
    let calls = 0
    const elsewhere = await serve(t, (_, response) => {
      calls += 1
      response.writeHead(200, { 'content-type': 'application/json' }).end(SOUND)
    })
    const here = await serve(t, (_, response) => {
      response.writeHead(302, { location: `${elsewhere}/schemas/ids/1` }).end()
    })
    assert.match(await troubleOf(decoderOf(here)), /HTTP status 302: .*points elsewhere/)
    assert.equal(calls, 0)
  })

  test('schemas nobody can use make dead letters that say why, and end', async (t) => {
    const deep = `${'{"type":"array","items":'.repeat(20_000)}"int"${'}'.repeat(20_000)}`
    const schemas = [
      { schema: '{' },
      { schema: `{"type":"record","name":"R","fields":[{"name":"a","type":${deep}}]}` },
      { schema: '"'.padEnd(2_000_000, 'x') },
      { schema: 'message M { M m = 1; } }', schemaType: 'PROTOBUF' },
      { schema: 'message A { '.repeat(50_000), schemaType: 'PROTOBUF' },
      { schema: '{"$ref":"#"}', schemaType: 'JSON' },
      { schema: '{"patternProperties":{"(a+)+$":{}},"type":"string"}', schemaType: 'JSON' },
    ]
    for (const schema of schemas) {
      const url = await serve(t, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(schema))
      })
      const startedAt = performance.now()
      const [decoded] = await decoderOf(url).decode([inputRecord({ value: VALUE })])
      assert.equal(decoded?.result.kind, 'dead-letter', schema.schema.slice(0, 40))
      assert.ok(performance.now() - startedAt < 5_000)
    }
  })

  test('a pattern that takes for ever on some texts is never run: its value is an event at once', async (t) => {
    const pattern = '^(a+)+$'
    const properties = { user_id: { type: 'string', pattern }, value: { type: 'number' } }
    const schema = JSON.stringify({ properties, patternProperties: { [pattern]: {} } })
    const url = await serve(t, (_, response) => {
      const answer = JSON.stringify({ schema, schemaType: 'JSON' })
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    })
    const text = `${'a'.repeat(28)}!`
    const value = wireValue(1, Buffer.from(`{"user_id":"${text}","value":1,"${text}":1}`))
    const decoder = decoderOf(url)
    // The schema is fetched and compiled once; what counts is a record.
    await decoder.decode([inputRecord({ value })])
    const startedAt = performance.now()
    const [decoded] = await decoder.decode([inputRecord({ value })])
    const tookMs = performance.now() - startedAt
    assert.ok(decoded?.result.kind === 'event' && decoded.result.event.key === text)
    assert.ok(tookMs < 100, `it took ${tookMs} ms`)
  })
})
