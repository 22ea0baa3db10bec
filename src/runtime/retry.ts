import { ServiceError } from '../domain/errors.ts'
import type { Backoff } from './backoff.ts'
import type { Clock } from './clock.ts'

/** How a call is repeated. */
export interface RetryOptions {
  readonly clock: Clock
  readonly backoff: Backoff
  readonly attemptsMax: number
  /** Asked before each new attempt; `true` gives up with the last error. */
  readonly isStopped?: () => boolean
  /** Told of each failure that will be tried again, and how long the pause is. */
  readonly onRetry?: (error: ServiceError, waitMs: number) => void
}

/** Repeats a call while it fails with an error whose disposition is `retry`. @throws the last error */
export async function retry<Value>(
  call: () => Promise<Value>,
  options: RetryOptions,
): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      const isRetriable = error instanceof ServiceError && error.disposition === 'retry'
      const isOver = attempt >= options.attemptsMax || options.isStopped?.() === true
      if (!isRetriable || isOver) throw error
      const waitMs = options.backoff.next()
      options.onRetry?.(error, waitMs)
      await options.clock.sleep(waitMs)
    }
  }
}
