const OWN_IDENTITY = 'is made of APP_ID and INSTANCE_ID, so that a successor fences its predecessor'
const OFFSETS = 'offsets are committed in the transaction only, with the answers they belong to'
const ONE_WRITE = 'every record is written once, in order, and acknowledged by all in-sync replicas'
const GROUP = 'rebalances are answered as cooperative-sticky with static membership asks'
const FOLLOWS_TRANSACTION = 'follows TRANSACTION_TIMEOUT_MS'

/** What the guarantee rests on, and why it cannot be set. Both spellings of a property are here. */
export const REFUSED_PROPERTIES: Readonly<Record<string, string>> = {
  'isolation.level': 'only read_committed protects against the offsets of an aborted transaction',
  'enable.auto.commit': OFFSETS,
  'auto.commit.enable': OFFSETS,
  'auto.commit.interval.ms': OFFSETS,
  'enable.auto.offset.store': OFFSETS,
  'offset.store.method': OFFSETS,
  'offset.store.path': OFFSETS,
  'offset.store.sync.interval.ms': OFFSETS,
  'auto.offset.reset': 'an offset that has left the log must be told, never jumped over',
  'enable.partition.eof': 'the ends of partitions are known from their last stable offsets',
  'group.id': 'is APP_ID',
  'group.instance.id': OWN_IDENTITY,
  'group.protocol': GROUP,
  'group.protocol.type': GROUP,
  'group.remote.assignor': GROUP,
  'partition.assignment.strategy': GROUP,
  'heartbeat.interval.ms': 'follows SESSION_TIMEOUT_MS',
  'transactional.id': OWN_IDENTITY,
  'enable.idempotence': ONE_WRITE,
  'enable.gapless.guarantee': ONE_WRITE,
  acks: ONE_WRITE,
  'request.required.acks': ONE_WRITE,
  'max.in.flight.requests.per.connection': ONE_WRITE,
  'max.in.flight': ONE_WRITE,
  'queuing.strategy': ONE_WRITE,
  partitioner: 'keys must lie where the Java client would put them, so that topics can be joined',
  'message.timeout.ms': FOLLOWS_TRANSACTION,
  'delivery.timeout.ms': FOLLOWS_TRANSACTION,
  'allow.auto.create.topics': 'a missing topic must be told, not made with default settings',
}

/** Properties with a variable of their own. */
export const OWN_VARIABLES: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'KAFKA_BROKERS',
  'metadata.broker.list': 'KAFKA_BROKERS',
  'session.timeout.ms': 'SESSION_TIMEOUT_MS',
  'transaction.timeout.ms': 'TRANSACTION_TIMEOUT_MS',
  'statistics.interval.ms': 'STATISTICS_INTERVAL_MS',
  'security.protocol': 'KAFKA_SECURITY_PROTOCOL',
  'sasl.mechanism': 'KAFKA_SASL_MECHANISM',
  'sasl.mechanisms': 'KAFKA_SASL_MECHANISM',
  'sasl.username': 'KAFKA_SASL_USERNAME',
  'sasl.password': 'KAFKA_SASL_PASSWORD',
  'ssl.ca.location': 'KAFKA_TLS_CA_FILE',
  'ssl.ca.pem': 'KAFKA_TLS_CA_FILE',
  'ssl.certificate.location': 'KAFKA_TLS_CERT_FILE',
  'ssl.certificate.pem': 'KAFKA_TLS_CERT_FILE',
  'ssl.key.location': 'KAFKA_TLS_KEY_FILE',
  'ssl.key.pem': 'KAFKA_TLS_KEY_FILE',
  'ssl.key.password': 'KAFKA_TLS_KEY_PASSWORD',
}

/** Why a property cannot be passed through; `undefined` when it can. */
export function refusalOf(property: string): string | undefined {
  const variable = OWN_VARIABLES[property]
  if (variable !== undefined) return `it has a variable of its own, ${variable}`
  if (/[._]cb$/.test(property)) return 'callbacks are set by the service'
  return REFUSED_PROPERTIES[property]
}
