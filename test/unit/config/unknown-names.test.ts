import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './environment.ts'

const MISSPELLED = [
  ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ['COMMIT_INTERVAL', 'COMMIT_INTERVAL_MS'],
  ['KAFKA_SASL_PASWORD', 'KAFKA_SASL_PASSWORD'],
  ['HTTP_PROT', 'HTTP_PORT'],
  ['DEAD_LETTERS_TOPIC', 'DEAD_LETTER_TOPIC'],
] as const

for (const [name, meant] of MISSPELLED) {
  test(`${name} is warned about, naming ${meant}`, () => {
    assert.deepEqual(load({ [name]: '1' }).warnings, [
      `${name} is not a variable of Millrace and has no effect; did you mean ${meant}?`,
    ])
  })
}

test('a name like none of ours is warned about without a guess', () => {
  assert.deepEqual(load({ MILLRACE_X: '1' }).warnings, [
    'MILLRACE_X is not a variable of Millrace and has no effect',
  ])
})

test('an unknown name that is empty is not warned about', () => {
  assert.deepEqual(load({ KAFKA_BROKER: '' }).warnings, [])
})

test('what Kubernetes sets for services is neither used nor warned about', () => {
  const { warnings, config } = load({
    KAFKA_PORT: 'tcp://10.0.0.1:9092',
    KAFKA_SERVICE_HOST: '10.0.0.1',
    KAFKA_SERVICE_PORT: '9092',
    KAFKA_SERVICE_PORT_TCP_CLIENT: '9092',
    KAFKA_PORT_9092_TCP: 'tcp://10.0.0.1:9092',
    KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1',
    KAFKA_PORT_9092_TCP_PROTO: 'tcp',
    SCHEMA_REGISTRY_PORT: 'tcp://10.0.0.2:8081',
    SCHEMA_REGISTRY_SERVICE_HOST: '10.0.0.2',
    MILLRACE_PORT: 'tcp://10.0.0.3:8080',
    KAFKA_CONSUMER_SERVICE_HOST: '10.0.0.4',
    KAFKA_CONSUMER_PORT: 'tcp://10.0.0.4:80',
  })
  assert.deepEqual(warnings, [])
  assert.deepEqual(config.kafkaConsumerProperties, {})
})

test('well-known variables of others are not warned about', () => {
  const others = {
    HTTP_PROXY: 'x',
    SESSION_MANAGER: 'x',
    MILLRACE_CACHE: 'x',
    PATH: 'x',
    HOME: 'x',
  }
  assert.deepEqual(load(others).warnings, [])
})
