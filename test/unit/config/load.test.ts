import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../../../src/config/schema.ts'
import { LEAST, load, problemsOf } from './environment.ts'

test('four variables are enough, and all others have their default', () => {
  const { config, warnings } = load()
  assert.deepEqual(config, {
    kafkaBrokers: ['kafka:9092'],
    schemaRegistryUrl: ['http://registry:8081'],
    appId: 'flights',
    modelDir: 'models/flight-delay',
    instanceId: 'host-1',
    inputTopic: 'events',
    inputFormat: 'registry',
    outputFormat: 'avro',
    tombstones: 'dead-letter',
    featuresTopic: 'ml-features',
    predictionsTopic: 'ml-predictions',
    auditTopic: 'ml-audit-log',
    deadLetterTopic: 'ml-dead-letters',
    deadLetterHeaders: 'millrace',
    dlqMaxReplays: 3,
    dlqMaxRatio: 0.5,
    dlqMinRecords: 1_000,
    dlqTripPauseMs: 30_000,
    dlqWindowMs: 60_000,
    driftFalseAlarmsPerMonth: 1,
    driftWindowMs: 86_400_000,
    driftWindowRecords: 1_000_000_000,
    lateTopic: 'ml-late-events',
    stateTopic: 'flights-state',
    commitIntervalMs: 100,
    commitMaxRecords: 10_000,
    batchMaxRecords: 1000,
    httpHost: '0.0.0.0',
    httpPort: 8080,
    stateBytesMax: 1_073_741_824,
    stateKeysMax: 1_000_000,
    shutdownGraceMs: 10_000,
    rebalanceDrainMs: 2000,
    stateOnGap: 'refuse',
    stateOnMismatch: 'refuse',
    sessionTimeoutMs: 8_000,
    leaveGroupOnStop: false,
    transactionTimeoutMs: 15_000,
    schemaSubjectStrategy: 'topic-name',
    schemaAutoRegister: false,
    inferenceThreads: 1,
    logLevel: 'info',
    logFormat: 'auto',
    statisticsIntervalMs: 1000,
    kafkaSecurityProtocol: 'plaintext',
    schemaRegistryCa: undefined,
    kafkaConsumerProperties: {},
    kafkaProducerProperties: {},
    otelSdkDisabled: false,
    otelExporterOtlpProtocol: 'http/protobuf',
    otelExporterOtlpTimeout: 10_000,
    otelExporterOtlpCompression: 'none',
    otelTracesSampler: 'parentbased_always_on',
    otelTracesSamplerArg: 1,
    otelSpanLinkCountLimit: 32,
    otelBspScheduleDelay: 5_000,
    otelBspMaxQueueSize: 2_048,
    otelBspMaxExportBatchSize: 512,
    otelBspExportTimeout: 30_000,
  })
  assert.deepEqual(warnings, [])
})

test('an empty value counts as unset', () => {
  const { config, sources } = load({ COMMIT_INTERVAL_MS: '', INSTANCE_ID: '', STATE_TOPIC: '' })
  assert.equal(config.commitIntervalMs, 100)
  assert.equal(config.instanceId, 'host-1')
  assert.equal(config.stateTopic, 'flights-state')
  assert.equal(sources.get('COMMIT_INTERVAL_MS'), 'default')
  assert.match(problemsOf({ APP_ID: '' }).join('\n'), /^APP_ID is required: /)
})

test('a value of the environment replaces the default, and its source says so', () => {
  const { config, sources } = load({
    COMMIT_INTERVAL_MS: '250',
    SCHEMA_AUTO_REGISTER: 'TRUE',
    KAFKA_BROKERS: 'a:1, [::1]:65535',
    STATE_TOPIC: 'other',
  })
  assert.equal(config.commitIntervalMs, 250)
  assert.equal(config.schemaAutoRegister, true)
  assert.deepEqual(config.kafkaBrokers, ['a:1', '[::1]:65535'])
  assert.equal(config.stateTopic, 'other')
  assert.equal(sources.get('COMMIT_INTERVAL_MS'), 'environment')
  assert.equal(sources.get('HTTP_PORT'), 'default')
})

