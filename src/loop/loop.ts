import { ServiceError } from '../domain/errors.ts'
import { retry } from '../runtime/retry.ts'
import type { Rebalance, StartOffset } from '../source/port.ts'
import { only } from './fetcher.ts'
import type { Batch } from './fetcher.ts'
import { isFlood } from './flood-gate.ts'
import type { LoopPhase, Losses, RestoreProgress } from './observer.ts'
import { offsetsOf } from './offsets.ts'
import type { LoopParts } from './parts.ts'
import { isMendable, recoveryOf } from './recover.ts'
import { Restorer } from './restore.ts'

/** Units in a row that could not be committed, after which the cause is taken to be permanent. */
const FAILURES_MAX = 20
/** Attempts at a request to Kafka during a rebalance, each with its own time-out. */
const ATTEMPTS_MAX = 10
/**
 * The broker answers a commit before it has written the markers, and refuses the next transaction until then:
 * librdkafka then waits 20 ms (`CONCURRENT_TRANSACTIONS`), which is longer than the markers take.
 */
const SETTLE_MS = 2

/**
 * Consume, transform, produce, commit: the only mutator of positions and state.
 *
 * One turn: take the batch that was read ahead, answer rebalances (no poll is in flight then), start
 * reading the next one, process this one, commit if it is time.
 */
export class Loop {
  readonly #parts: LoopParts
  readonly #restorer: Restorer
  readonly #rebalances: Rebalance[] = []
  #phase: LoopPhase = 'waiting-for-assignment'
  #heartbeatAtMs: number
  #isStopping = false
  #failuresInRow = 0
  #acceptedGaps = 0
  /** Monotonic ms. */
  #committedAt = -Infinity
  #lostBefore = 0
  #isRecovering = false
  #registryTrouble: string | undefined

  constructor(parts: LoopParts) {
    this.#parts = parts
    this.#restorer = new Restorer({ ...parts, insist: (call) => this.#insist(call) })
    this.#heartbeatAtMs = parts.clock.now()
  }

