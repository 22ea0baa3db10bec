import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from './callback.ts'
import { kafkaErrorOf, unauthorized } from './kafka-error.ts'

/**
 * One request of a Kafka client, named by what it is for.
 *
 * @throws ServiceError `KAFKA_UNAUTHORIZED` when the broker refuses us, `KAFKA_UNAVAILABLE` otherwise
 */
export async function kafkaRequest<Value>(
  doing: string,
  start: (done: (error: unknown, value: Value) => void) => void,
): Promise<Value> {
  try {
    return await fromCallback<Value>(start)
  } catch (error) {
    throw requestError(doing, error)
  }
}

/** What the service makes of the error that the client gave for a request. */
export function requestError(doing: string, error: unknown): ServiceError {
  const cause = kafkaErrorOf(error)
  return (
    unauthorized(cause, doing) ??
    new ServiceError('KAFKA_UNAVAILABLE', `${doing}: ${cause.message}`, error)
  )
}
