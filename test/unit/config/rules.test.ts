import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, problemsOf } from './environment.ts'

const SASL = {
  KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
  KAFKA_SASL_MECHANISM: 'PLAIN',
  KAFKA_SASL_USERNAME: 'millrace',
  KAFKA_SASL_PASSWORD: 'secret',
}
const TLS_FILES = { '/ca': 'ca', '/cert': 'cert', '/key': 'key' }

const BROKEN: readonly (readonly [law: string, env: Record<string, string>, problem: string])[] = [
  [
    'the registry format needs a registry',
    { SCHEMA_REGISTRY_URL: '' },
    'SCHEMA_REGISTRY_URL is required with INPUT_FORMAT=registry; for plain JSON without a registry ' +
      'set INPUT_FORMAT=json',
  ],
  [
    'outputs with schemas need a registry',
    { SCHEMA_REGISTRY_URL: '', INPUT_FORMAT: 'json', OUTPUT_FORMAT: 'protobuf' },
    'SCHEMA_REGISTRY_URL is required with OUTPUT_FORMAT=protobuf',
  ],
  [
    'a transaction commits before the broker times it out',
    { COMMIT_INTERVAL_MS: '15000' },
    'COMMIT_INTERVAL_MS must be less than TRANSACTION_TIMEOUT_MS (15000), or the broker aborts the ' +
      'transaction before it commits, got "15000"',
  ],
  [
    'a batch fits into a transaction',
    { COMMIT_MAX_RECORDS: '500' },
    'BATCH_MAX_RECORDS must be at most COMMIT_MAX_RECORDS (500), since a batch is never split, ' +
      'got "1000"',
  ],
  [
    'no output goes back into the input',
    { PREDICTIONS_TOPIC: 'events' },
    'PREDICTIONS_TOPIC must differ from INPUT_TOPIC, got "events" for both',
  ],
  [
    'the state topic is no other topic, also by its default',
    { AUDIT_TOPIC: 'flights-state' },
    'STATE_TOPIC must differ from AUDIT_TOPIC, got "flights-state" for both',
  ],
  [
    'the member has a name that Kafka takes',
    { APP_ID: 'a'.repeat(150), INSTANCE_ID: 'i'.repeat(99) },
    'APP_ID and INSTANCE_ID must have at most 248 characters together, got 249',
  ],
  [
    'SASL needs a mechanism',
    { ...SASL, KAFKA_SASL_MECHANISM: '' },
    'KAFKA_SASL_MECHANISM is required with KAFKA_SECURITY_PROTOCOL=sasl_ssl',
  ],
  [
    'PLAIN needs a user',
    { ...SASL, KAFKA_SASL_USERNAME: '' },
    'KAFKA_SASL_USERNAME is required with KAFKA_SECURITY_PROTOCOL=sasl_ssl and ' +
      'KAFKA_SASL_MECHANISM=PLAIN',
  ],
  [
    'PLAIN needs a password',
    { ...SASL, KAFKA_SASL_PASSWORD: '' },
    'KAFKA_SASL_PASSWORD is required with KAFKA_SECURITY_PROTOCOL=sasl_ssl and ' +
      'KAFKA_SASL_MECHANISM=PLAIN (or KAFKA_SASL_PASSWORD_FILE)',
  ],
  [
    'a user is of no use without SASL',
    { KAFKA_SASL_USERNAME: 'millrace' },
    'KAFKA_SASL_USERNAME needs KAFKA_SECURITY_PROTOCOL=sasl_ssl (or sasl_plaintext)',
  ],
  [
    'certificates are of no use without TLS',
    { KAFKA_TLS_CA_FILE: '/ca' },
    'KAFKA_TLS_CA_FILE needs KAFKA_SECURITY_PROTOCOL=ssl (or sasl_ssl)',
  ],
  [
    'a certificate needs its key',
    { KAFKA_SECURITY_PROTOCOL: 'ssl', KAFKA_TLS_CERT_FILE: '/cert' },
    'KAFKA_TLS_KEY_FILE is required with KAFKA_TLS_CERT_FILE',
  ],
  [
    'a key needs its certificate',
    { KAFKA_SECURITY_PROTOCOL: 'ssl', KAFKA_TLS_KEY_FILE: '/key' },
    'KAFKA_TLS_CERT_FILE is required with KAFKA_TLS_KEY_FILE and its password',
  ],
  [
    'a registry user needs a password',
    { SCHEMA_REGISTRY_USERNAME: 'u' },
    'SCHEMA_REGISTRY_PASSWORD (or SCHEMA_REGISTRY_PASSWORD_FILE) is required with ' +
      'SCHEMA_REGISTRY_USERNAME',
  ],
  [
    'a registry password needs a user',
    { SCHEMA_REGISTRY_PASSWORD: 'p' },
    'SCHEMA_REGISTRY_USERNAME is required with SCHEMA_REGISTRY_PASSWORD',
  ],
  [
    'the registry takes a token or a user, not both',
    {
      SCHEMA_REGISTRY_USERNAME: 'u',
      SCHEMA_REGISTRY_PASSWORD: 'p',
      SCHEMA_REGISTRY_TOKEN: 't',
    },
    'SCHEMA_REGISTRY_TOKEN must not be set beside a user and password',
  ],
]

for (const [law, env, problem] of BROKEN) {
  test(law, () => assert.deepEqual(problemsOf(env, TLS_FILES), [problem]))
}

const SOUND: readonly (readonly [law: string, env: Record<string, string>])[] = [
  ['plain JSON needs no registry', { SCHEMA_REGISTRY_URL: '', INPUT_FORMAT: 'json' }],
  ['a batch may fill a transaction', { COMMIT_MAX_RECORDS: '1000' }],
  [
    'OAUTHBEARER needs no password',
    { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'OAUTHBEARER' },
  ],
  ['SASL does without TLS files', SASL],
  [
    'mutual TLS takes certificate and key',
    {
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      KAFKA_TLS_CA_FILE: '/ca',
      KAFKA_TLS_CERT_FILE: '/cert',
      KAFKA_TLS_KEY_FILE: '/key',
      KAFKA_TLS_KEY_PASSWORD: 'secret',
    },
  ],
  ['the longest member name is taken', { APP_ID: 'a'.repeat(150), INSTANCE_ID: 'i'.repeat(98) }],
]

for (const [law, env] of SOUND) {
  test(law, () => assert.deepEqual(problemsOf(env, TLS_FILES), []))
}

test('a rule is silent about a value that is wrong by itself', () => {
  assert.deepEqual(problemsOf({ TRANSACTION_TIMEOUT_MS: 'long', COMMIT_INTERVAL_MS: '20000' }), [
    'TRANSACTION_TIMEOUT_MS must be a whole number from 1000 to 900000, got "long"',
  ])
  assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_URL: 'x' }).length, 1)
  assert.deepEqual(
    problemsOf({ ...SASL, KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: '/x' }),
    ['KAFKA_SASL_PASSWORD_FILE must be the path of a readable file, got "/x" (ENOENT)'],
  )
})

test('the text of the registry authority is read', () => {
  const { config } = load({ SCHEMA_REGISTRY_CA_FILE: '/ca' }, TLS_FILES)
  assert.equal(config.schemaRegistryCa, 'ca')
})
