import { ServiceError } from '../domain/errors.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import { OutputBatch } from '../sink/output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from '../sink/port.ts'

/** Pause before trying again while the producer's queue is full. */
const QUEUE_WAIT_MS = 5

/**
 * One unit of work = one transaction: the only place that begins, fills, commits and aborts.
 *
 * Retriable errors are answered by the same call with the same arguments until `deadlineMs` after
 * the unit began; every other error reaches the loop, which acts on its disposition.
 */
export class UnitOfWork {
  readonly #producer: TransactionalProducer
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #deadlineMs: number
  /** One batch is filled while the other is handed over. */
  #filling = new OutputBatch()
  #handedOver = new OutputBatch()
  /** Settles once the client has taken all that was handed over. */
  #sending: Promise<void> = Promise.resolve()
  #isTakenBack = false
  #openedAt: number | undefined
  /** Grows with every new producer: what waited for an answer of an older one must not go on. */
  #producers = 0

  constructor(options: {
    readonly producer: TransactionalProducer
    readonly clock: Clock
    readonly backoff: Backoff
    /** Longest a unit may take from begin to commit before a retriable error counts as final, ms. */
    readonly deadlineMs: number
  }) {
    this.#producer = options.producer
    this.#clock = options.clock
    this.#backoff = options.backoff
    this.#deadlineMs = options.deadlineMs
  }

  get isOpen(): boolean {
    return this.#openedAt !== undefined
  }

  /** How long the transaction has been open, ms; 0 when it is not. */
  get ageMs(): number {
    return this.#openedAt === undefined ? 0 : this.#clock.monotonic() - this.#openedAt
  }

  /** Begins the transaction if none is open. */
  async begin(): Promise<void> {
    if (this.#openedAt !== undefined) return
    await this.#producer.beginTransaction()
    this.#openedAt = this.#clock.monotonic()
  }

  /** Takes what is to be written; it reaches the client with the next `flush`. */
  get unsent(): OutputBatch {
    return this.#filling
  }

  /**
   * Hands what was added to the client, which takes it beside whatever comes next. Waits only for what
   * was handed over before. Call it after each micro-batch.
   */
  async flush(): Promise<void> {
    await this.#sending
    if (this.#filling.count === 0) return
    const batch = this.#filling
    this.#filling = this.#handedOver
    this.#handedOver = batch
    this.#sending = this.#send(batch)
    // Told by the next flush, or by the commit.
    this.#sending.catch(() => undefined)
  }

  /**
   * Commits everything produced, together with these offsets.
   *
   * @param withinMs how long it may take; after that what became of it is unknown
   * @throws ServiceError `COMMIT_UNCERTAIN` when the time is over: renew the producer and find out
   */
  async commit(offsets: readonly OffsetCommit[], withinMs = Infinity): Promise<void> {
    if (withinMs === Infinity) return this.#commit(offsets)
    const commit = this.#commit(offsets)
    // Nobody looks at it any more once the time is over.
    commit.catch(() => undefined)
    const isDone = await Promise.race([
      commit.then(() => true),
      this.#clock.sleep(withinMs).then(() => false),
    ])
    if (isDone) return
    throw new ServiceError('COMMIT_UNCERTAIN', `the commit took longer than ${withinMs} ms`)
  }

  async #commit(offsets: readonly OffsetCommit[]): Promise<void> {
    await this.flush()
    await this.#sending
    // A unit that only rebuilt state moves no offset.
    if (offsets.length > 0) await this.#persist(() => this.#producer.sendOffsets(offsets))
    await this.#persist(() => this.#producer.commitTransaction())
    this.#openedAt = undefined
  }

  /** Takes everything produced back: no read-committed reader will ever see it. */
  async abort(): Promise<void> {
    const failure = await this.#takeBack()
    if (this.#openedAt === undefined) return
    // A producer that cannot go on cannot abort either.
    if (failure instanceof ServiceError && failure.disposition === 'rebuild') throw failure
    await this.#persist(() => this.#producer.abortTransaction())
    this.#openedAt = undefined
  }

  /**
   * Leaves the open transaction to its fate and goes on with a new producer. What became of it is
   * decided then: the committed offsets tell.
   */
  async renew(): Promise<void> {
    this.#producers += 1
    await this.#takeBack()
    await this.#producer.renew()
    this.#openedAt = undefined
  }

  async #send(batch: OutputBatch): Promise<void> {
    for (let taken = 0; !this.#isTakenBack; ) {
      taken = await this.#producer.produce(batch, taken)
      if (taken >= batch.count) break
      this.#checkDeadline('the producer queue stays full')
      await this.#clock.sleep(QUEUE_WAIT_MS)
    }
    batch.clear()
  }

  /** What the client has not taken yet is not wanted any more. @returns why it did not take it */
  async #takeBack(): Promise<unknown> {
    this.#isTakenBack = true
    const failure = await this.#sending.catch((error: unknown) => error)
    this.#isTakenBack = false
    this.#sending = Promise.resolve()
    this.#filling.clear()
    this.#handedOver.clear()
    return failure
  }

  async #persist(call: () => Promise<void>): Promise<void> {
    this.#backoff.reset()
    const producers = this.#producers
    for (;;) {
      try {
        await call()
        this.#requireCurrent(producers)
        return
      } catch (error) {
        if (!(error instanceof ServiceError) || error.disposition !== 'retry') throw error
        this.#checkDeadline(error.message)
        await this.#clock.sleep(this.#backoff.next())
        this.#requireCurrent(producers)
      }
    }
  }

  #requireCurrent(producers: number): void {
    if (producers === this.#producers) return
    throw new ServiceError('COMMIT_UNCERTAIN', 'another producer has taken the place of this one')
  }

  #checkDeadline(why: string): void {
    if (this.ageMs <= this.#deadlineMs) return
    throw new ServiceError(
      'TRANSACTION_ABORTABLE',
      `the unit of work is open for ${Math.round(this.ageMs)} ms, bound ${this.#deadlineMs}: ${why}`,
    )
  }
}
