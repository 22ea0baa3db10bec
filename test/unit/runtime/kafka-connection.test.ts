import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { Connections } from '../../../src/runtime/kafka-connection.ts'

const SCRAM =
  '[thrd:sasl_ssl://k:9093/bootstrap]: sasl_ssl://k:9093/bootstrap: SASL authentication error: ' +
  'Authentication failed during authentication due to invalid credentials with SASL mechanism ' +
  'SCRAM-SHA-512 (after 438ms in state AUTH_REQ, 1 identical error(s) suppressed)'
const PLAIN =
  'k:9093: SASL authentication error: Authentication failed: Invalid username or password'
const CERTIFICATE = 'k:9093: SSL handshake failed: error:0A000086:: certificate verify failed'
const CLOSED = 'k:9093: Connect to ipv4#127.0.0.1:1 failed: Connection refused'

function told(...messages: readonly string[]): Connections {
  const connections = new Connections()
  for (const message of messages) connections.noticeLog({ fac: 'FAIL', message })
  return connections
}

test('what configuration has wrong is told by variable and cause', () => {
  for (const [message, code, wanted] of [
    [SCRAM, 'KAFKA_UNAUTHORIZED', /^KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD .*: sasl_ssl:/],
    [PLAIN, 'KAFKA_UNAUTHORIZED', /KAFKA_SASL_PASSWORD/],
    [CERTIFICATE, 'CONFIG_INVALID', /^KAFKA_TLS_CA_FILE/],
  ] as const) {
    const { refusal } = told(message)
    assert.equal(refusal?.code, code)
    assert.match(refusal.message, wanted)
    assert.doesNotMatch(refusal.message, /thrd:|suppressed/)
  }
})

test('what may pass is no refusal, and other lines of the log say nothing of connections', () => {
  assert.equal(told(CLOSED).refusal, undefined)
  assert.equal(told(CLOSED).failure, CLOSED)
  const connections = new Connections()
  connections.noticeLog({ fac: 'TXNERR', message: SCRAM })
  assert.deepEqual([connections.failure, connections.refusal], [undefined, undefined])
})

test('a refusal outlives other failures, until a connection is up', () => {
  const connections = told(SCRAM, CLOSED)
  assert.equal(connections.refusal?.code, 'KAFKA_UNAUTHORIZED')
  connections.areUp()
  assert.deepEqual([connections.failure, connections.refusal], [undefined, undefined])
})

test('a connect that is refused for good ends soon; one that another broker takes does not', async () => {
  const connections = told(PLAIN)
  const refused = connections.connect(() => connections.noticeLog({ fac: 'FAIL', message: SCRAM }))
  await assert.rejects(refused, { code: 'KAFKA_UNAUTHORIZED', message: /SCRAM/ })
  await connections.connect((done) => {
    connections.noticeLog({ fac: 'FAIL', message: SCRAM })
    setTimeout(done, 10, undefined, undefined)
  })
  assert.equal(connections.refusal, undefined)
})

for (const [property, wanted] of [
  ['key', /^KAFKA_TLS_KEY_FILE .* KAFKA_TLS_KEY_PASSWORD opens.*pem lib$/i],
  ['certificate', /^KAFKA_TLS_CERT_FILE/],
  ['ca', /^KAFKA_TLS_CA_FILE/],
] as const) {
  test(`a file of TLS that the client cannot use is told by its variable, and not tried again: ${property}`, async () => {
    const origin = `ssl.${property}.location failed`
    const cause = 'error:0A080009:SSL routines::PEM lib'
    const errors = [
      new Error(`${origin}: ${cause}`),
      // As a consumer gives it.
      Object.assign(new Error(cause.toLowerCase()), { origin }),
    ]
    for (const error of errors) {
      const connecting = new Connections().connect((done) => done(error, undefined))
      await assert.rejects(connecting, { code: 'CONFIG_INVALID', message: wanted })
    }
  })
}

test('a connect that takes too long says why the last attempt failed', async () => {
  const connections = told(SCRAM)
  const connecting = connections.connect((done) => {
    connections.noticeLog({ fac: 'FAIL', message: CLOSED })
    done(new Error('broker transport failure'), undefined)
  })
  await assert.rejects(connecting, (error) => {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'KAFKA_UNAVAILABLE')
    assert.match(error.message, /broker transport failure: k:9093: .*Connection refused$/)
    return true
  })
})
