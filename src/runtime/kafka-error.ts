import { ServiceError } from '../domain/errors.ts'

/** librdkafka's error codes that the service tells apart (librdkafka 2.15, `rdkafka.h`). */
export const KAFKA_ERROR = {
  partitionEof: -191,
  allBrokersDown: -187,
  timedOut: -185,
  queueFull: -184,
  assignPartitions: -175,
  state: -172,
  revokePartitions: -174,
  authentication: -169,
  fatal: -150,
  maxPollExceeded: -147,
  fenced: -144,
  autoOffsetReset: -140,
  illegalGeneration: 22,
  topicAuthorization: 29,
  groupAuthorization: 30,
  clusterAuthorization: 31,
  producerFenced: 90,
  invalidProducerEpoch: 47,
  transactionalIdAuthorization: 53,
  saslAuthentication: 58,
  fencedInstanceId: 82,
} as const satisfies Record<string, number>

const UNAUTHORIZED: ReadonlySet<number> = new Set([
  KAFKA_ERROR.authentication,
  KAFKA_ERROR.topicAuthorization,
  KAFKA_ERROR.groupAuthorization,
  KAFKA_ERROR.clusterAuthorization,
  KAFKA_ERROR.transactionalIdAuthorization,
  KAFKA_ERROR.saslAuthentication,
])

/** What the Kafka client says of an error; the flags are set on transactional calls only. */
export interface KafkaError {
  readonly code: number
  readonly message: string
  readonly isFatal: boolean
  readonly isRetriable: boolean
  readonly isTxnRequiresAbort: boolean
}

/** Reads whatever the client threw or answered; unknown shapes become code −1. */
export function kafkaErrorOf(error: unknown): KafkaError {
  const fields: Record<string, unknown> =
    typeof error === 'object' && error !== null ? { ...error } : {}
  const message = error instanceof Error ? error.message : (fields['message'] ?? error)
  return {
    code: typeof fields['code'] === 'number' ? fields['code'] : -1,
    message: String(message),
    isFatal: fields['isFatal'] === true,
    isRetriable: fields['isRetriable'] === true,
    isTxnRequiresAbort: fields['isTxnRequiresAbort'] === true,
  }
}

/** The service error for a broker that refuses us; `undefined` when the error is something else. */
export function unauthorized(error: KafkaError, doing: string): ServiceError | undefined {
  if (!UNAUTHORIZED.has(error.code)) return undefined
  return refused(doing, error.message)
}

/**
 * The service error for a transaction that came to its end because a right is missing, by what the client
 * wrote to its log of it: calls that come later only tell that the transaction is over.
 */
export function unauthorizedTransaction(
  why: string | undefined,
  doing: string,
): ServiceError | undefined {
  return why?.includes('AUTHORIZATION_FAILED') === true ? refused(doing, why) : undefined
}

function refused(doing: string, why: string): ServiceError {
  return new ServiceError('KAFKA_UNAUTHORIZED', `${doing}: Kafka refused: ${why}`)
}
