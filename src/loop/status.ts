import type { DeadLetterReason } from '../domain/outcome.ts'
import type { DriftUnit, DriftWatch } from '../drift/watch.ts'
import type { FeatureEngine } from '../features/engine.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Source } from '../source/port.ts'
import type { FloodGate } from './flood-gate.ts'
import type { Loop } from './loop.ts'
import type {
  CommittedUnit,
  LoopObserver,
  LoopSnapshot,
  PartitionStatus,
  ReplayProgress,
  Trouble,
} from './observer.ts'
import type { PartitionProgress, PartitionTable } from './partitions.ts'

const NO_LOSSES = { acceptedGaps: 0, lostBefore: 0 }

/** What a running loop is asked for when a snapshot is taken. */
export interface StatusParts {
  readonly loop: Loop
  readonly partitions: PartitionTable
  readonly engine: FeatureEngine
  readonly source: Source
  /** Hears of the brokers while the source does not. */
  readonly producer: { trouble(): string | undefined }
  readonly gate: FloodGate
}

/** Keeps the totals and answers what the service is doing. Costs the loop one call a commit. */
export class Status implements LoopObserver {
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #trouble = new Map<string, Trouble>()
  readonly #byReason: Partial<Record<DeadLetterReason, number>> = {}
  readonly #lastAtMs: Partial<Record<DeadLetterReason, number>> = {}
  #parts: StatusParts | undefined
  #drift: DriftWatch | undefined
  #firstCommitAtMs: number | undefined
  #lastCommitAtMs: number | undefined
  #modelReady = false
  #received = 0
  #predicted = 0
  #late = 0
  #skipped = 0
  #deadLetters = 0
  #committedUnits = 0
  #abortedUnits = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAtMs = clock.now()
  }

  modelIsReady(): void {
    this.#modelReady = true
  }

  /** The model has a reference to compare with. */
  driftIsWatched(watch: DriftWatch): void {
    this.#drift = watch
  }

  loopStarts(parts: StatusParts): void {
    this.#parts = parts
  }

  /** Something the start waits for is away. */
  setTrouble(code: string, detail: string): void {
    const sinceMs = this.#trouble.get(code)?.sinceMs ?? this.#clock.now()
    this.#trouble.set(code, { code, detail, sinceMs })
  }

  clearTrouble(code: string): void {
    this.#trouble.delete(code)
  }

  stage(): void {}

  recovered(): void {}

  formerOwner(): void {}

  inferenceBatch(): void {}

  received(_topic: string, records: number): void {
    this.#received += records
  }

  unitCommitted(unit: CommittedUnit): void {
    this.#firstCommitAtMs ??= unit.committedAtMs
    this.#lastCommitAtMs = unit.committedAtMs
    this.#predicted += unit.predicted
    this.#late += unit.late
    this.#skipped += unit.skipped
    this.#committedUnits += 1
    if (unit.drift !== undefined) this.#drift?.committed(driftOf(unit, unit.drift))
    for (const [reason, count] of unit.deadLetters) {
      this.#deadLetters += count
      this.#byReason[reason] = (this.#byReason[reason] ?? 0) + count
      this.#lastAtMs[reason] = unit.committedAtMs
    }
  }

  unitAborted(): void {
    this.#abortedUnits += 1
  }

  snapshot(): LoopSnapshot {
    const parts = this.#parts
    this.#followSource(parts)
    const partitions = parts?.partitions.all() ?? []
    return {
      phase: parts?.loop.phase ?? 'starting',
      startedAtMs: this.#startedAtMs,
      heartbeatAtMs: parts?.loop.heartbeatAtMs ?? this.#clock.now(),
      ...(this.#firstCommitAtMs !== undefined && { firstCommitAtMs: this.#firstCommitAtMs }),
      ...(this.#lastCommitAtMs !== undefined && { lastCommitAtMs: this.#lastCommitAtMs }),
      modelReady: this.#modelReady,
      trouble: [...this.#trouble.values()],
      partitions:
        parts === undefined ? [] : partitions.map((entry) => partitionStatus(entry, parts)),
      replay: partitions.filter((entry) => entry.position < entry.replayUntil).map(progressOf),
      restore: parts?.loop.restoreProgress() ?? [],
      ...(parts?.loop.losses ?? NO_LOSSES),
      breaker: { isOpen: parts?.gate.trouble !== undefined, trips: parts?.gate.trips ?? 0 },
      state: parts?.engine.size() ?? { keys: 0, tiles: 0, bytes: 0 },
      totals: {
        received: this.#received,
        predicted: this.#predicted,
        late: this.#late,
        skipped: this.#skipped,
        deadLetters: this.#deadLetters,
        committedUnits: this.#committedUnits,
        abortedUnits: this.#abortedUnits,
      },
      deadLettersByReason: { ...this.#byReason },
      lastDeadLetterAtMs: { ...this.#lastAtMs },
    }
  }

  #followSource(parts: StatusParts | undefined): void {
    if (parts === undefined) return
    this.#follow('KAFKA_UNAVAILABLE', parts.source.trouble() ?? parts.producer.trouble())
    this.#follow('REGISTRY_UNAVAILABLE', parts.loop.registryTrouble)
    // Without partitions there is nothing to probe with, and nothing left to do about it here.
    const isMember = parts.loop.phase !== 'waiting-for-assignment'
    this.#follow('DEAD_LETTER_FLOOD', isMember ? parts.gate.trouble : undefined)
  }

  #follow(code: string, detail: string | undefined): void {
    if (detail === undefined) this.clearTrouble(code)
    else this.setTrouble(code, detail)
  }
}

function driftOf(unit: CommittedUnit, counts: Float64Array): DriftUnit {
  const { predicted: records, eventTimesMs, committedAtMs } = unit
  let [fromMs, toMs] = [Infinity, -Infinity]
  for (let i = 0; i < records; i++) {
    const timeMs = eventTimesMs[i] ?? Number.NaN
    if (timeMs < fromMs) fromMs = timeMs
    if (timeMs > toMs) toMs = timeMs
  }
  return { counts, records, fromMs, toMs, committedAtMs }
}

function partitionStatus(entry: PartitionProgress, parts: StatusParts): PartitionStatus {
  const { partition, position, committedOffset } = entry
  const end = parts.source.recordsEnd(partition)
  return {
    partition,
    position,
    committedOffset,
    // Statistics come once a second, so a fast loop may be ahead of them.
    lag: end === undefined ? undefined : Math.max(0, end - position),
    streamTimeMs: parts.engine.streamPosition(partition).streamTimeMs,
  }
}

function progressOf(entry: PartitionProgress): ReplayProgress {
  return {
    partition: entry.partition,
    done: entry.position - entry.replayFrom,
    total: entry.replayUntil - entry.replayFrom,
  }
}

/** Tells several observers of the same loop. */
export function observeWith(observers: readonly LoopObserver[]): LoopObserver {
  return {
    stage: (stage, durationMs) => observers.forEach((each) => each.stage(stage, durationMs)),
    received: (topic, records, bytes) =>
      observers.forEach((each) => each.received(topic, records, bytes)),
    inferenceBatch: (rows) => observers.forEach((each) => each.inferenceBatch(rows)),
    unitCommitted: (unit) => observers.forEach((each) => each.unitCommitted(unit)),
    unitAborted: (cause, unit) => observers.forEach((each) => each.unitAborted(cause, unit)),
    recovered: (result) => observers.forEach((each) => each.recovered(result)),
    formerOwner: (result) => observers.forEach((each) => each.formerOwner(result)),
  }
}
