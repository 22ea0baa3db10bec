import { ServiceError } from '../domain/errors.ts'
import type { Rebalance, StartOffset } from '../source/port.ts'
import { only } from './fetcher.ts'
import type { Batch } from './fetcher.ts'
import { isFlood } from './flood-gate.ts'
import type { InMemory } from './in-memory.ts'
import { Insistence } from './insist.ts'
import type { LoopPhase, Losses, RestoreProgress } from './observer.ts'
import type { LoopParts } from './parts.ts'
import { Restorer } from './restore.ts'
import { Settlement } from './settlement.ts'

/**
 * The broker answers a commit before it has written the markers, and refuses the next transaction until then:
 * librdkafka then waits 20 ms (`CONCURRENT_TRANSACTIONS`), which is longer than the markers take.
 */
const SETTLE_MS = 2

type Release = Exclude<Rebalance, { kind: 'assigned' }>

/**
 * Consume, transform, produce, commit: the only mutator of positions and state.
 *
 * One turn: take the batch that was read ahead, answer rebalances (no poll is in flight then), start
 * reading the next one, process this one, commit if it is time.
 */
export class Loop {
  readonly #parts: LoopParts
  readonly #restorer: Restorer
  readonly #insistence: Insistence
  readonly #settlement: Settlement
  readonly #rebalances: Rebalance[] = []
  #phase: LoopPhase = 'waiting-for-assignment'
  #heartbeatAtMs: number
  #isStopping = false
  #acceptedGaps = 0
  #lostBefore = 0
  #registryTrouble: string | undefined

