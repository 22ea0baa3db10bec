import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from '../../../src/config/librdkafka.ts'
import { OWN_VARIABLES, REFUSED_PROPERTIES } from '../../../src/config/refused-properties.ts'
import { VARIABLES } from '../../../src/config/schema.ts'
import { load, problemsOf } from './environment.ts'

function variable(prefix: string, property: string): string {
  return `${prefix}${property.replaceAll('.', '_').toUpperCase()}`
}

test('a property reaches the client it is meant for, and only that', () => {
  const { config, warnings } = load({
    KAFKA_CONSUMER_FETCH_MIN_BYTES: '1000',
    KAFKA_PRODUCER_LINGER_MS: '2',
    KAFKA_PRODUCER_BATCH_SIZE: '',
  })
  assert.deepEqual(config.kafkaConsumerProperties, { 'fetch.min.bytes': '1000' })
  assert.deepEqual(config.kafkaProducerProperties, { 'linger.ms': '2' })
  assert.deepEqual(warnings, [])
})

test('a property that librdkafka spells with an underscore keeps it', () => {
  const { config } = load({ KAFKA_CONSUMER_LOG_LEVEL: '7' })
  assert.deepEqual(config.kafkaConsumerProperties, { log_level: '7' })
})

for (const [property, why] of Object.entries(REFUSED_PROPERTIES)) {
  test(`${property} is refused for both clients, with the reason`, () => {
    for (const prefix of ['KAFKA_CONSUMER_', 'KAFKA_PRODUCER_']) {
      const name = variable(prefix, property)
      assert.deepEqual(problemsOf({ [name]: '1' }), [`${name} cannot be set: ${property}: ${why}`])
    }
  })
}

for (const [property, own] of Object.entries(OWN_VARIABLES)) {
  test(`${property} is refused in favour of ${own}`, () => {
    assert.ok(VARIABLES.some(({ name }) => name === own))
    const name = variable('KAFKA_PRODUCER_', property)
    const problem = `${name} cannot be set: ${property}: it has a variable of its own, ${own}`
    assert.deepEqual(problemsOf({ [name]: '1' }), [problem])
  })
}

test('callbacks are refused', () => {
  for (const name of ['KAFKA_CONSUMER_REBALANCE_CB', 'KAFKA_PRODUCER_DR_MSG_CB']) {
    assert.match(problemsOf({ [name]: 'x' }).join('\n'), /cannot be set: .*callbacks are set by/)
  }
})

test('a property of the other client is refused and the right prefix is named', () => {
  assert.deepEqual(problemsOf({ KAFKA_CONSUMER_LINGER_MS: '1' }), [
    'KAFKA_CONSUMER_LINGER_MS cannot be set: linger.ms is a property of the other client ' +
      '(KAFKA_PRODUCER_…)',
  ])
})

test('every refused property is one that librdkafka knows', () => {
  const known = new Set([...CONSUMER_PROPERTIES, ...PRODUCER_PROPERTIES])
  const refused = [...Object.keys(REFUSED_PROPERTIES), ...Object.keys(OWN_VARIABLES)]
  assert.deepEqual(
    refused.filter((property) => !known.has(property)),
    [],
  )
})

test('the properties are those of the installed librdkafka', () => {
  const folder = 'node_modules/@confluentinc/kafka-javascript/deps/librdkafka'
  const file = new URL(`../../../${folder}/CONFIGURATION.md`, import.meta.url)
  const onlyByCode =
    /_cb$|^(opaque|default_topic_conf|ssl_(key|certificate|ca|engine_callback_data))$/
  const noProperty = /^(builtin\.features|enabled_events|msg_order_cmp)$/
  const documented = new Map<string, string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, property = '', client = ''] = /^([a-z._]+) +\| +([*CP]) +\|/.exec(line) ?? []
    const isSettable = property !== '' && !onlyByCode.test(property) && !noProperty.test(property)
    if (isSettable && !documented.has(property)) documented.set(property, client)
  }
  const takenBy = (other: string): readonly string[] =>
    [...documented].filter(([, client]) => client !== other).map(([property]) => property)
  assert.ok(documented.size > 150)
  assert.deepEqual(CONSUMER_PROPERTIES.toSorted(), takenBy('P').toSorted())
  assert.deepEqual(PRODUCER_PROPERTIES.toSorted(), takenBy('C').toSorted())
})
