import type { Config } from './schema.ts'

/** librdkafka properties. */
export type ClientProperties = Readonly<Record<string, string | number | boolean>>

/** How to reach the schema registry: what `runtime/registry-client.ts` takes. */
export interface RegistryOptions {
  /** Tried in order. */
  readonly baseURLs: readonly string[]
  readonly basicAuth?: { readonly user: string; readonly password: string }
  readonly bearer?: string
  /** PEM text. */
  readonly ca?: string
}

/** Kafka's own default; a loop that has not polled for so long is taken for dead. */
const POLL_INTERVAL_MS = 300_000
/** A member learns of a rebalance by its next heartbeat, and partitions that move wait for all to know. */
const HEARTBEAT_MAX_MS = 500
const MEGABYTE = 1024 * 1024
/** More than any topic takes in practice. */
const RECORD_BYTES_MAX = 128 * MEGABYTE

/**
 * Properties of the consumer of the input topic. What was passed through comes last, and cannot be
 * what the guarantee rests on: loading refuses that.
 */
export function consumerProperties(config: Config): ClientProperties {
  const { sessionTimeoutMs } = config
  return {
    ...connectionProperties(config),
    'group.id': config.appId,
    'group.instance.id': memberOf(config),
    'partition.assignment.strategy': 'cooperative-sticky',
    'session.timeout.ms': sessionTimeoutMs,
    'heartbeat.interval.ms': Math.min(HEARTBEAT_MAX_MS, Math.floor(sessionTimeoutMs / 3)),
    // librdkafka refuses one that is shorter than the session.
    'max.poll.interval.ms': Math.max(POLL_INTERVAL_MS, sessionTimeoutMs),
    // Also makes the client ask for stable offsets only, which transactional commits need (KIP-447).
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'fetch.wait.max.ms': 100,
    // What is fetched ahead, per partition: more makes nothing faster, and a small record takes several
    // times its size in the queue. What is asked for while the queue is not full comes on top.
    'fetch.message.max.bytes': MEGABYTE / 2,
    'queued.min.messages': 10_000,
    // One queue for all partitions: 64 MB bound it.
    'queued.max.messages.kbytes': 65_536,
    // A full queue is looked at again soon: the default of 1 s empties it and stalls under backlog.
    'fetch.queue.backoff.ms': 20,
    ...config.kafkaConsumerProperties,
  }
}

/** Properties of the client that reads the changelog: no member of any group. */
export function changelogProperties(config: Config): ClientProperties {
  return {
    ...connectionProperties(config),
    // Nothing is subscribed or committed; but the client asks for the coordinator of this group, so it must
    // be one that the service has rights on.
    'group.id': config.appId,
    'client.id': `${memberOf(config)}-restore`,
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    // Tells how far a log is read whose last offsets are markers.
    'enable.partition.eof': true,
    'fetch.wait.max.ms': 20,
    // Each message waiting to be read costs some 350 bytes more than itself.
    'fetch.message.max.bytes': MEGABYTE,
    'queued.min.messages': 100_000,
    'queued.max.messages.kbytes': 65_536,
    'fetch.queue.backoff.ms': 10,
    'statistics.interval.ms': 0,
    ...passedToBoth(config),
  }
}

/** Properties of the client that reads the dead letters for the tools: no member of any group. */
export function queueProperties(config: Config): ClientProperties {
  return { ...changelogProperties(config), 'client.id': queueToolOf(config) }
}

/** Properties of the one producer of the dead-letter tools of an application. */
export function queueProducerProperties(config: Config): ClientProperties {
  const name = queueToolOf(config)
  return { ...producerProperties(config), 'client.id': name, 'transactional.id': name }
}

/** Properties of the client that creates topics. */
export function adminProperties(config: Config): ClientProperties {
  return { ...connectionProperties(config), 'statistics.interval.ms': 0, ...passedToBoth(config) }
}

