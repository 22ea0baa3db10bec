import { ServiceError } from '../domain/errors.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import { OutputBatch } from '../sink/output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from '../sink/port.ts'

/** Pause before trying again while the producer's queue is full. */
const QUEUE_WAIT_MS = 5

/** What a unit that took too long is told with: nothing was committed, or that is not known. */
type LateCode = 'TRANSACTION_ABORTABLE' | 'COMMIT_UNCERTAIN'

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
  /** When it must be done, monotonic ms. */
  #dueAt = Infinity
  /** Others wait for it: it must be done sooner than `deadlineMs` would have it. */
  #isHurried = false
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
    this.#dueAt = this.#openedAt + this.#deadlineMs
    this.#isHurried = false
  }

  /** Others wait for the open unit: it has no more than this, ms. */
  hurry(ms: number): void {
    this.#dueAt = Math.min(this.#dueAt, this.#clock.monotonic() + ms)
    this.#isHurried = true
  }

  /** Takes what is to be written; it reaches the client with the next `flush`. */
  get unsent(): OutputBatch {
    return this.#filling
  }

  /** Records that the client has not taken yet. */
  get unsentRecords(): number {
    return this.#filling.count + this.#handedOver.count
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
   * @throws ServiceError `COMMIT_UNCERTAIN` when a unit in a hurry has no time left: renew the producer and
   *   find out; `TRANSACTION_ABORTABLE` when it had none before
   */
  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    if (!this.#isHurried) return this.#commit(offsets)
    this.#checkDue('nothing is committed yet')
    const commit = this.#commit(offsets)
    // Nobody looks at it any more once the time is over.
    commit.catch(() => undefined)
    const isDone = await Promise.race([
      commit.then(() => true),
      this.#clock.sleep(this.#dueAt - this.#clock.monotonic()).then(() => false),
    ])
    if (isDone) return
    throw this.#overdue('COMMIT_UNCERTAIN', 'no answer to the commit')
  }

  async #commit(offsets: readonly OffsetCommit[]): Promise<void> {
    // Whatever it waits for, it goes on only with the producer it began with.
    const producers = this.#producers
    await this.flush()
    await this.#sending
    // A unit that only rebuilt state moves no offset.
    if (offsets.length > 0) {
      await this.#persist(producers, () => this.#producer.sendOffsets(offsets))
    }
    // Once a commit has been asked for, giving up leaves its outcome open.
    await this.#persist(producers, () => this.#producer.commitTransaction(), 'COMMIT_UNCERTAIN')
    this.#openedAt = undefined
  }

  /** Takes everything produced back: no read-committed reader will ever see it. */
  async abort(): Promise<void> {
    const failure = await this.#takeBack()
    if (this.#openedAt === undefined) return
    // A producer that cannot go on cannot abort either.
    if (failure instanceof ServiceError && failure.disposition === 'rebuild') throw failure
    await this.#persist(this.#producers, () => this.#producer.abortTransaction())
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
      this.#checkDue('the producer queue stays full')
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

  /** @param late the code of a call that is still refused for now when the unit's time is over */
  async #persist(
    producers: number,
    call: () => Promise<void>,
    late: LateCode = 'TRANSACTION_ABORTABLE',
  ): Promise<void> {
    const backoff = this.#backoff.fresh()
    for (;;) {
      this.#requireCurrent(producers)
      try {
        await call()
        this.#requireCurrent(producers)
        return
      } catch (error) {
        if (!(error instanceof ServiceError) || error.disposition !== 'retry') throw error
        this.#checkDue(error.message, late)
        await this.#clock.sleep(backoff.next())
      }
    }
  }

  #requireCurrent(producers: number): void {
    if (producers === this.#producers) return
    throw new ServiceError('COMMIT_UNCERTAIN', 'another producer has taken the place of this one')
  }

  #checkDue(why: string, late: LateCode = 'TRANSACTION_ABORTABLE'): void {
    if (this.#clock.monotonic() > this.#dueAt) throw this.#overdue(late, why)
  }

  #overdue(code: LateCode, why: string): ServiceError {
    const bound = this.#isHurried ? 'others wait for it' : `bound ${this.#deadlineMs}`
    const age = Math.round(this.ageMs)
    return new ServiceError(code, `the unit of work is open for ${age} ms, ${bound}: ${why}`)
  }
}
