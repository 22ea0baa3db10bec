import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changelogProperties,
  type ClientProperties,
  consumerProperties,
  producerProperties,
  queueProperties,
  registryOptions,
} from '../../../src/config/client-properties.ts'
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from '../../../src/config/librdkafka.ts'
import { load } from './environment.ts'

/** Asserts that the properties hold at least these. */
function assertHolds(properties: ClientProperties, expected: ClientProperties): void {
  const picked = Object.keys(expected).map((name) => [name, properties[name]])
  assert.deepEqual(Object.fromEntries(picked), expected)
}

test('the consumer commits nothing by itself, reads committed records, and is a static member', () => {
  assertHolds(consumerProperties(load().config), {
    'bootstrap.servers': 'kafka:9092',
    'group.id': 'flights',
    'group.instance.id': 'flights-host-1',
    'partition.assignment.strategy': 'cooperative-sticky',
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'allow.auto.create.topics': false,
    'statistics.interval.ms': 1000,
  })
})

test('the producer is transactional, idempotent, and puts keys where the Java client does', () => {
  assertHolds(producerProperties(load().config), {
    'bootstrap.servers': 'kafka:9092',
    'transactional.id': 'flights-host-1',
    'transaction.timeout.ms': 15_000,
    'enable.idempotence': true,
    partitioner: 'murmur2_random',
    'compression.codec': 'lz4',
    'retry.backoff.ms': 5,
  })
})

test('heartbeats come three times a session at least, and polls may take as long as a session', () => {
  for (const sessionTimeoutMs of [1000, 6000, 10_000, 1_800_000]) {
    const { config } = load({ SESSION_TIMEOUT_MS: String(sessionTimeoutMs) })
    const properties = consumerProperties(config)
    assert.equal(properties['session.timeout.ms'], sessionTimeoutMs)
    assert.ok(Number(properties['heartbeat.interval.ms']) * 3 <= sessionTimeoutMs)
    assert.ok(Number(properties['max.poll.interval.ms']) >= sessionTimeoutMs)
  }
})

test('a record that cannot be delivered is told before its transaction times out', () => {
  for (const transactionTimeoutMs of [1000, 15_000, 900_000]) {
    const { config } = load({ TRANSACTION_TIMEOUT_MS: String(transactionTimeoutMs) })
    const properties = producerProperties(config)
    assert.ok(Number(properties['message.timeout.ms']) < transactionTimeoutMs)
    assert.ok(Number(properties['message.timeout.ms']) > Number(properties['linger.ms']))
  }
})

test('what is fetched ahead and what is queued are bounded', () => {
  const { config } = load()
  assert.ok(Number(consumerProperties(config)['queued.max.messages.kbytes']) <= 65_536)
  assert.ok(Number(producerProperties(config)['queue.buffering.max.kbytes']) <= 262_144)
})

test('a property passed through replaces ours', () => {
  const { config } = load({ KAFKA_PRODUCER_LINGER_MS: '2', KAFKA_CONSUMER_FETCH_WAIT_MAX_MS: '7' })
  assert.equal(producerProperties(config)['linger.ms'], '2')
  assert.equal(consumerProperties(config)['fetch.wait.max.ms'], '7')
})

test('both clients are let in the same way', () => {
  const { config } = load(
    {
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'millrace',
      KAFKA_SASL_PASSWORD_FILE: '/password',
      KAFKA_TLS_CA_FILE: '/ca',
      KAFKA_TLS_CERT_FILE: '/cert',
      KAFKA_TLS_KEY_FILE: '/key',
      KAFKA_TLS_KEY_PASSWORD: 'key password',
    },
    { '/password': 'password', '/ca': '', '/cert': '', '/key': '' },
  )
  for (const properties of [consumerProperties(config), producerProperties(config)]) {
    assertHolds(properties, {
      'security.protocol': 'sasl_ssl',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.username': 'millrace',
      'sasl.password': 'password',
      'ssl.ca.location': '/ca',
      'ssl.certificate.location': '/cert',
      'ssl.key.location': '/key',
      'ssl.key.password': 'key password',
    })
  }
})

test('every client that reads names the one group that the service has rights on', () => {
  const { config } = load()
  const groups = [consumerProperties, changelogProperties, queueProperties].map(
    (properties) => properties(config)['group.id'],
  )
  assert.deepEqual(groups, [config.appId, config.appId, config.appId])
})

test('without security nothing is said of it', () => {
  const names = Object.keys({
    ...consumerProperties(load().config),
    ...producerProperties(load().config),
  })
  assert.deepEqual(
    names.filter((name) => /^(sasl|ssl)\./.test(name)),
    [],
  )
})

test('every property is one that its client knows', () => {
  const { config } = load()
  const consumer = Object.keys(consumerProperties(config))
  const producer = Object.keys(producerProperties(config))
  assert.deepEqual(
    consumer.filter((name) => !CONSUMER_PROPERTIES.includes(name)),
    [],
  )
  assert.deepEqual(
    producer.filter((name) => !PRODUCER_PROPERTIES.includes(name)),
    [],
  )
})

test('the registry is reached at its addresses, with what lets the service in', () => {
  assert.deepEqual(registryOptions(load().config), { baseURLs: ['http://registry:8081'] })
  const basic = load(
    {
      SCHEMA_REGISTRY_URL: 'https://a, https://b/path',
      SCHEMA_REGISTRY_USERNAME: 'u',
      SCHEMA_REGISTRY_PASSWORD: 'p',
      SCHEMA_REGISTRY_CA_FILE: '/ca',
    },
    { '/ca': 'PEM' },
  )
  assert.deepEqual(registryOptions(basic.config), {
    baseURLs: ['https://a', 'https://b/path'],
    basicAuth: { user: 'u', password: 'p' },
    ca: 'PEM',
  })
  const bearer = load({ SCHEMA_REGISTRY_TOKEN: 't' })
  assert.equal(registryOptions(bearer.config)?.bearer, 't')
})

test('plain JSON has no registry to reach', () => {
  const { config } = load({ SCHEMA_REGISTRY_URL: '', INPUT_FORMAT: 'json' })
  assert.equal(registryOptions(config), undefined)
})