  constructor(parts: LoopParts) {
    this.#parts = parts
    const beat = (): void => {
      this.#heartbeatAtMs = parts.clock.now()
    }
    this.#insistence = new Insistence(parts, { isStopping: () => this.#isStopping, beat })
    const insist = <Value>(call: () => Promise<Value>) => this.#insistence.repeat(call)
    this.#restorer = new Restorer({ ...parts, insist })
    this.#settlement = new Settlement(parts, this.#insistence, {
      reopen: () => this.#reopen(),
      isAwaited: () => this.#rebalances.length > 0,
      answer: () => this.#answerWithoutUnit(),
    })
    this.#heartbeatAtMs = parts.clock.now()
  }

  get phase(): LoopPhase {
    if (this.#settlement.isRecovering) return 'recovering'
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

  /** What is in memory now; the simulation holds it against its bounds. */
  inMemory(): InMemory {
    const { engine, fetcher, unit } = this.#parts
    return {
      records: this.#unitRecords,
      changes: engine.changesHeld,
      undecoded: fetcher.undecoded,
      blocked: fetcher.blocked,
      unsent: unit.unsentRecords,
      restores: this.#restorer.held,
      rebalances: this.#rebalances.length,
    }
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
    await this.#settlement.commit().catch((error: unknown) => this.#settlement.mend(error))
    await this.#restorer.close()
    this.#phase = 'stopped'
  }

  async #turn(batch: Batch): Promise<void> {
    const { processor, unit, bounds } = this.#parts
    try {
      await processor.process(batch)
      if (!unit.isOpen) this.#acceptReplay()
      const isFull = this.#unitRecords >= bounds.recordsMax
      const isDue = batch.isShort || unit.ageMs >= bounds.intervalMs || isFull
      if (isDue) await this.#settlement.commit()
    } catch (error) {
      await this.#mend(error)
    }
  }

  /** What is read back costs the open unit as much as what it answers. */
  get #unitRecords(): number {
    return this.#parts.tally.records + this.#parts.partitions.replayed()
  }

  /** A unit of replayed records only has nothing to commit: state is what the log says. */
  #acceptReplay(): void {
    this.#parts.engine.accept()
    this.#parts.partitions.accept()
  }

  /** Reads nothing for a moment after a commit, so that the next unit has more in it. */
  async #letSettle(): Promise<void> {
    const { clock } = this.#parts
    const leftMs = this.#settlement.committedAt + SETTLE_MS - clock.monotonic()
    if (leftMs > 0 && !this.#parts.fetcher.isAhead) await clock.sleep(leftMs)
  }

  /** Answers an error of the unit, and reads on from where that leaves the partitions. */
  async #mend(error: unknown): Promise<void> {
    const { clock, backoff } = this.#parts
    await this.#seek(await this.#settlement.mend(error))
    // The gate sees to the pause of a flood.
    if (!isFlood(error)) await clock.sleep(backoff.next())
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
    const { fetcher, partitions, events } = this.#parts
    const owned = fetcher.takeUnblocked().flatMap((each) => partitions.get(each) ?? [])
    await this.#seek(owned.map(({ partition, position: offset }) => ({ partition, offset })))
    const { trouble } = fetcher
    if (trouble !== undefined && this.#registryTrouble === undefined) {
      events.registryUnavailable(trouble)
    }
    if (trouble === undefined && this.#registryTrouble !== undefined) events.registryBack()
    this.#registryTrouble = trouble?.message
  }

  /** Answers what the group decided meanwhile. @returns the batch without records that left us */
  async #answerRebalances<Kept extends Batch | undefined>(held: Kept): Promise<Kept> {
    let batch = held
    for (let next = this.#rebalances.shift(); next; next = this.#rebalances.shift()) {
      if (next.kind === 'assigned') this.#assigned(next)
      else batch = await this.#released(next, batch)
    }
    return batch
  }

  /** The same while no unit is open in here, and what was read ahead is dropped. */
  #answerWithoutUnit(): void {
    for (let next = this.#rebalances.shift(); next; next = this.#rebalances.shift()) {
      if (next.kind === 'assigned') this.#assigned(next)
      else this.#giveUp(next)
    }
  }

  #assigned(rebalance: Extract<Rebalance, { kind: 'assigned' }>): void {
    rebalance.answer()
    if (rebalance.partitions.length > 0) this.#phase = 'running'
    this.#restorer.begin(rebalance.partitions)
    this.#parts.events.assigned(rebalance.number, rebalance.partitions)
  }

  /** Begins to read partitions whose state is there. Only while no poll is in flight. */
  async #startReady(): Promise<void> {
    const { engine, partitions, events } = this.#parts
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
    await this.#seek(starts)
  }

  async #seek(starts: readonly StartOffset[]): Promise<void> {
    if (starts.length === 0) return
    await this.#insistence.repeatInGroup(() => this.#parts.source.seek(starts))
  }

  /**
   * Partitions go: the unit is committed first, or taken back. What becomes of one that was taken back is
   * decided after the answer, since the whole group waits for that.
   */
  async #released<Kept extends Batch | undefined>(rebalance: Release, held: Kept): Promise<Kept> {
    const { partitions, rebalanceDrainMs } = this.#parts
    const settlement = this.#settlement
    const taken =
      rebalance.kind === 'lost'
        ? await settlement.takeBack(new ServiceError('TRANSACTION_ABORTABLE', 'lost'))
        : await settlement.commitWithin(rebalanceDrainMs)
    this.#giveUp(rebalance)
    const again = taken === undefined ? [] : await settlement.decide(taken)
    await this.#seek(again)
    const isAgain = new Set(again.map(({ partition }) => partition))
    const isOwned = (partition: number): boolean => partitions.get(partition) !== undefined
    return only(held, (partition) => isOwned(partition) && !isAgain.has(partition))
  }

  /** Closes what goes and answers. */
  #giveUp(rebalance: Release): void {
    const { engine, partitions, fetcher, events } = this.#parts
    for (const partition of rebalance.partitions) {
      this.#restorer.cancel(partition)
      if (partitions.get(partition) === undefined) continue
      engine.close(partition)
      partitions.close(partition)
    }
    fetcher.retain((partition) => partitions.get(partition) !== undefined)
    rebalance.answer()
    if (partitions.all().length === 0 && this.#restorer.isIdle)
      this.#phase = 'waiting-for-assignment'
    events.released(rebalance)
  }
}
