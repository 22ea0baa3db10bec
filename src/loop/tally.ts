import { invariant } from '../domain/errors.ts'
import type { DeadLetterReason } from '../domain/outcome.ts'
import type { DriftSketch } from '../drift/sketch.ts'
import type { CommittedUnit, TopicVolume } from './observer.ts'

/**
 * What the open unit of work has done so far: the figures its commit will publish, and the check
 * that every input record was answered exactly once.
 */
export class Tally {
  readonly #recordTimestampsMs: Float64Array
  readonly #eventTimesMs: Float64Array
  readonly #scores: Float64Array
  readonly #sketch: DriftSketch | undefined
  #records = 0
  #predicted = 0
  #late = 0
  #skipped = 0
  #audits = 0
  #deadLetters = new Map<DeadLetterReason, number>()
  #outputs = new Map<string, TopicVolume>()
  #received: { atMs: number; records: number }[] = []

  /**
   * @param recordsMax most records a unit can hold
   * @param sketch counts feature and score values; absent where the model has no reference
   */
  constructor(recordsMax: number, sketch?: DriftSketch) {
    this.#sketch = sketch
    this.#recordTimestampsMs = new Float64Array(recordsMax)
    this.#eventTimesMs = new Float64Array(recordsMax)
    this.#scores = new Float64Array(recordsMax)
  }

  get records(): number {
    return this.#records
  }

  /** An input record entered the unit. */
  record(timestampMs: number): void {
    this.#recordTimestampsMs[this.#records++] = timestampMs
  }

  predicted(eventTimeMs: number, score: number): void {
    this.#eventTimesMs[this.#predicted] = eventTimeMs
    this.#scores[this.#predicted++] = score
  }

  /** The feature and score rows of a predicted event begin at these places. */
  values(features: Float64Array, featuresAt: number, scores: Float64Array, scoresAt: number): void {
    this.#sketch?.add(features, featuresAt, scores, scoresAt)
  }

  late(): void {
    this.#late += 1
  }

  skipped(): void {
    this.#skipped += 1
  }

  deadLetter(reason: DeadLetterReason): void {
    this.#deadLetters.set(reason, (this.#deadLetters.get(reason) ?? 0) + 1)
  }

  /** Records were handed to the producer. */
  output(topic: string, records: number, bytes: number): void {
    const volume = this.#outputs.get(topic) ?? { records: 0, bytes: 0 }
    volume.records += records
    volume.bytes += bytes
    this.#outputs.set(topic, volume)
  }

  audited(records: number): void {
    this.#audits += records
  }

  received(atMs: number, records: number): void {
    this.#received.push({ atMs, records })
  }

  /** Conservation: records in = audits out = sum of the outcomes. */
  check(): void {
    let dead = 0
    for (const count of this.#deadLetters.values()) dead += count
    const outcomes = this.#predicted + this.#late + this.#skipped + dead
    invariant(
      this.#records === this.#audits && this.#records === outcomes,
      `${this.#records} records in, ${this.#audits} audits, ${outcomes} outcomes`,
    )
  }

  /** The figures for the observer; valid until `reset`. */
  summary(committedAtMs: number): CommittedUnit {
    return {
      records: this.#records,
      committedAtMs,
      predicted: this.#predicted,
      late: this.#late,
      skipped: this.#skipped,
      deadLetters: this.#deadLetters,
      outputs: this.#outputs,
      recordTimestampsMs: this.#recordTimestampsMs,
      eventTimesMs: this.#eventTimesMs,
      scores: this.#scores,
      ...(this.#sketch !== undefined && { drift: this.#sketch.counts }),
      received: this.#received,
    }
  }

  reset(): void {
    this.#records = 0
    this.#predicted = 0
    this.#late = 0
    this.#skipped = 0
    this.#audits = 0
    this.#deadLetters = new Map()
    this.#outputs = new Map()
    this.#received = []
    this.#sketch?.clear()
  }
}
