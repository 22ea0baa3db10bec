import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from './callback.ts'
import { KAFKA_ERROR, kafkaErrorOf, unauthorized } from './kafka-error.ts'

/**
 * Every request has a time-out of its own, of 10 s at most, which the client does not always keep: one that is
 * still not answered then never will be.
 */
const WATCHDOG_MS = 30_000

/**
 * One request of a Kafka client, named by what it is for.
 *
 * @throws ServiceError `KAFKA_UNAUTHORIZED` when the broker refuses us, `KAFKA_UNAVAILABLE` otherwise
 */
export async function kafkaRequest<Value>(
  doing: string,
  start: (done: (error: unknown, value: Value) => void) => void,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<never>((_, reject) => {
    const code = KAFKA_ERROR.timedOut
    timer = setTimeout(
      () => reject({ code, message: `no answer within ${WATCHDOG_MS} ms` }),
      WATCHDOG_MS,
    )
  })
  try {
    return await Promise.race([fromCallback<Value>(start), hung])
  } catch (error) {
    throw requestError(doing, error)
  } finally {
    clearTimeout(timer)
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
