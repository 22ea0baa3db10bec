import type { Decoded } from '../decode/port.ts'
import { invariant } from '../domain/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { FeatureEngine } from '../features/engine.ts'
import { scoreRows } from '../inference/bisect.ts'
import type { ScoredBatch } from '../inference/bisect.ts'
import type { Scorer } from '../inference/port.ts'
import { unscorable } from '../inference/unscorable.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Mutable, OutputPlan, ScoredRow } from '../sink/plan.ts'
import type { Batch } from './fetcher.ts'
import type { LoopObserver } from './observer.ts'
import type { PartitionTable } from './partitions.ts'
import type { Tally } from './tally.ts'
import type { UnitOfWork } from './unit-of-work.ts'

const PREDICTED: Outcome = { kind: 'predicted' }

/** A record that is to be answered in the open unit. */
interface Live {
  readonly decoded: Decoded
  readonly outcome: Outcome
  /** Row in the batch's feature matrix; −1 when there is nothing to score. */
  readonly row: number
}

/** A micro-batch whose rows are with the model. */
interface Scoring {
  readonly live: readonly Live[]
  /** Its feature rows. */
  readonly features: Float64Array
  readonly scored: Promise<ScoredBatch>
}

interface Scored extends Scoring {
  readonly answers: ScoredBatch
}

/** What the processor works with; the loop owns all of it. */
export interface ProcessorParts {
  readonly engine: FeatureEngine
  readonly scorer: Scorer
  readonly plan: OutputPlan
  readonly unit: UnitOfWork
  readonly tally: Tally
  readonly partitions: PartitionTable
  readonly observer: LoopObserver
  readonly clock: Clock
  readonly auditTopic: string
  /** The changelog; `undefined` when the model keeps no state. */
  readonly stateTopic: string | undefined
  /** Published scores per event. */
  readonly outputs: number
}

/**
 * Takes micro-batches through features, inference and the sink, into the open unit of work.
 *
 * The model works on one batch while the features of the next are computed: `process` leaves the
 * batch with the model, and the next call, or `finish`, writes what came of it.
 */
export class Processor {
  readonly #parts: ProcessorParts
  #features = new Float64Array(0)
  /** The rows of the batch before, while the model has it. */
  #otherFeatures = new Float64Array(0)
  #inputs = new Float32Array(0)
  #scoring: Scoring | undefined

  constructor(parts: ProcessorParts) {
    this.#parts = parts
  }

  /** Begins the unit lazily, on the first record that needs an answer. */
  async process(batch: Batch): Promise<void> {
    const { engine, unit, tally, observer, clock } = this.#parts
    this.#reserve(batch.decoded.length)
    const startedAt = clock.monotonic()
    const live: Live[] = []
    const rows = this.#computeFeatures(batch.decoded, live)
    if (batch.decoded.length > 0) observer.stage('features', clock.monotonic() - startedAt)
    // What is only read back changes state too, and must come to the changelog.
    const isChanged = this.#parts.stateTopic !== undefined && engine.isChanged
    if (live.length > 0 || isChanged) await unit.begin()
    if (live.length === 0) return
    tally.received(batch.receivedAtMs, live.length)
    const before = await this.#scored()
    const features = this.#features
    const scored = this.#score(rows)
    // Told when it is awaited.
    scored.catch(() => undefined)
    this.#scoring = { live, features, scored }
    this.#features = this.#otherFeatures
    this.#otherFeatures = features
    // The model is busy again already.
    if (before !== undefined) await this.#write(before)
  }

  /** Writes the answers of the batch that is with the model, if any, into the open unit. */
  async finish(): Promise<void> {
    const last = await this.#scored()
    if (last !== undefined) await this.#write(last)
  }

  /** Forgets the batch that is with the model: its unit is taken back. */
  async drop(): Promise<void> {
    await this.#scoring?.scored.catch(() => undefined)
    this.#scoring = undefined
  }

