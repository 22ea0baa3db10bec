import { ServiceError } from '../domain/errors.ts'
import { encodeMetadata } from '../features/stream-time.ts'
import type { FeatureEngine } from '../features/engine.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import { retry } from '../runtime/retry.ts'
import type { OffsetCommit } from '../sink/port.ts'
import type { Rebalance, Source, StartOffset } from '../source/port.ts'
import type { Batch, Fetcher } from './fetcher.ts'
import type { LoopEvents } from './events.ts'
import { locate } from './locate.ts'
import type { LoopObserver, LoopPhase } from './observer.ts'
import type { PartitionTable } from './partitions.ts'
import type { Processor } from './processor.ts'
import type { Tally } from './tally.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** Aborts in a row, with no commit between, after which the cause is taken to be permanent. */
const ABORTS_MAX = 20
/** Attempts at a request to Kafka during a rebalance, each with its own time-out. */
const ATTEMPTS_MAX = 10

/** When a unit of work is committed, whatever comes first. */
export interface CommitBounds {
  readonly intervalMs: number
  readonly recordsMax: number
}

/** What the loop drives. */
export interface LoopParts {
  readonly inputTopic: string
  readonly bounds: CommitBounds
  readonly source: Source
  readonly fetcher: Fetcher
  readonly processor: Processor
  readonly engine: FeatureEngine
  readonly unit: UnitOfWork
  readonly tally: Tally
  readonly partitions: PartitionTable
  readonly observer: LoopObserver
  readonly events: LoopEvents
  readonly clock: Clock
  readonly backoff: Backoff
}

/**
 * Consume, transform, produce, commit: the only mutator of positions and state.
 *
 * One turn: take the batch that was read ahead, answer rebalances (no poll is in flight then), start
 * reading the next one, process this one, commit if it is time.
 */
export class Loop {
  readonly #parts: LoopParts
  readonly #rebalances: Rebalance[] = []
  #phase: LoopPhase = 'waiting-for-assignment'
  #heartbeatAtMs: number
  #isStopping = false
  #abortsInRow = 0
  #registryTrouble: string | undefined

  constructor(parts: LoopParts) {
    this.#parts = parts
    this.#heartbeatAtMs = parts.clock.now()
  }

