import { ServiceError } from '../domain/errors.ts'
import type { Backoff } from './backoff.ts'
import type { Clock } from './clock.ts'

/** How a call is repeated. */
export interface RetryOptions {
  readonly clock: Clock
  readonly backoff: Backoff
  readonly attemptsMax: number
  /** Whether an error is worth another attempt; by default one whose disposition is `retry`. */
  readonly isRetriable?: (error: ServiceError) => boolean
  /** Whether what is called is known to be away: an attempt that fails then does not count. */
  readonly isAway?: () => boolean
  /** Asked before each new attempt; `true` gives up with the last error. */
  readonly isStopped?: () => boolean
  /** Told of each failure that will be tried again, and how long the pause is. */
  readonly onRetry?: (error: ServiceError, waitMs: number) => void
}

/** Repeats a call while it fails with an error that may pass. @throws the last error */
export async function retry<Value>(
  call: () => Promise<Value>,
  options: RetryOptions,
): Promise<Value> {
  const { attemptsMax, isRetriable = mayPass, isAway, isStopped } = options
  for (let attempts = 0; ; ) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ServiceError && isRetriable(error))) throw error
      if (isAway?.() !== true) attempts += 1
      if (attempts >= attemptsMax || isStopped?.() === true) throw error
      const waitMs = options.backoff.next()
      options.onRetry?.(error, waitMs)
      await options.clock.sleep(waitMs)
    }
  }
}

function mayPass(error: ServiceError): boolean {
  return error.disposition === 'retry'
}
