import { ServiceError } from '../domain/errors.ts'
import type { ErrorCode } from '../domain/errors.ts'
import type { OutputRecord } from '../domain/record.ts'
import {
  KAFKA_ERROR,
  kafkaErrorOf,
  unauthorized,
  unauthorizedTransaction,
} from '../runtime/kafka-error.ts'
import type { KafkaError } from '../runtime/kafka-error.ts'

/** The transactional calls. */
export type Flow = 'init' | 'begin' | 'send-offsets' | 'commit' | 'abort'

/** A call that outlived its own time-out, as `sendOffsetsToTransaction` can: its effect is unknown. */
export function hangError(flow: Flow, waitedMs: number): ServiceError {
  return new ServiceError('COMMIT_UNCERTAIN', `${flow}: no answer within ${waitedMs} ms`)
}

/** The service error for what a call came to. @param why what the client wrote to its log of it */
export function translate(flow: Flow, error: unknown, why?: string): ServiceError {
  const cause = kafkaErrorOf(error)
  const refused = unauthorized(cause, flow) ?? unauthorizedTransaction(why, flow)
  if (refused !== undefined) return refused
  const said = why === undefined ? '' : `; ${why}`
  const message = `${flow}: ${cause.message} (${cause.code})${said}`
  return new ServiceError(codeOf(flow, cause), message, error)
}

/**
 * The code of a call's error, which decides what follows. librdkafka asks for this order of tests: fatal,
 * abortable, retriable, anything else is fatal.
 */
export function codeOf(flow: Flow, cause: KafkaError): ErrorCode {
  if (isFenced(cause)) return 'PRODUCER_FENCED'
  if (cause.isFatal) return 'PRODUCER_FATAL'
  if (cause.isTxnRequiresAbort) return 'TRANSACTION_ABORTABLE'
  if (cause.code === KAFKA_ERROR.illegalGeneration) return 'TRANSACTION_ABORTABLE'
  if (flow === 'init') return 'KAFKA_UNAVAILABLE'
  if (cause.code === KAFKA_ERROR.timedOut && flow !== 'begin') return 'COMMIT_UNCERTAIN'
  // Nothing has begun that the same call could go on with.
  if (cause.isRetriable && flow !== 'begin') return 'TRANSACTION_RETRIABLE'
  return 'PRODUCER_FATAL'
}

/** The group has gone on to a generation that the client did not know; the transaction is open still. */
export function hasMoved(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false
  const { code, isTxnRequiresAbort } = kafkaErrorOf(error.cause)
  return code === KAFKA_ERROR.illegalGeneration && !isTxnRequiresAbort
}

function isFenced(cause: KafkaError): boolean {
  return (
    cause.code === KAFKA_ERROR.fenced ||
    cause.code === KAFKA_ERROR.producerFenced ||
    cause.code === KAFKA_ERROR.invalidProducerEpoch
  )
}

/** A record the client refuses outright (too large, unknown partition) makes the unit abort. */
export function produceError(record: OutputRecord, error: unknown, why?: string): ServiceError {
  const cause = kafkaErrorOf(error)
  const size = record.value?.length ?? 0
  const what = `record of ${size} bytes to ${record.topic}-${record.partition}`
  const refused = unauthorized(cause, what) ?? unauthorizedTransaction(why, what)
  if (refused !== undefined) return refused
  const isOver = isFenced(cause) || cause.code === KAFKA_ERROR.fatal
  const said = why === undefined ? '' : `; ${why}`
  const message = `${what}: ${cause.message}${said}`
  return new ServiceError(isOver ? 'PRODUCER_FATAL' : 'TRANSACTION_ABORTABLE', message, error)
}
