import { ServiceError } from '../domain/errors.ts'
import type { StartOffset } from '../source/port.ts'
import { isFlood } from './flood-gate.ts'
import type { Insistence } from './insist.ts'
import { offsetsOf } from './offsets.ts'
import type { LoopParts } from './parts.ts'
import { isMendable, recoveryOf } from './recover.ts'
import type { Moved, Recovery } from './recover.ts'

/** Units in a row that could not be committed, after which the cause is taken to be permanent. */
const FAILURES_MAX = 20

/** A unit that was taken back in here, whatever becomes of it out there. */
export interface TakenBack {
  readonly cause: ServiceError
  /** How far it would have brought its partitions. */
  readonly moved: readonly Moved[]
  /** Partitions to be read again from where it began. */
  readonly again: ReadonlySet<number>
}

/** What settling a unit needs of the loop. */
export interface LoopHooks {
  /** Makes the state of all owned partitions anew, from where the group stands. */
  readonly reopen: () => void
  /** Whether the group waits for an answer. */
  readonly isAwaited: () => boolean
  /** Answers it while no unit is open in here. */
  readonly answer: () => void
}

/** Ends the open unit of work: commits it, takes it back, or finds out what became of it. */
export class Settlement {
  readonly #parts: LoopParts
  readonly #insistence: Insistence
  readonly #hooks: LoopHooks
  #failuresInRow = 0
  #committedAt = -Infinity
  #isRecovering = false

  constructor(parts: LoopParts, insistence: Insistence, hooks: LoopHooks) {
    this.#parts = parts
    this.#insistence = insistence
    this.#hooks = hooks
  }

  /** When a unit was last committed, monotonic ms. */
  get committedAt(): number {
    return this.#committedAt
  }

  /** Whether a new producer is about to take the place of one that cannot go on. */
  get isRecovering(): boolean {
    return this.#isRecovering
  }

  /** Commits the open unit, if there is one, together with its offsets. @throws ServiceError for `mend` */
  async commit(): Promise<void> {
    const { unit, processor, tally, observer, events, clock, gate } = this.#parts
    if (!unit.isOpen) return
    await processor.finish()
    tally.check()
    gate.check(tally.summary(clock.now()))
    await processor.writeChanges()
    const startedAt = clock.monotonic()
    const { advanced, readBack } = offsetsOf(this.#parts)
    await unit.commit([...advanced, ...readBack])
    observer.stage('commit', clock.monotonic() - startedAt)
    events.committed(advanced)
    this.#committedAt = clock.monotonic()
    this.#accept()
  }

  /**
   * Commits the open unit within a time, or takes it back.
   *
   * @returns the unit that was taken back, for `decide`; `undefined` when there is none
   */
  async commitWithin(ms: number): Promise<TakenBack | undefined> {
    this.#parts.unit.hurry(ms)
    try {
      await this.commit()
      return undefined
    } catch (error) {
      return this.takeBack(this.#mendable(error))
    }
  }

  /**
   * Answers an error of the unit: takes it back, or finds out what became of it. A rebalance that waits is
   * answered before, since the whole group waits with it.
   *
   * @returns what must be read again
   * @throws what neither is an answer to, or has not helped often enough
   */
  async mend(error: unknown): Promise<readonly StartOffset[]> {
    const cause = this.#mendable(error)
    if (cause.disposition === 'abort' || this.#hooks.isAwaited()) {
      const taken = await this.takeBack(cause)
      this.#hooks.answer()
      return this.decide(taken)
    }
    const { fetcher, partitions, processor } = this.#parts
    const ahead = await fetcher.drop()
    await processor.drop()
    // State is taken back only when it must be: what is committed after all stays.
    const recovery = await this.#findOut(cause, partitions.advanced())
    if (recovery === 'committed') {
      this.#accept()
      return partitions.rewind(join(ahead, await fetcher.drop()))
    }
    const taken = await this.takeBack(cause)
    return this.#conclude(recovery, { ...taken, again: join(ahead, taken.again) })
  }

  /**
   * Takes the open unit back in here, state and positions, and drops what was read ahead. Out there it is open
   * still, or in doubt, until `decide`; partitions may be given up meanwhile.
   */
  async takeBack(cause: ServiceError): Promise<TakenBack> {
    const { engine, fetcher, partitions, processor } = this.#parts
    const ahead = await fetcher.drop()
    await processor.drop()
    const moved = partitions.advanced().map((entry) => ({ ...entry }))
    engine.discard()
    const again = new Set(partitions.rewind(ahead).map(({ partition }) => partition))
    return { cause, moved, again }
  }

  /** Sees to it that a unit taken back is so for everybody, or finds out that it is not. @returns what must be read again */
  async decide(taken: TakenBack): Promise<readonly StartOffset[]> {
    const { cause, moved } = taken
    if (cause.disposition !== 'abort') {
      return this.#conclude(await this.#findOut(cause, moved), taken)
    }
    if (this.#parts.unit.isOpen) {
      await this.#abort()
      this.#tellAborted(cause.message)
    }
    return this.#readAgain(taken)
  }

  /** @throws what no new unit is an answer to, or has not been often enough */
  #mendable(error: unknown): ServiceError {
    if (!isMendable(error)) throw error
    // A flood lasts as long as its cause.
    if (!isFlood(error)) this.#failuresInRow += 1
    if (this.#failuresInRow <= FAILURES_MAX) return error
    const message = `${FAILURES_MAX} units in a row could not be committed: ${error.message}`
    throw new ServiceError('CONSUMER_FATAL', message, error)
  }

  /** The unit is committed: its changes are kept. */
  #accept(): void {
    this.#parts.engine.accept()
    this.#parts.partitions.accept()
    this.#tellCommitted()
    this.#parts.tally.reset()
  }

  async #abort(): Promise<void> {
    try {
      await this.#parts.unit.abort()
    } catch (error) {
      if (!isMendable(error)) throw error
      // No commit was asked for: its successor aborts what the producer has open.
      await this.#renew(error)
      this.#tellRecovered('aborted')
    }
  }

