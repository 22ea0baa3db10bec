import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../domain/errors.ts'
import { Connections } from '../runtime/kafka-connection.ts'
import { KAFKA_ERROR, kafkaErrorOf, unauthorized } from '../runtime/kafka-error.ts'
import { isFatal, isOver, POLL_WAIT_MS } from './group-client.ts'
import { OwnFencing } from './own-fencing.ts'

/** What keeps the client of a group from its work: for now, or for good. */
export class KafkaTrouble {
  readonly connections = new Connections()
  readonly #topic: string
  readonly #fencing = new OwnFencing()
  #text: string | undefined
  #fatal: ServiceError | undefined
  /** A fatal error of which it is not known yet whether another client heals it. */
  #unjudged: unknown

  constructor(topic: string) {
    this.#topic = topic
  }

  /** What it waits for; `undefined` when nothing. */
  get text(): string | undefined {
    return this.#text
  }

  /** @throws ServiceError what ended the client's work for good, if anything has */
  throwFatal(): void {
    if (this.#fatal !== undefined) throw this.#fatal
  }

  /** An error that the client told, or that came in a record's place. */
  noticeError(error: unknown): void {
    const cause = kafkaErrorOf(error)
    if (cause.code === KAFKA_ERROR.allBrokersDown) {
      this.#noteOutage(`no broker reachable: ${cause.message}`)
    } else if (cause.code === KAFKA_ERROR.autoOffsetReset) {
      this.#fatal = new ServiceError('STATE_GAP', `${this.#topic}: ${cause.message}`, error)
    } else if (isFatal(cause.code)) {
      this.#unjudged ??= error
    } else if (isOver(cause.code)) {
      this.#fatal = consumerFatal(error)
    } else {
      this.#fatal ??= unauthorized(cause, `consuming ${this.#topic}`)
    }
  }

  /** What the client's statistics tell: of brokers that are gone it tells itself only now and then. */
  noticeBrokers(isAnyUp: boolean): void {
    if (isAnyUp) {
      this.#text = undefined
      this.connections.areUp()
      return
    }
    const { failure, refusal } = this.connections
    const known = failure === undefined ? this.#text : `no broker reachable: ${failure}`
    this.#noteOutage(known ?? 'no broker reachable: no connection is up')
    this.#fatal ??= refusal
  }

  /** A client in another's place could not join: the next poll tries again, unless that cannot help. */
  noticeReturn(error: unknown): void {
    this.#text ??= error instanceof Error ? error.message : String(error)
    if (error instanceof ServiceError && error.disposition === 'exit') this.#fatal ??= error
  }

  /** The partitions were lost: the session was over. */
  lost(): void {
    this.#fencing.lost(performance.now())
  }

  /**
   * Judges a fatal error, if there was one. Whether it follows an outage is known a little later: what the
   * client told before, its statistics among it, comes by another way than what a poll brings, and may be heard
   * after it.
   *
   * @returns why another client must take its place; `undefined`: none must, or none can
   */
  async replacement(): Promise<string | undefined> {
    if (this.#unjudged === undefined) return undefined
    await sleep(POLL_WAIT_MS)
    const error = this.#unjudged
    this.#unjudged = undefined
    if (this.#fencing.takes(performance.now())) return kafkaErrorOf(error).message
    this.#fatal = consumerFatal(error)
    return undefined
  }

  #noteOutage(text: string): void {
    this.#text = text
    this.#fencing.outage(performance.now())
  }
}

function consumerFatal(error: unknown): ServiceError {
  return new ServiceError('CONSUMER_FATAL', `consumer: ${kafkaErrorOf(error).message}`, error)
}
