import {
  brokers,
  choice,
  credential,
  file,
  flag,
  folder,
  optional,
  required,
  text,
  urls,
  whole,
  withDefault,
} from './variable.ts'

/** How to reach Kafka. */
export const kafkaVariables = {
  kafkaBrokers: required(brokers, {
    name: 'KAFKA_BROKERS',
    group: 'Kafka',
    description: 'Brokers to find the cluster by, e.g. `kafka-1:9092,kafka-2:9092`',
  }),
  sessionTimeoutMs: withDefault(whole(1000, 1_800_000), {
    name: 'SESSION_TIMEOUT_MS',
    group: 'Kafka',
    unit: 'ms',
    // What a crash costs, against how long a restart or a pause of the process may take.
    default: '8000',
    description:
      'After this long without a heartbeat the partitions go to other instances: that much, and up to ' +
      '3 s, is what a crash costs. An instance that restarts sooner takes its own partitions up again ' +
      'without a rebalance, so it should be longer than a restart takes, where that can be. Brokers ' +
      'take 6 s to 30 min unless set otherwise (`group.min.session.timeout.ms`)',
  }),
  leaveGroupOnStop: withDefault(flag, {
    name: 'LEAVE_GROUP_ON_STOP',
    group: 'Kafka',
    default: 'false',
    description:
      '`true`: an instance that is asked to stop hands its partitions over at once, as suits a number ' +
      'of instances that changes often. `false`: they wait for it to come back, for ' +
      '`SESSION_TIMEOUT_MS` at most, as suits rolling updates, which then move nothing',
  }),
  transactionTimeoutMs: withDefault(whole(1000, 900_000), {
    name: 'TRANSACTION_TIMEOUT_MS',
    group: 'Kafka',
    unit: 'ms',
    default: '15000',
    description:
      'After this long the broker aborts an open transaction. Until then the open transaction of a ' +
      'dead instance holds back every read-committed reader',
  }),
  statisticsIntervalMs: withDefault(whole(100, 60_000), {
    name: 'STATISTICS_INTERVAL_MS',
    group: 'Kafka',
    unit: 'ms',
    default: '1000',
    description: 'How often the client tells its statistics: lag and broker figures follow them',
  }),
}

/** How to be let in by Kafka. */
export const kafkaSecurityVariables = {
  kafkaSecurityProtocol: withDefault(choice(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl']), {
    name: 'KAFKA_SECURITY_PROTOCOL',
    group: 'Kafka security',
    default: 'plaintext',
    description: 'How brokers are talked to; upper case works too',
  }),
  kafkaSaslMechanism: optional(
    choice(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'GSSAPI']),
    {
      name: 'KAFKA_SASL_MECHANISM',
      group: 'Kafka security',
      requiredWhen: 'with a SASL protocol',
      description:
        'How the service proves who it is. OAUTHBEARER and GSSAPI take what else they need as ' +
        'properties of both clients, e.g. `KAFKA_CONSUMER_SASL_OAUTHBEARER_…` and ' +
        '`KAFKA_PRODUCER_SASL_OAUTHBEARER_…`',
    },
  ),
  kafkaSaslUsername: optional(text, {
    name: 'KAFKA_SASL_USERNAME',
    group: 'Kafka security',
    requiredWhen: 'with PLAIN and SCRAM',
    description: 'User',
  }),
  kafkaSaslPassword: optional(credential, {
    name: 'KAFKA_SASL_PASSWORD',
    group: 'Kafka security',
    requiredWhen: 'with PLAIN and SCRAM, or as a file',
    secret: true,
    description: 'Password',
  }),
  kafkaSaslPasswordFile: optional(file, {
    name: 'KAFKA_SASL_PASSWORD_FILE',
    group: 'Kafka security',
    description: 'File that holds the password, instead of the variable',
  }),
  kafkaTlsCaFile: optional(file, {
    name: 'KAFKA_TLS_CA_FILE',
    group: 'Kafka security',
    description: "PEM file of the authorities to trust; unset: the system's",
  }),
  kafkaTlsCertFile: optional(file, {
    name: 'KAFKA_TLS_CERT_FILE',
    group: 'Kafka security',
    description: "PEM file of the service's own certificate, for mutual TLS",
  }),
  kafkaTlsKeyFile: optional(file, {
    name: 'KAFKA_TLS_KEY_FILE',
    group: 'Kafka security',
    description: 'PEM file of the key of that certificate',
  }),
  kafkaTlsKeyPassword: optional(credential, {
    name: 'KAFKA_TLS_KEY_PASSWORD',
    group: 'Kafka security',
    secret: true,
    description: 'Password of that key',
  }),
  kafkaTlsKeyPasswordFile: optional(file, {
    name: 'KAFKA_TLS_KEY_PASSWORD_FILE',
    group: 'Kafka security',
    description: 'File that holds the password of that key, instead of the variable',
  }),
}

/** How to reach the schema registry. */
export const registryVariables = {
  schemaRegistryUrl: optional(urls, {
    name: 'SCHEMA_REGISTRY_URL',
    group: 'Schema registry',
    requiredWhen: 'unless input and output are plain JSON',
    description: 'Addresses of the registry, tried in order',
  }),
  schemaRegistryUsername: optional(text, {
    name: 'SCHEMA_REGISTRY_USERNAME',
    group: 'Schema registry',
    description: 'User, for basic authentication',
  }),
  schemaRegistryPassword: optional(credential, {
    name: 'SCHEMA_REGISTRY_PASSWORD',
    group: 'Schema registry',
    secret: true,
    description: 'Password, for basic authentication',
  }),
  schemaRegistryPasswordFile: optional(file, {
    name: 'SCHEMA_REGISTRY_PASSWORD_FILE',
    group: 'Schema registry',
    description: 'File that holds the password, instead of the variable',
  }),
  schemaRegistryToken: optional(credential, {
    name: 'SCHEMA_REGISTRY_TOKEN',
    group: 'Schema registry',
    secret: true,
    description: 'Bearer token, instead of user and password',
  }),
  schemaRegistryTokenFile: optional(file, {
    name: 'SCHEMA_REGISTRY_TOKEN_FILE',
    group: 'Schema registry',
    description: 'File that holds the bearer token, instead of the variable; read once, at start',
  }),
  schemaRegistryCaFile: optional(file, {
    name: 'SCHEMA_REGISTRY_CA_FILE',
    group: 'Schema registry',
    description: "PEM file of the authorities to trust; unset: Node's own",
  }),
  schemaCacheDir: optional(folder, {
    name: 'SCHEMA_CACHE_DIR',
    group: 'Schema registry',
    description:
      'Folder that keeps what the registry answered, created when it is not there. With it the service ' +
      'also starts while the registry is away, as far as it knows the schemas. Unset: nothing is kept',
  }),
  schemaSubjectStrategy: withDefault(choice(['topic-name', 'record-name', 'topic-record-name']), {
    name: 'SCHEMA_SUBJECT_STRATEGY',
    group: 'Schema registry',
    default: 'topic-name',
    description: "How subjects of output schemas are named, as Confluent's serializers do",
  }),
  schemaAutoRegister: withDefault(flag, {
    name: 'SCHEMA_AUTO_REGISTER',
    group: 'Schema registry',
    default: 'false',
    description:
      'Register output schemas that are not there yet. Leave it off in production, where schemas ' +
      'are registered by whoever reviews them; the files are in `schemas/`',
  }),
}
