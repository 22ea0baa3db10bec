import type { VariableKey, Variables } from './schema.ts'

/** Values by key; those that are wrong by themselves have their default, or are absent. */
type Values = { readonly [Key in VariableKey]?: Variables[Key] | undefined }

/** A rule over several variables. */
interface Rule {
  /** The rule is silent when one of these is itself wrong. */
  readonly about: readonly VariableKey[]
  /**
   * What is wrong, a line each; values are never secret ones.
   *
   * @param broken keys of what is wrong by itself
   */
  readonly check: (values: Values, broken: ReadonlySet<string>) => readonly string[]
}

/** `<APP_ID>-<INSTANCE_ID>` names a group member, and Kafka checks it as it checks a topic name. */
const MEMBER_LENGTH_MAX = 249

const TOPICS = [
  ['INPUT_TOPIC', 'inputTopic'],
  ['FEATURES_TOPIC', 'featuresTopic'],
  ['PREDICTIONS_TOPIC', 'predictionsTopic'],
  ['AUDIT_TOPIC', 'auditTopic'],
  ['DEAD_LETTER_TOPIC', 'deadLetterTopic'],
  ['LATE_TOPIC', 'lateTopic'],
  ['STATE_TOPIC', 'stateTopic'],
] as const satisfies readonly (readonly [string, VariableKey])[]

const TLS = [
  ['KAFKA_TLS_CA_FILE', 'kafkaTlsCaFile'],
  ['KAFKA_TLS_CERT_FILE', 'kafkaTlsCertFile'],
  ['KAFKA_TLS_KEY_FILE', 'kafkaTlsKeyFile'],
  ['KAFKA_TLS_KEY_PASSWORD', 'kafkaTlsKeyPassword'],
] as const satisfies readonly (readonly [string, VariableKey])[]

const SASL = [
  ['KAFKA_SASL_MECHANISM', 'kafkaSaslMechanism'],
  ['KAFKA_SASL_USERNAME', 'kafkaSaslUsername'],
  ['KAFKA_SASL_PASSWORD', 'kafkaSaslPassword'],
] as const satisfies readonly (readonly [string, VariableKey])[]

/** The rules over several variables, told like those over one. */
export const RULES: readonly Rule[] = [
  { about: ['appId', 'instanceId'], check: checkMember },
  { about: ['schemaRegistryUrl', 'inputFormat', 'outputFormat'], check: checkRegistryUrl },
  { about: [], check: checkTopics },
  { about: ['commitIntervalMs', 'transactionTimeoutMs'], check: checkTimeouts },
  { about: ['batchMaxRecords', 'commitMaxRecords'], check: checkSizes },
  { about: ['kafkaSecurityProtocol', 'kafkaSaslMechanism'], check: checkSasl },
  { about: ['kafkaSecurityProtocol'], check: checkTls },
  { about: ['schemaRegistryPassword'], check: checkRegistryAccess },
]

function checkMember({ appId = '', instanceId = '' }: Values): readonly string[] {
  const { length } = `${appId}-${instanceId}`
  if (length <= MEMBER_LENGTH_MAX) return []
  return [
    `APP_ID and INSTANCE_ID must have at most ${MEMBER_LENGTH_MAX - 1} characters together, ` +
      `got ${length - 1}`,
  ]
}

function checkRegistryUrl(values: Values): readonly string[] {
  if (values.schemaRegistryUrl !== undefined) return []
  if (values.inputFormat === 'registry') {
    return [
      'SCHEMA_REGISTRY_URL is required with INPUT_FORMAT=registry; for plain JSON without a ' +
        'registry set INPUT_FORMAT=json',
    ]
  }
  const format = outputFormatOf(values)
  return format === 'json' ? [] : [`SCHEMA_REGISTRY_URL is required with OUTPUT_FORMAT=${format}`]
}

/** As the input, once that is known: a service without a registry needs none for its outputs. */
export function outputFormatOf({ inputFormat, outputFormat }: Values) {
  return outputFormat ?? (inputFormat === 'json' ? 'json' : 'avro')
}

/** The topic's own default, once `APP_ID` is known. */
export function stateTopicOf({ stateTopic, appId }: Values): string {
  return stateTopic ?? `${appId}-state`
}