  get phase(): LoopPhase {
    if (this.#isRecovering) return 'recovering'
    if (this.#phase === 'running' && this.#parts.gate.trouble !== undefined) return 'tripped'
    if (this.#phase === 'running' && !this.#restorer.isIdle) return 'restoring'
    if (this.#phase === 'running' && this.#parts.partitions.isReplaying()) return 'replaying'
    return this.#phase
  }

  /** When the loop last began a turn, wall-clock ms. */
  get heartbeatAtMs(): number {
    return this.#heartbeatAtMs
  }

  /** Why partitions stand still for want of a schema; `undefined` when none does. */
  get registryTrouble(): string | undefined {
    return this.#registryTrouble
  }

  get losses(): Losses {
    return { acceptedGaps: this.#acceptedGaps, lostBefore: this.#lostBefore }
  }

  restoreProgress(): readonly RestoreProgress[] {
    return this.#restorer.progress()
  }

  /** Ends `run` after the unit in flight has been committed. */
  stop(): void {
    this.#isStopping = true
  }

  /**
   * Runs until `stop`; the open unit is committed before it returns.
   *
   * @throws ServiceError whose disposition is `exit`: the process cannot go on
   */
  async run(): Promise<void> {
    const { source, fetcher, clock } = this.#parts
    source.subscribe((rebalance) => this.#rebalances.push(rebalance))
    while (!this.#isStopping) {
      this.#heartbeatAtMs = clock.now()
      await this.#waitForGate()
      await this.#letSettle()
      const batch = await this.#answerRebalances(await fetcher.take())
      await this.#startReady()
      await this.#followRegistry()
      // Behind a backlog the next batch is read meanwhile. Else what comes during the commit is better taken after it.
      if (!batch.isShort) fetcher.start()
      await this.#turn(batch)
    }
    this.#phase = 'draining'
    await fetcher.drop()
    // What cannot be committed any more is taken back: the successor answers it.
    await this.#settle()
    await this.#restorer.close()
    this.#phase = 'stopped'
  }

  async #turn(batch: Batch): Promise<void> {
    const { processor, unit, bounds, tally } = this.#parts
    try {
      await processor.process(batch)
      if (!unit.isOpen) this.#acceptReplay()
      const isDue =
        batch.isShort || unit.ageMs >= bounds.intervalMs || tally.records >= bounds.recordsMax
      if (isDue) await this.#commit()
    } catch (error) {
      await this.#mend(error)
    }
  }

  /** A unit of replayed records only has nothing to commit: state is what the log says. */
  #acceptReplay(): void {
    this.#parts.engine.accept()
    this.#parts.partitions.accept()
  }

  /** Reads nothing for a moment after a commit, so that the next unit has more in it. */
  async #letSettle(): Promise<void> {
    const { clock } = this.#parts
    const leftMs = this.#committedAt + SETTLE_MS - clock.monotonic()
    if (leftMs > 0 && !this.#parts.fetcher.isAhead) await clock.sleep(leftMs)
  }

  async #commit(withinMs?: number): Promise<void> {
    const { unit, processor, tally, observer, events, clock, gate } = this.#parts
    if (!unit.isOpen) return
    await processor.finish()
    tally.check()
    gate.check(tally.summary(clock.now()))
    await processor.writeChanges()
    const startedAt = clock.monotonic()
    const { advanced, readBack } = offsetsOf(this.#parts)
    await unit.commit([...advanced, ...readBack], withinMs)
    observer.stage('commit', clock.monotonic() - startedAt)
    events.committed(advanced)
    this.#committedAt = clock.monotonic()
    this.#acceptUnit()
  }

  /** The unit is committed: its changes are kept. */
  #acceptUnit(): void {
    const { engine, partitions, tally, observer, clock, backoff, gate } = this.#parts
    engine.accept()
    partitions.accept()
    this.#failuresInRow = 0
    backoff.reset()
    const summary = tally.summary(clock.now())
    gate.accept(summary)
    observer.unitCommitted(summary)
    tally.reset()
  }

  /** Answers an error of the unit, and reads on from where that leaves the partitions. */
  async #mend(error: unknown): Promise<void> {
    const { source, clock, backoff } = this.#parts
    await source.seek(await this.#resolve(error))
    // The gate sees to the pause of a flood.
    if (!isFlood(error)) await clock.sleep(backoff.next())
  }

  /**
   * Takes the unit back, or finds out what became of it. What was read ahead is dropped.
   *
   * @returns what must be read again
   * @throws what neither is an answer to, or has not helped often enough
   */
  async #resolve(error: unknown): Promise<readonly StartOffset[]> {
    if (!isMendable(error)) throw error
    // A flood lasts as long as its cause.
    if (!isFlood(error)) this.#failuresInRow += 1
    if (this.#failuresInRow > FAILURES_MAX) {
      const message = `${FAILURES_MAX} units in a row could not be committed: ${error.message}`
      throw new ServiceError('CONSUMER_FATAL', message, error)
    }
    return error.disposition === 'abort' ? this.#abort(error.message) : this.#recover(error)
  }

  /** Takes the open unit back, outputs, state and positions. @returns what must be read again */
  async #abort(cause: string): Promise<readonly StartOffset[]> {
    const { fetcher, unit, processor } = this.#parts
    const dropped = await fetcher.drop()
    await processor.drop()
    if (unit.isOpen) {
      await unit.abort().catch(async (error: unknown) => {
        if (!isMendable(error)) throw error
        await this.#renew(error)
      })
      this.#tellAborted(cause)
    }
    return this.#discard(dropped)
  }

  /** Finds out what became of a transaction in doubt. @returns what must be read again */
  async #recover(error: ServiceError): Promise<readonly StartOffset[]> {
    const { fetcher, partitions, source, observer, events, processor } = this.#parts
    const dropped = await fetcher.drop()
    await processor.drop()
    await this.#renew(error)
    const advanced = partitions.advanced()
    const ours = advanced.map(({ partition }) => partition)
    const stored = ours.length === 0 ? [] : await this.#insist(() => source.committed(ours))
    const recovery = recoveryOf(advanced, stored)
    observer.recovered(recovery)
    events.recovered(recovery)
    if (recovery === 'committed') {
      this.#acceptUnit()
      return partitions.rewind(dropped)
    }
    this.#tellAborted(error.message)
    const again = this.#discard(dropped)
    if (recovery === 'aborted') return again
    this.#reopen()
    return []
  }

