import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../../../src/config/schema.ts'
import { configCommand } from '../../../src/tools/config.ts'
import { load } from '../config/environment.ts'

const SECURED = load(
  {
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'millrace',
    KAFKA_SASL_PASSWORD_FILE: '/password',
    SCHEMA_REGISTRY_TOKEN: 'hunter2',
    KAFKA_PRODUCER_LINGER_MS: '2',
    KAFKA_CONSUMER_SASL_OAUTHBEARER_CLIENT_SECRET: 'hunter2',
    KAFKA_BROKER: 'hunter2',
    COMMIT_INTERVAL_MS: '250',
  },
  { '/password': 'hunter2' },
)

/** Rows by variable: value and source. */
function rowsOf(table: string): ReadonlyMap<string, string> {
  return new Map(
    table.split('\n').map((line) => {
      const [name = '', ...rest] = line.split(/ {2,}/)
      return [name, rest.join('|')]
    }),
  )
}

test('the table has every variable, its effective value and its source', () => {
  const rows = rowsOf(configCommand(SECURED, { json: false }))
  for (const { name } of VARIABLES) assert.ok(rows.has(name), name)
  assert.equal(rows.get('VARIABLE'), 'VALUE|SOURCE')
  assert.equal(rows.get('COMMIT_INTERVAL_MS'), '250|environment')
  assert.equal(rows.get('INPUT_TOPIC'), 'events|default')
  assert.equal(rows.get('STATE_TOPIC'), 'flights-state|default')
  assert.equal(rows.get('KAFKA_SASL_PASSWORD'), '***|file')
  assert.equal(rows.get('KAFKA_SASL_PASSWORD_FILE'), '/password|environment')
  assert.equal(rows.get('SCHEMA_REGISTRY_TOKEN'), '***|environment')
  assert.equal(rows.get('KAFKA_TLS_CA_FILE'), '(unset)|default')
  assert.equal(rows.get('KAFKA_TLS_KEY_PASSWORD'), '(unset)|default')
  assert.equal(rows.get('KAFKA_PRODUCER_LINGER_MS'), '2|environment')
  assert.equal(rows.get('KAFKA_CONSUMER_SASL_OAUTHBEARER_CLIENT_SECRET'), '***|environment')
})

test('warnings follow the table', () => {
  const table = configCommand(SECURED, { json: false })
  assert.ok(table.endsWith(`\n\nwarning: ${SECURED.warnings[0]}\n`))
  assert.ok(!configCommand(load(), { json: false }).includes('warning'))
})

test('no secret is printed, as a table or as JSON', () => {
  for (const json of [false, true]) {
    assert.ok(!configCommand(SECURED, { json }).includes('hunter2'))
  }
})

test('JSON says the same as the table', () => {
  const { variables, warnings } = JSON.parse(configCommand(SECURED, { json: true }))
  const rows = rowsOf(configCommand(SECURED, { json: false }))
  assert.deepEqual(warnings, SECURED.warnings)
  assert.equal(variables.length, VARIABLES.length + 2)
  for (const { name, value, source } of variables) {
    assert.equal(rows.get(name), `${value ?? '(unset)'}|${source}`)
  }
})
