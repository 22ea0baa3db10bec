import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from './callback.ts'
import { kafkaErrorOf } from './kafka-error.ts'
import { requestError } from './kafka-request.ts'

/** librdkafka's log facility for connections that fail. */
const FAILED = 'FAIL'
/** Which thread it was, and how often before: nothing to anybody but librdkafka. */
const NOISE = /^\[thrd:[^\]]*\]: |, \d+ identical error\(s\) suppressed/g
/** What brokers say of a password that is wrong, by SCRAM and by PLAIN (Kafka 4.1). */
const WRONG_PASSWORD = /invalid credentials|invalid username or password/i

/** What files of TLS must be, by the property of a client that could not use one (librdkafka 2.15, `rdkafka_ssl.c`). */
const TLS_FILES = new Map([
  [
    'key',
    'KAFKA_TLS_KEY_FILE must be the key of KAFKA_TLS_CERT_FILE, which KAFKA_TLS_KEY_PASSWORD opens',
  ],
  ['certificate', 'KAFKA_TLS_CERT_FILE must be a certificate'],
  ['ca', 'KAFKA_TLS_CA_FILE must be certificates of authorities'],
])

/** How long another broker has to let us in, once one has refused. */
const REFUSED_WAIT_MS = 1_000

/** A line of the client's log. */
export interface ClientLogLine {
  readonly fac: string
  readonly message: string
}

/** What the client's log and statistics tell of its connections: calls only tell that they took too long. */
export class Connections {
  #failure: string | undefined
  #refusal: ServiceError | undefined

  /** Why the last connection that failed did so; `undefined` once one is up. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Why no broker will let us in, as far as it is known; `undefined` once one has. */
  get refusal(): ServiceError | undefined {
    return this.#refusal
  }

  noticeLog(line: ClientLogLine): void {
    const failure = connectionFailure(line)
    if (failure === undefined) return
    this.#failure = failure
    this.#refusal = connectionRefusal(failure) ?? this.#refusal
  }

  /** A connection is up, or there is none yet. */
  areUp(): void {
    this.#failure = undefined
    this.#refusal = undefined
  }

  /**
   * Connects, unless a broker refuses us for good and no other takes us within a second.
   *
   * @throws ServiceError `KAFKA_UNAUTHORIZED` or `CONFIG_INVALID`, naming the variable that is wrong, also where
   *   a file of TLS cannot be used;
   *   `KAFKA_UNAVAILABLE` with why the last attempt failed
   */
  async connect(start: (done: (error: unknown, value: unknown) => void) => void): Promise<void> {
    // What a client before this one met is past.
    this.areUp()
    const waiting = new AbortController()
    const connecting = fromCallback(start).catch((error: unknown) => {
      const unusable = unusableFile(error)
      if (unusable !== undefined) throw unusable
      const { code, message } = kafkaErrorOf(error)
      const why = this.#failure === undefined ? message : `${message}: ${this.#failure}`
      throw requestError('connecting to Kafka', { code, message: why })
    })
    try {
      await Promise.race([connecting, this.#refused(waiting.signal)])
      this.areUp()
    } finally {
      waiting.abort()
    }
  }

  async #refused(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(REFUSED_WAIT_MS, undefined, { signal }).catch(() => undefined)
      if (this.#refusal !== undefined && !signal.aborted) throw this.#refusal
    }
  }
}

/** The service error for a client that could not be made, since it cannot use a file of TLS. */
function unusableFile(error: unknown): ServiceError | undefined {
  const { message } = kafkaErrorOf(error)
  // Of a consumer's error what stands before the colon is no part of the message.
  const origin = error instanceof Error && 'origin' in error ? String(error.origin) : ''
  const [, property = ''] = /ssl\.(\w+)\.location failed/.exec(`${origin}: ${message}`) ?? []
  const wanted = TLS_FILES.get(property)
  if (wanted === undefined) return undefined
  return new ServiceError('CONFIG_INVALID', `${wanted}, in PEM: ${message}`, error)
}

/** Why a connection failed, for people; `undefined` when the line is about something else. */
function connectionFailure({ fac, message }: ClientLogLine): string | undefined {
  return fac === FAILED ? message.replaceAll(NOISE, '') : undefined
}

/**
 * The service error for a connection that will not come about however often it is tried, since what was
 * configured is wrong; `undefined` when it may.
 */
function connectionRefusal(failure: string): ServiceError | undefined {
  if (WRONG_PASSWORD.test(failure)) {
    const which = 'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are not what Kafka knows'
    return new ServiceError('KAFKA_UNAUTHORIZED', `${which}: ${failure}`)
  }
  if (failure.includes('certificate verify failed')) {
    const which = "KAFKA_TLS_CA_FILE, or the system's authorities, did not sign Kafka's certificate"
    return new ServiceError('CONFIG_INVALID', `${which}: ${failure}`)
  }
  return undefined
}