  get phase(): LoopPhase {
    if (this.#phase === 'running' && this.#parts.partitions.isReplaying()) return 'replaying'
    return this.#phase
  }

  /** When the loop last began a turn, wall-clock ms. */
  get heartbeatAtMs(): number {
    return this.#heartbeatAtMs
  }

  /** Why decoding stands still; `undefined` when it does not. */
  get registryTrouble(): string | undefined {
    return this.#registryTrouble
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
      const taken = await this.#take()
      if (taken === undefined) continue
      const batch = await this.#answerRebalances(taken)
      fetcher.start()
      await this.#turn(batch)
    }
    this.#phase = 'draining'
    await fetcher.drop()
    await this.#commit()
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
      await this.#rollBack(error)
    }
  }

  /** A unit of replayed records only has nothing to commit: state is what the log says. */
  #acceptReplay(): void {
    this.#parts.engine.accept()
    this.#parts.partitions.accept()
  }

  async #commit(): Promise<void> {
    const { unit, engine, partitions, tally, observer, clock, inputTopic, events } = this.#parts
    if (!unit.isOpen) return
    tally.check()
    const startedAt = clock.monotonic()
    const offsets: OffsetCommit[] = partitions.advanced().map(({ partition, position }) => ({
      topic: inputTopic,
      partition,
      offset: position,
      metadata: encodeMetadata(engine.streamPosition(partition)),
    }))
    await unit.commit(offsets)
    engine.accept()
    partitions.accept()
    this.#abortsInRow = 0
    this.#parts.backoff.reset()
    observer.stage('commit', clock.monotonic() - startedAt)
    observer.unitCommitted(tally.summary(clock.now()))
    events.committed(offsets)
    tally.reset()
  }

  /** Aborts the unit and reads it again. @throws what an abort is no answer to */
  async #rollBack(error: unknown): Promise<void> {
    if (!isAbortable(error)) throw error
    this.#abortsInRow += 1
    if (this.#abortsInRow > ABORTS_MAX) {
      const message = `${ABORTS_MAX} units aborted in a row: ${error.message}`
      throw new ServiceError('CONSUMER_FATAL', message, error)
    }
    await this.#parts.source.seek(await this.#abort(error.message))
    await this.#parts.clock.sleep(this.#parts.backoff.next())
  }

  /** Takes the open unit back, outputs, state and positions. @returns what must be read again */
  async #abort(cause: string): Promise<readonly StartOffset[]> {
    const { fetcher, unit, engine, partitions, tally, observer, events } = this.#parts
    await fetcher.drop()
    if (unit.isOpen) {
      await unit.abort()
      observer.unitAborted(cause)
      events.aborted(cause)
    }
    engine.discard()
    tally.reset()
    return partitions.rewind()
  }

  async #take(): Promise<Batch | undefined> {
    const { fetcher } = this.#parts
    try {
      return await fetcher.take()
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'REGISTRY_UNAVAILABLE') throw error
      await this.#waitForRegistry(error)
      return undefined
    }
  }

  /** A schema cannot be fetched: its records may be good, so everything waits; no unit stays open. */
  async #waitForRegistry(error: ServiceError): Promise<void> {
    const { source, fetcher, clock, backoff, events } = this.#parts
    if (this.#registryTrouble === undefined) {
      await this.#commit().catch((cause: unknown) => this.#rollBack(cause))
      backoff.reset()
      events.registryUnavailable(error)
    }
    this.#registryTrouble = error.message
    source.hold()
    await clock.sleep(backoff.next())
    await fetcher.keepAlive()
    await this.#answerRebalances(undefined)
    source.release()
  }

  /** Answers what the group decided meanwhile. @returns the batch without records that left us */
  async #answerRebalances<Held extends Batch | undefined>(held: Held): Promise<Held> {
    let batch = held
    if (batch !== undefined && this.#registryTrouble !== undefined) {
      this.#registryTrouble = undefined
      this.#parts.events.registryBack()
    }
    for (let next = this.#rebalances.shift(); next; next = this.#rebalances.shift()) {
      if (next.kind === 'assigned') await this.#assigned(next)
      else batch = await this.#released(next, batch)
    }
    return batch
  }

  async #assigned(rebalance: Extract<Rebalance, { kind: 'assigned' }>): Promise<void> {
    const { source, engine, partitions, inputTopic, events } = this.#parts
    const stored = await this.#insist(() => source.committed(rebalance.partitions))
    const starts: StartOffset[] = []
    for (const committed of stored) {
      const bounds = await this.#insist(() => source.logBounds(committed.partition))
      const location = locate(inputTopic, committed, bounds)
      engine.open(location.partition, location.restored)
      partitions.open(location)
      starts.push({ partition: location.partition, offset: location.start })
      events.located(location)
    }
    rebalance.answer(starts)
    if (starts.length > 0) this.#phase = 'running'
    events.assigned(rebalance.number, rebalance.partitions)
  }

  /** Partitions go: the unit is committed first, or, when they are lost, taken back. */
  async #released<Held extends Batch | undefined>(
    rebalance: Exclude<Rebalance, { kind: 'assigned' }>,
    held: Held,
  ): Promise<Held> {
    const { engine, partitions, fetcher, source, events } = this.#parts
    const again = rebalance.kind === 'lost' ? await this.#abort('lost') : await this.#settle()
    for (const partition of rebalance.partitions) {
      if (partitions.get(partition) === undefined) continue
      engine.close(partition)
      partitions.close(partition)
    }
    const isOwned = (partition: number): boolean => partitions.get(partition) !== undefined
    fetcher.retain(isOwned)
    rebalance.answer()
    await source.seek(again.filter(({ partition }) => isOwned(partition)))
    if (partitions.all().length === 0) this.#phase = 'waiting-for-assignment'
    events.released(rebalance.kind, rebalance.number, rebalance.partitions)
    return onlyOwned(again.length > 0 ? withoutRecords(held) : held, isOwned)
  }

  /** Commits what is open. @returns what must be read again because it could not be committed */
  async #settle(): Promise<readonly StartOffset[]> {
    try {
      await this.#commit()
      return []
    } catch (error) {
      if (!isAbortable(error)) throw error
      return this.#abort(error.message)
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

function isAbortable(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.disposition === 'abort'
}

function withoutRecords<Held extends Batch | undefined>(batch: Held): Held {
  return batch === undefined ? batch : { ...batch, decoded: [] }
}

function onlyOwned<Held extends Batch | undefined>(
  batch: Held,
  isOwned: (partition: number) => boolean,
): Held {
  if (batch === undefined) return batch
  return { ...batch, decoded: batch.decoded.filter(({ record }) => isOwned(record.partition)) }
}
