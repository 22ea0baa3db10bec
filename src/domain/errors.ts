/**
 * What the loop does about an error, decided by its code alone.
 *
 * - `retry`: the same call again, same arguments, with back-off.
 * - `abort`: abort the transaction, discard staged state, seek back to the committed offsets.
 * - `rebuild`: go on with a new producer of the same transactional id, which decides what became of the
 *   transaction, and find out from the committed offsets.
 * - `exit`: log the cause and end the process with the code's exit status.
 */
export type Disposition = 'retry' | 'abort' | 'rebuild' | 'exit'

/** Exit statuses, as documented in `docs/operations.md`. */
export const EXIT = {
  ok: 0,
  /** A bug of ours, or an error nobody classified. */
  internal: 1,
  /** Configuration, model folder or topics are wrong; restarting will not help. */
  config: 2,
  /** Kafka fenced this instance, or the result of a commit is unknown; restarting heals. */
  fenced: 3,
  /** Something the service needs did not answer in time; restarting may heal. */
  unavailable: 4,
  /** State cannot be rebuilt, or has reached its bound. */
  state: 5,
  /** Shutdown took longer than `SHUTDOWN_GRACE_MS`, or a second signal came. */
  forced: 6,
  /** A command found something that does not fit, or could not do all that was asked for. */
  incomplete: 7,
} as const satisfies Record<string, number>

/** Every code a `ServiceError` may carry: what to do, and the exit status if the process ends. */
export const ERROR_CODES = {
  CONFIG_INVALID: { disposition: 'exit', exit: EXIT.config },
  MODEL_INVALID: { disposition: 'exit', exit: EXIT.config },
  MODEL_MISMATCH: { disposition: 'exit', exit: EXIT.config },
  TOPIC_MISSING: { disposition: 'exit', exit: EXIT.config },
  TOPIC_PARTITIONS: { disposition: 'exit', exit: EXIT.config },
  TOPIC_SETTINGS: { disposition: 'exit', exit: EXIT.config },
  SCHEMA_REFUSED: { disposition: 'exit', exit: EXIT.config },
  KAFKA_UNAUTHORIZED: { disposition: 'exit', exit: EXIT.config },
  REGISTRY_UNAVAILABLE: { disposition: 'retry', exit: EXIT.unavailable },
  KAFKA_UNAVAILABLE: { disposition: 'retry', exit: EXIT.unavailable },
  PRODUCER_QUEUE_FULL: { disposition: 'retry', exit: EXIT.unavailable },
  TRANSACTION_RETRIABLE: { disposition: 'retry', exit: EXIT.unavailable },
  TRANSACTION_ABORTABLE: { disposition: 'abort', exit: EXIT.unavailable },
  DEAD_LETTER_FLOOD: { disposition: 'abort', exit: EXIT.unavailable },
  PRODUCER_FENCED: { disposition: 'rebuild', exit: EXIT.fenced },
  PRODUCER_FATAL: { disposition: 'rebuild', exit: EXIT.fenced },
  PRODUCER_STUCK: { disposition: 'exit', exit: EXIT.fenced },
  COMMIT_UNCERTAIN: { disposition: 'rebuild', exit: EXIT.fenced },
  CONSUMER_FATAL: { disposition: 'exit', exit: EXIT.fenced },
  STATE_KEYS_MAX: { disposition: 'exit', exit: EXIT.state },
  STATE_BYTES_MAX: { disposition: 'exit', exit: EXIT.state },
  STATE_MISMATCH: { disposition: 'exit', exit: EXIT.state },
  STATE_GAP: { disposition: 'exit', exit: EXIT.state },
  SHUTDOWN_TIMEOUT: { disposition: 'exit', exit: EXIT.forced },
  INVARIANT_BROKEN: { disposition: 'exit', exit: EXIT.internal },
} as const satisfies Record<string, { disposition: Disposition; exit: number }>

export type ErrorCode = keyof typeof ERROR_CODES

/** A batch's or the process's problem. A record's problem is never thrown: it is an `Outcome`. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code].disposition
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exit
  }
}

/** States what we believe of our own code. @throws ServiceError `INVARIANT_BROKEN` when it is not so */
export function invariant(claim: boolean, message: string): asserts claim {
  if (!claim) throw new ServiceError('INVARIANT_BROKEN', message)
}

/** Marks a case that the types rule out, so that a new variant does not compile until it is routed. */
export function unreachable(value: never): never {
  throw new ServiceError('INVARIANT_BROKEN', `unreachable case: ${JSON.stringify(value)}`)
}
