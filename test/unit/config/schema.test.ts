import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../../../src/config/schema.ts'
import { GROUPS } from '../../../src/config/variable.ts'

/** Those whose names are ours to choose. */
const OWN = VARIABLES.filter(({ name }) => !name.startsWith('OTEL_'))

/** Charts, checks and operators rely on these. */
const FIXED = [
  'KAFKA_BROKERS',
  'SCHEMA_REGISTRY_URL',
  'APP_ID',
  'INSTANCE_ID',
  'MODEL_DIR',
  'INPUT_TOPIC',
  'INPUT_FORMAT',
  'FEATURES_TOPIC',
  'PREDICTIONS_TOPIC',
  'AUDIT_TOPIC',
  'DEAD_LETTER_TOPIC',
  'LATE_TOPIC',
  'STATE_TOPIC',
  'COMMIT_INTERVAL_MS',
  'BATCH_MAX_RECORDS',
  'HTTP_HOST',
  'HTTP_PORT',
]

test('the fixed names are variables', () => {
  const names = VARIABLES.map(({ name }) => name)
  assert.deepEqual(
    FIXED.filter((name) => !names.includes(name)),
    [],
  )
})

test('a variable is the upper-case form of its key', () => {
  for (const { key, name } of VARIABLES) {
    assert.equal(name, key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
  }
})

test('every variable has a description, a rule and a group that is documented', () => {
  for (const { name, description, rule, group } of VARIABLES) {
    assert.ok(description.length > 0 && rule.length > 0, name)
    assert.ok(GROUPS.includes(group), name)
  }
})

test('a unit is the last part of the name', () => {
  for (const { name } of OWN.filter(({ unit }) => unit === 'ms')) assert.match(name, /_MS$/)
  for (const { name, unit } of OWN) if (name.endsWith('_MS')) assert.equal(unit, 'ms', name)
})

test('passwords and tokens are secret, and each may come from a file', () => {
  const names = VARIABLES.map(({ name }) => name)
  for (const { name, secret } of OWN) {
    assert.equal(secret === true, /(PASSWORD|TOKEN|SECRET)$/.test(name), name)
    if (secret === true) assert.ok(names.includes(`${name}_FILE`), name)
  }
})