  /** A new producer, and what the group says of the unit that the old one had. */
  async #findOut(cause: ServiceError, moved: readonly Moved[]): Promise<Recovery> {
    await this.#renew(cause)
    const { source } = this.#parts
    const partitions = moved.map(({ partition }) => partition)
    const ask = () => source.committed(partitions)
    const stored = moved.length === 0 ? [] : await this.#insistence.repeatInGroup(ask)
    const recovery = recoveryOf(moved, stored)
    this.#tellRecovered(recovery)
    return recovery
  }

  /** A new producer with the same name: it fences the old one, whatever that still does. */
  async #renew(cause: ServiceError): Promise<void> {
    const { unit, events } = this.#parts
    events.recovering(cause)
    this.#isRecovering = true
    const mayPass = ({ disposition }: ServiceError): boolean => disposition !== 'exit'
    await this.#insistence.repeatInGroup(() => unit.renew(), mayPass)
    this.#isRecovering = false
  }

  /** What became of a unit that was taken back is known. */
  async #conclude(recovery: Recovery, taken: TakenBack): Promise<readonly StartOffset[]> {
    if (recovery === 'committed') this.#tellCommitted()
    else this.#tellAborted(taken.cause.message)
    if (recovery === 'aborted') return this.#readAgain(taken)
    // What was taken back is committed, or somebody else has been at work.
    this.#parts.tally.reset()
    await this.#parts.fetcher.drop()
    this.#hooks.reopen()
    return []
  }

  async #readAgain({ again }: TakenBack): Promise<readonly StartOffset[]> {
    const { tally, partitions, fetcher } = this.#parts
    tally.reset()
    return partitions.rewind(join(again, await fetcher.drop()))
  }

  #tellCommitted(): void {
    const { tally, observer, clock, backoff, gate } = this.#parts
    this.#failuresInRow = 0
    backoff.reset()
    const summary = tally.summary(clock.now())
    gate.accept(summary)
    observer.unitCommitted(summary)
  }

  #tellAborted(cause: string): void {
    const { observer, events, tally, clock } = this.#parts
    observer.unitAborted(cause, tally.summary(clock.now()))
    events.aborted(cause)
  }

  #tellRecovered(recovery: Recovery): void {
    this.#parts.observer.recovered(recovery)
    this.#parts.events.recovered(recovery)
  }
}

function join(some: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...some, ...others])
}