test('every problem is told at once, a line each: the variable, what it must be, its value', () => {
  const problems = problemsOf({
    KAFKA_BROKERS: undefined,
    APP_ID: 'my app',
    SCHEMA_REGISTRY_URL: 'registry:8081',
    SESSION_TIMEOUT_MS: '10s',
    INPUT_FORMAT: 'avro',
    LATE_TOPIC: 'ml-features',
    HTTP_PORT: '65536',
    INFERENCE_THREADS: '0',
    KAFKA_SASL_PASSWORD_FILE: '/secrets/password',
    KAFKA_CONSUMER_ISOLATION_LEVEL: 'read_uncommitted',
    KAFKA_PRODUCER_LINGER: '5',
  })
  assert.deepEqual(problems, [
    'KAFKA_SASL_PASSWORD_FILE must be the path of a readable file, got "/secrets/password" (ENOENT)',
    'APP_ID must be 1 to 200 characters of A-Z a-z 0-9 . _ -, got "my app"',
    'KAFKA_BROKERS is required: host:port, separated by commas, without a protocol. ' +
      'Brokers to find the cluster by, e.g. `kafka-1:9092,kafka-2:9092`',
    'SESSION_TIMEOUT_MS must be a whole number from 1000 to 1800000, got "10s"',
    'SCHEMA_REGISTRY_URL must be http:// or https:// addresses, separated by commas, without a ' +
      'user or password in them, got "registry:8081"',
    'INPUT_FORMAT must be one of registry, json, got "avro"',
    'INFERENCE_THREADS must be a whole number from 1 to 64, got "0"',
    'HTTP_PORT must be a whole number from 0 to 65535, got "65536"',
    'LATE_TOPIC must differ from FEATURES_TOPIC, got "ml-features" for both',
    'KAFKA_SASL_PASSWORD needs KAFKA_SECURITY_PROTOCOL=sasl_ssl (or sasl_plaintext)',
    'KAFKA_CONSUMER_ISOLATION_LEVEL cannot be set: isolation.level: only read_committed protects ' +
      'against the offsets of an aborted transaction',
    'KAFKA_PRODUCER_LINGER must name a property of librdkafka, got linger; did you mean linger.ms?',
  ])
})

const BOUNDS = [
  ['COMMIT_INTERVAL_MS', 1, 14_999],
  ['HTTP_PORT', 0, 65_535],
  ['INFERENCE_THREADS', 1, 64],
  ['STATISTICS_INTERVAL_MS', 100, 60_000],
] as const

for (const [name, min, max] of BOUNDS) {
  test(`${name} may be ${min} and ${max}, and nothing beyond`, () => {
    for (const inside of [min, max]) assert.deepEqual(problemsOf({ [name]: String(inside) }), [])
    for (const outside of [min - 1, max + 1, `${min}.5`, ` ${min}`, '1e3', 'Infinity']) {
      assert.equal(problemsOf({ [name]: String(outside) }).length, 1, `${outside}`)
    }
  })
}

test('a rate is written as a decimal within its bounds', () => {
  const { config } = load({ DRIFT_FALSE_ALARMS_PER_MONTH: '0.25' })
  assert.equal(config.driftFalseAlarmsPerMonth, 0.25)
  for (const written of ['0', '1001', '1e2', '-1', '.5']) {
    assert.deepEqual(problemsOf({ DRIFT_FALSE_ALARMS_PER_MONTH: written }), [
      `DRIFT_FALSE_ALARMS_PER_MONTH must be a number from 0.001 to 1000, got "${written}"`,
    ])
  }
})

test('a share is written as a decimal from 0 to 1', () => {
  for (const [written, value] of [
    ['0', 0],
    ['0.05', 0.05],
    ['1', 1],
    ['1.0', 1],
  ] as const) {
    assert.equal(load({ DLQ_MAX_RATIO: written }).config.dlqMaxRatio, value)
  }
  for (const written of ['1.01', '-0.1', '.5', '5%', '1e-3', '2']) {
    assert.deepEqual(problemsOf({ DLQ_MAX_RATIO: written }), [
      `DLQ_MAX_RATIO must be a number from 0 to 1, got "${written}"`,
    ])
  }
})

test('broker addresses are host and port, nothing else', () => {
  const wrong = [
    'kafka',
    'kafka:',
    ':9092',
    'kafka:0',
    'kafka:65536',
    'a:1,',
    'a:1,,b:1',
    'a:1 b:1',
  ]
  for (const brokers of [...wrong, 'SASL_SSL://kafka:9092', 'http://kafka:9092/']) {
    assert.equal(problemsOf({ KAFKA_BROKERS: brokers }).length, 1, brokers)
  }
})

test('topic names are those that Kafka takes', () => {
  for (const topic of ['a', 'A.b_c-9', 'x'.repeat(249), '...']) {
    assert.deepEqual(problemsOf({ INPUT_TOPIC: topic }), [], topic)
  }
  for (const topic of ['.', '..', 'a b', 'ä', 'a/b', 'a\n', 'x'.repeat(250)]) {
    assert.equal(problemsOf({ INPUT_TOPIC: topic }).length, 1, topic)
  }
})