  async #scored(): Promise<Scored | undefined> {
    const scoring = this.#scoring
    if (scoring === undefined) return undefined
    const answers = await scoring.scored
    this.#scoring = undefined
    return { ...scoring, answers }
  }

  async #write({ live, features, answers }: Scored): Promise<void> {
    const { observer, clock, plan } = this.#parts
    const startedAt = clock.monotonic()
    plan.setNow(clock.now())
    // One for all of them: only where its values begin differs.
    const row = { features, featuresAt: 0, scores: answers.scores, scoresAt: 0 }
    for (const entry of live) this.#answer(entry, row, answers)
    await this.#flush()
    observer.stage('produce', clock.monotonic() - startedAt)
  }

  /** Hands the open unit's changes of state to the producer. Called once, before the unit commits. */
  async writeChanges(): Promise<void> {
    const { engine, unit, stateTopic } = this.#parts
    if (stateTopic === undefined) return
    engine.changes((partition, { key, value }) => {
      unit.unsent.add({ topic: stateTopic, partition, key, value })
    })
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const { unit, tally, auditTopic } = this.#parts
    unit.unsent.eachVolume((topic, records, bytes) => {
      tally.output(topic, records, bytes)
      if (topic === auditTopic) tally.audited(records)
    })
    await unit.flush()
  }

  /** Applies the records to state in log order. @returns how many rows are to be scored */
  #computeFeatures(decoded: readonly Decoded[], live: Live[]): number {
    const { engine, partitions, tally } = this.#parts
    const columns = engine.columns
    let rows = 0
    for (const entry of decoded) {
      const { partition, offset, timestamp } = entry.record
      const progress = partitions.get(partition)
      // Not ours any more, or already handed over before a rebalance.
      if (progress === undefined || offset < progress.position) continue
      progress.position = offset + 1
      const isReplay = offset < progress.replayUntil
      if (!isReplay) tally.record(timestamp)
      if (entry.result.kind !== 'event') {
        if (!isReplay) live.push({ decoded: entry, outcome: entry.result, row: -1 })
        continue
      }
      const at = rows * columns
      const event = entry.result.event
      const applied = engine.apply(partition, offset, event, timestamp, this.#features, at)
      if (isReplay) continue
      if (applied.kind === 'ok') live.push({ decoded: entry, outcome: PREDICTED, row: rows++ })
      else live.push({ decoded: entry, outcome: applied, row: -1 })
    }
    return rows
  }

  async #score(rows: number): Promise<ScoredBatch> {
    const { engine, scorer, observer, clock, outputs } = this.#parts
    if (rows === 0) return { scores: new Float64Array(0), refused: new Map() }
    const values = rows * engine.columns
    for (let at = 0; at < values; at += 1) this.#inputs[at] = this.#features[at] ?? Number.NaN
    const startedAt = clock.monotonic()
    const scored = await scoreRows(scorer, {
      rows: this.#inputs,
      count: rows,
      features: engine.columns,
      outputs,
    })
    observer.stage('inference', clock.monotonic() - startedAt)
    observer.inferenceBatch(rows)
    return scored
  }

  #answer(
    { decoded, outcome, row: number }: Live,
    row: Mutable<ScoredRow>,
    scored: ScoredBatch,
  ): void {
    const { plan, tally, unit } = this.#parts
    const { record, schemaId, result } = decoded
    const event = result.kind === 'event' ? result.event : undefined
    if (outcome.kind === 'late') {
      invariant(event !== undefined, 'a late record has an event')
      tally.late()
      plan.late({ record, schemaId, event }, outcome.byMs, unit.unsent)
      return
    }
    if (outcome.kind === 'skipped') {
      tally.skipped()
      plan.skipped({ record, schemaId, event }, unit.unsent)
      return
    }
    const { outputs } = this.#parts
    const letter = outcome.kind === 'predicted' ? unscorable(number, scored, outputs) : outcome
    if (letter !== undefined) {
      tally.deadLetter(letter.reason)
      plan.deadLetter({ record, schemaId, event }, letter, unit.unsent)
      return
    }
    invariant(event !== undefined, 'a predicted record has an event')
    row.featuresAt = number * this.#parts.engine.columns
    row.scoresAt = number * outputs
    tally.predicted(event.timeMs, row.scores[row.scoresAt] ?? Number.NaN)
    tally.values(row.features, row.featuresAt, row.scores, row.scoresAt)
    plan.predicted({ record, schemaId, event }, row, unit.unsent)
  }

  #reserve(rows: number): void {
    const values = rows * this.#parts.engine.columns
    if (values <= this.#features.length) return
    this.#features = new Float64Array(values)
    if (values > this.#inputs.length) this.#inputs = new Float32Array(values)
  }
}