/** What was passed through for connections, alike for consumer and producer, counts for all clients. */
function passedToBoth(config: Config): ClientProperties {
  const { kafkaConsumerProperties, kafkaProducerProperties } = config
  return Object.fromEntries(
    Object.entries(kafkaConsumerProperties).filter(
      ([name, value]) => kafkaProducerProperties[name] === value,
    ),
  )
}

/**
 * Properties of the transactional producer. As for the consumer, what was passed comes last.
 *
 * @param instanceId whose producer: this instance's own, unless it is to fence another one's
 */
export function producerProperties(
  config: Config,
  instanceId = config.instanceId,
): ClientProperties {
  const { transactionTimeoutMs } = config
  return {
    ...connectionProperties(config),
    'transactional.id': memberOf({ ...config, instanceId }),
    'transaction.timeout.ms': transactionTimeoutMs,
    // A record that cannot be delivered is told before the broker aborts the transaction.
    'message.timeout.ms': Math.floor((transactionTimeoutMs * 2) / 3),
    'enable.idempotence': true,
    // What the Java client does; librdkafka's own default puts keys elsewhere.
    partitioner: 'murmur2_random',
    'linger.ms': 5,
    'compression.codec': 'lz4',
    // A record that is turned down is written as it came, however large: the broker's bound is the one that counts.
    'message.max.bytes': RECORD_BYTES_MAX,
    'queue.buffering.max.messages': 200_000,
    'queue.buffering.max.kbytes': 262_144,
    // Back-to-back transactions meet a coordinator still busy with the last one: ask again soon. The wait
    // doubles each time; by default it grows to a second, which is long after the markers are written.
    'retry.backoff.ms': 5,
    'retry.backoff.max.ms': 40,
    ...config.kafkaProducerProperties,
  }
}

/** How to reach the registry; `undefined` when no address is set. */
export function registryOptions(config: Config): RegistryOptions | undefined {
  const { schemaRegistryUrl, schemaRegistryToken, schemaRegistryCa } = config
  if (schemaRegistryUrl === undefined) return undefined
  const { schemaRegistryUsername: user, schemaRegistryPassword: password } = config
  return {
    baseURLs: schemaRegistryUrl,
    ...(user === undefined || password === undefined ? {} : { basicAuth: { user, password } }),
    ...(schemaRegistryToken === undefined ? {} : { bearer: schemaRegistryToken }),
    ...(schemaRegistryCa === undefined ? {} : { ca: schemaRegistryCa }),
  }
}

/** Names the group member and the transaction's owner, the same after a restart. */
function memberOf({ appId, instanceId }: Pick<Config, 'appId' | 'instanceId'>): string {
  return `${appId}-${instanceId}`
}

/** Begins as the names of the instances do, for rights by prefix, and is none: no INSTANCE_ID has an @. */
function queueToolOf({ appId }: Config): string {
  return `${appId}-@dlq`
}

function connectionProperties(config: Config): ClientProperties {
  return {
    'bootstrap.servers': config.kafkaBrokers.join(','),
    'client.id': memberOf(config),
    'statistics.interval.ms': config.statisticsIntervalMs,
    'allow.auto.create.topics': false,
    'security.protocol': config.kafkaSecurityProtocol,
    ...whereSet('sasl.mechanism', config.kafkaSaslMechanism),
    ...whereSet('sasl.username', config.kafkaSaslUsername),
    ...whereSet('sasl.password', config.kafkaSaslPassword),
    ...whereSet('ssl.ca.location', config.kafkaTlsCaFile),
    ...whereSet('ssl.certificate.location', config.kafkaTlsCertFile),
    ...whereSet('ssl.key.location', config.kafkaTlsKeyFile),
    ...whereSet('ssl.key.password', config.kafkaTlsKeyPassword),
  }
}

function whereSet(property: string, value: string | undefined): ClientProperties {
  return value === undefined ? {} : { [property]: value }
}