test('a problem is one line, whatever the value', () => {
  assert.deepEqual(problemsOf({ APP_ID: 'a\nb "c"' }), [
    'APP_ID must be 1 to 200 characters of A-Z a-z 0-9 . _ -, got "a\\nb \\"c\\""',
  ])
})

test('a long value is cut in the message', () => {
  const [problem = ''] = problemsOf({ APP_ID: `!${'x'.repeat(10_000)}` })
  assert.ok(problem.length < 250, `${problem.length} characters`)
})

test('a secret may come from a file, without the line break at its end', () => {
  const { config, sources } = load(
    {
      SCHEMA_REGISTRY_TOKEN_FILE: '/token',
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'millrace',
      KAFKA_SASL_PASSWORD_FILE: '/password',
    },
    { '/token': 'a token\n', '/password': ' with spaces \r\n' },
  )
  assert.equal(config.schemaRegistryToken, 'a token')
  assert.equal(config.kafkaSaslPassword, ' with spaces ')
  assert.equal(config.kafkaSaslMechanism, 'SCRAM-SHA-512')
  assert.equal(sources.get('KAFKA_SASL_PASSWORD'), 'file')
  assert.equal(sources.get('KAFKA_SASL_PASSWORD_FILE'), 'environment')
})

test('an empty secret file is refused', () => {
  assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_TOKEN_FILE: '/token' }, { '/token': '\n' }), [
    'SCHEMA_REGISTRY_TOKEN_FILE must name a file that is not empty',
  ])
})

test('a secret and its file together are refused', () => {
  const both = { SCHEMA_REGISTRY_TOKEN: 'a', SCHEMA_REGISTRY_TOKEN_FILE: '/token' }
  assert.deepEqual(problemsOf(both, { '/token': 'b' }), [
    'SCHEMA_REGISTRY_TOKEN and SCHEMA_REGISTRY_TOKEN_FILE must not both be set',
  ])
})

test('no secret is in any problem or warning', () => {
  const secret = 'hunter2'
  const names = VARIABLES.filter((variable) => variable.secret === true).map(({ name }) => name)
  assert.ok(names.length >= 4)
  const spread = [
    ...names,
    ...names.map((name) => `${name}_FILE`),
    ...names.map((name) => `${name}S`),
    'KAFKA_CONSUMER_SASL_PASSWORD',
    'KAFKA_CONSUMER_SSL_KEY_PASSWORD',
    'KAFKA_PRODUCER_SASL_PASWORD',
    'KAFKA_PRODUCER_SASL_OAUTHBEARER_CLIENT_SECRET',
  ]
  const env = {
    ...Object.fromEntries(spread.map((name) => [name, secret])),
    SCHEMA_REGISTRY_URL: `http://user:${secret}@registry:8081,http://b:${secret}@/`,
    KAFKA_BROKERS: `user:${secret}@kafka:9092`,
  }
  const problems = problemsOf(env)
  assert.ok(problems.length > 8)
  assert.deepEqual(
    problems.filter((line) => line.includes(secret)),
    [],
  )
  const sound = { ...LEAST, KAFKA_SASL_PASWORD: secret, SCHEMA_REGISTRY_TOKEN: secret }
  assert.ok(!load(sound).warnings.join('\n').includes(secret))
})

test('a secret that is wrong by itself is masked', () => {
  assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_TOKEN: 'hunter2\nhunter2' }), [
    'SCHEMA_REGISTRY_TOKEN must be text on one line, without control characters, got ***',
  ])
  const file = { SCHEMA_REGISTRY_TOKEN_FILE: '/token' }
  assert.deepEqual(problemsOf(file, { '/token': 'hunter2\n\n' }), [
    'SCHEMA_REGISTRY_TOKEN must be text on one line, without control characters, got ***',
  ])
})

test('a secret set as the name of its file is masked', () => {
  assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_TOKEN_FILE: 'hunter2' }), [
    'SCHEMA_REGISTRY_TOKEN_FILE must be the path of a readable file, got *** (ENOENT)',
  ])
})

test('outputs are plain JSON when the input is, unless said otherwise', () => {
  assert.equal(load({ INPUT_FORMAT: 'json', SCHEMA_REGISTRY_URL: '' }).config.outputFormat, 'json')
  const { config } = load({ INPUT_FORMAT: 'json', OUTPUT_FORMAT: 'JSON-Schema' })
  assert.equal(config.outputFormat, 'json-schema')
})