function checkTopics(values: Values, broken: ReadonlySet<string>): readonly string[] {
  const problems: string[] = []
  const users = new Map<string, string>()
  const topics = { ...values, stateTopic: stateTopicOf(values) }
  for (const [name, key] of TOPICS) {
    const topic = topics[key]
    if (topic === undefined || broken.has(key)) continue
    const other = users.get(topic)
    if (other === undefined) users.set(topic, name)
    else problems.push(`${name} must differ from ${other}, got "${topic}" for both`)
  }
  return problems
}

function checkTimeouts(values: Values): readonly string[] {
  const { commitIntervalMs = 0, transactionTimeoutMs = Number.POSITIVE_INFINITY } = values
  if (commitIntervalMs < transactionTimeoutMs) return []
  return [
    `COMMIT_INTERVAL_MS must be less than TRANSACTION_TIMEOUT_MS (${transactionTimeoutMs}), or ` +
      `the broker aborts the transaction before it commits, got "${commitIntervalMs}"`,
  ]
}

function checkSizes(values: Values): readonly string[] {
  const { batchMaxRecords = 0, commitMaxRecords = Number.POSITIVE_INFINITY } = values
  if (batchMaxRecords <= commitMaxRecords) return []
  return [
    `BATCH_MAX_RECORDS must be at most COMMIT_MAX_RECORDS (${commitMaxRecords}), since a batch ` +
      `is never split, got "${batchMaxRecords}"`,
  ]
}

function checkSasl(values: Values, broken: ReadonlySet<string>): readonly string[] {
  const given = SASL.filter(([, key]) => values[key] !== undefined || broken.has(key)).map(
    ([name]) => name,
  )
  if (!values.kafkaSecurityProtocol?.startsWith('sasl')) {
    return given.map((name) => `${name} needs KAFKA_SECURITY_PROTOCOL=sasl_ssl (or sasl_plaintext)`)
  }
  const mechanism = values.kafkaSaslMechanism
  const isByPassword = mechanism === undefined || /^(PLAIN|SCRAM)/.test(mechanism)
  const needed = isByPassword ? SASL : SASL.slice(0, 1)
  return needed
    .filter(([name]) => !given.includes(name))
    .map(
      ([name]) =>
        `${name} is required with KAFKA_SECURITY_PROTOCOL=${values.kafkaSecurityProtocol}` +
        (mechanism === undefined ? '' : ` and KAFKA_SASL_MECHANISM=${mechanism}`) +
        (name.endsWith('PASSWORD') ? ' (or KAFKA_SASL_PASSWORD_FILE)' : ''),
    )
}

function checkTls(values: Values): readonly string[] {
  const given = TLS.filter(([, key]) => values[key] !== undefined).map(([name]) => name)
  if (!values.kafkaSecurityProtocol?.endsWith('ssl')) {
    return given.map((name) => `${name} needs KAFKA_SECURITY_PROTOCOL=ssl (or sasl_ssl)`)
  }
  const { kafkaTlsCertFile: cert, kafkaTlsKeyFile: key, kafkaTlsKeyPassword: password } = values
  if (cert !== undefined && key === undefined) {
    return ['KAFKA_TLS_KEY_FILE is required with KAFKA_TLS_CERT_FILE']
  }
  if (cert === undefined && (key !== undefined || password !== undefined)) {
    return ['KAFKA_TLS_CERT_FILE is required with KAFKA_TLS_KEY_FILE and its password']
  }
  return []
}

function checkRegistryAccess(values: Values): readonly string[] {
  const { schemaRegistryUsername: user, schemaRegistryPassword: password } = values
  const problems: string[] = []
  if (user !== undefined && password === undefined) {
    problems.push(
      'SCHEMA_REGISTRY_PASSWORD (or SCHEMA_REGISTRY_PASSWORD_FILE) is required with ' +
        'SCHEMA_REGISTRY_USERNAME',
    )
  }
  if (user === undefined && password !== undefined) {
    problems.push('SCHEMA_REGISTRY_USERNAME is required with SCHEMA_REGISTRY_PASSWORD')
  }
  if (values.schemaRegistryToken !== undefined && (user ?? password) !== undefined) {
    problems.push('SCHEMA_REGISTRY_TOKEN must not be set beside a user and password')
  }
  return problems
}