  #tellAborted(cause: string): void {
    const { observer, events, tally, clock } = this.#parts
    observer.unitAborted(cause, tally.summary(clock.now()))
    events.aborted(cause)
  }

  #discard(dropped: ReadonlySet<number>): readonly StartOffset[] {
    const { engine, tally, partitions } = this.#parts
    engine.discard()
    tally.reset()
    return partitions.rewind(dropped)
  }

  /** State of all owned partitions anew, from where the group stands. */
  #reopen(): void {
    const { engine, partitions, source } = this.#parts
    const owned = partitions.all().map(({ partition }) => partition)
    for (const partition of owned) {
      engine.close(partition)
      partitions.close(partition)
    }
    source.pause(owned)
    this.#restorer.begin(owned)
  }

  /** A new producer with the same name: it fences the old one, whatever that still does. */
  async #renew(error: ServiceError): Promise<void> {
    const { unit, clock, backoff, events } = this.#parts
    events.recovering(error)
    this.#isRecovering = true
    for (let attempt = 1; ; attempt += 1) {
      this.#heartbeatAtMs = clock.now()
      try {
        await unit.renew()
        break
      } catch (cause) {
        const isLast = attempt >= ATTEMPTS_MAX || this.#isStopping
        if (!(cause instanceof ServiceError) || cause.disposition === 'exit' || isLast) throw cause
        const waitMs = backoff.next()
        events.retrying(cause, waitMs)
        await clock.sleep(waitMs)
      }
    }
    this.#isRecovering = false
  }

  #waitForGate(): Promise<void> {
    return this.#parts.gate.wait({
      isStopping: () => this.#isStopping,
      beat: () => {
        this.#heartbeatAtMs = this.#parts.clock.now()
      },
      answerRebalances: () => this.#answerRebalances(undefined),
    })
  }

  /** Partitions whose schema has come go on from where they stand. Only while no poll is in flight. */
  async #followRegistry(): Promise<void> {
    const { source, fetcher, partitions, events } = this.#parts
    const owned = fetcher.takeUnblocked().flatMap((each) => partitions.get(each) ?? [])
    if (owned.length > 0) {
      const starts = owned.map(({ partition, position: offset }) => ({ partition, offset }))
      await this.#insist(() => source.seek(starts))
    }
    const { trouble } = fetcher
    if (trouble !== undefined && this.#registryTrouble === undefined) {
      events.registryUnavailable(trouble)
    }
    if (trouble === undefined && this.#registryTrouble !== undefined) events.registryBack()
    this.#registryTrouble = trouble?.message
  }

  /** Answers what the group decided meanwhile. @returns the batch without records that left us */
  async #answerRebalances<Held extends Batch | undefined>(held: Held): Promise<Held> {
    let batch = held
    for (let next = this.#rebalances.shift(); next; next = this.#rebalances.shift()) {
      if (next.kind === 'assigned') this.#assigned(next)
      else batch = await this.#released(next, batch)
    }
    return batch
  }

  #assigned(rebalance: Extract<Rebalance, { kind: 'assigned' }>): void {
    rebalance.answer()
    if (rebalance.partitions.length > 0) this.#phase = 'running'
    this.#restorer.begin(rebalance.partitions)
    this.#parts.events.assigned(rebalance.number, rebalance.partitions)
  }

  /** Begins to read partitions whose state is there. Only while no poll is in flight. */
  async #startReady(): Promise<void> {
    const { source, engine, partitions, events } = this.#parts
    const starts: StartOffset[] = []
    for (const { location, changelogFrom } of this.#restorer.take()) {
      const { partition, start, restored, changelog } = location
      if (changelog === undefined) engine.open(partition, restored)
      partitions.open(location, changelogFrom)
      starts.push({ partition, offset: start })
      if (location.gap !== undefined) this.#acceptedGaps += 1
      this.#lostBefore += location.lostBefore ?? 0
      events.located(location)
    }
    if (starts.length > 0) await this.#insist(() => source.seek(starts))
  }

  /** Partitions go: the unit is committed first, or, when they are lost, taken back. */
  async #released<Held extends Batch | undefined>(
    rebalance: Exclude<Rebalance, { kind: 'assigned' }>,
    held: Held,
  ): Promise<Held> {
    const { engine, partitions, fetcher, source, events } = this.#parts
    const { rebalanceDrainMs } = this.#parts
    const again =
      rebalance.kind === 'lost' ? await this.#abort('lost') : await this.#settle(rebalanceDrainMs)
    const isAgain = new Set(again.map(({ partition }) => partition))
    for (const partition of rebalance.partitions) {
      this.#restorer.cancel(partition)
      if (partitions.get(partition) === undefined) continue
      engine.close(partition)
      partitions.close(partition)
    }
    const isOwned = (partition: number): boolean => partitions.get(partition) !== undefined
    fetcher.retain(isOwned)
    rebalance.answer()
    await source.seek(again.filter(({ partition }) => isOwned(partition)))
    if (partitions.all().length === 0 && this.#restorer.isIdle)
      this.#phase = 'waiting-for-assignment'
    events.released(rebalance)
    return only(held, (partition) => isOwned(partition) && !isAgain.has(partition))
  }

  /** Commits what is open, within this time. @returns what must be read again because it could not be committed */
  async #settle(withinMs?: number): Promise<readonly StartOffset[]> {
    try {
      await this.#commit(withinMs)
      return []
    } catch (error) {
      return this.#resolve(error)
    }
  }

  #insist<Value>(call: () => Promise<Value>): Promise<Value> {
    const { clock, backoff, events } = this.#parts
    return retry(call, {
      clock,
      backoff,
      attemptsMax: ATTEMPTS_MAX,
      isStopped: () => this.#isStopping,
      onRetry: (error, waitMs) => events.retrying(error, waitMs),
    })
  }
}
