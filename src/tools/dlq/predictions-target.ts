import { invariant, ServiceError } from '../../domain/errors.ts'
import type { ModelSpec } from '../../domain/model-spec.ts'
import { FeatureEngine } from '../../features/engine.ts'
import { scoreRows } from '../../inference/bisect.ts'
import type { ScoredBatch } from '../../inference/bisect.ts'
import type { Scorer } from '../../inference/port.ts'
import { unscorable } from '../../inference/unscorable.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { OutputBatch } from '../../sink/output-batch.ts'
import type { OutputPlan } from '../../sink/plan.ts'
import type { Judge, Judged, Verdict } from './judge.ts'
import { type Letter, replayHeaders } from './letter.ts'
import type { ReplayTarget } from './target.ts'

/** Most names in a refusal. */
const NAMES_MAX = 5
/** An engine without windows keeps no key, so bounds mean nothing to it. */
const NO_LIMITS = { keysMax: 1, bytesMax: Infinity }
/** Whatever partition a letter came from: nothing of its row depends on it. */
const ANY_PARTITION = 0

/**
 * Refuses a model with windows: what they hold belongs to the running service.
 *
 * @throws ServiceError `CONFIG_INVALID` naming its windowed features
 */
export function requireNoWindows({ name, version, features }: ModelSpec): void {
  const windowed = features.filter(({ kind }) => kind === 'window')
  if (windowed.length === 0) return
  const named = windowed.slice(0, NAMES_MAX).map((feature) => `"${feature.name}"`)
  const more = windowed.length > NAMES_MAX ? ` and ${windowed.length - NAMES_MAX} more` : ''
  throw new ServiceError(
    'CONFIG_INVALID',
    `--to predictions needs a model without windows, but ${name} ${version} has ${named.join(', ')}${more}: ` +
      'their state belongs to the running service, and a score computed elsewhere would silently be ' +
      'another one; replay --to input, and the service answers',
  )
}

/**
 * Straight to the predictions: features, prediction and audit record as the service writes them, from the
 * same engine, model and encoders. For models without windows, whose rows are made of the event alone.
 *
 * A letter that the model turned down was in time when it was read, and an answer here is one for where it
 * was read: so it is not late, whatever the stream time is by now. Of one that was never decoded
 * nobody knows, so it is judged by the stream time of now.
 */
export class PredictionsTarget implements ReplayTarget {
  readonly #judge: Judge
  readonly #engine: FeatureEngine
  readonly #scorer: Scorer
  readonly #outputs: number
  readonly #plan: OutputPlan | undefined
  readonly #clock: Clock
  /** Of the last letters that were judged: which row of the features and scores is whose. */
  readonly #rows = new Map<Letter, number>()
  #features = new Float64Array(0)
  #scores: Float64Array = new Float64Array(0)

  constructor(parts: {
    readonly judge: Judge
    readonly spec: ModelSpec
    readonly scorer: Scorer
    /** `undefined`: nothing is to be written. */
    readonly plan: OutputPlan | undefined
    readonly clock: Clock
  }) {
    requireNoWindows(parts.spec)
    this.#judge = parts.judge
    this.#engine = new FeatureEngine(parts.spec, NO_LIMITS)
    this.#engine.open(ANY_PARTITION)
    this.#scorer = parts.scorer
    this.#outputs = parts.spec.model.outputs.length
    this.#plan = parts.plan
    this.#clock = parts.clock
  }

  async judge(letters: readonly Letter[]): Promise<readonly Judged[]> {
    const judged = await this.#judge.judge(letters)
    const { columns: features } = this.#engine
    const outputs = this.#outputs
    this.#rows.clear()
    this.#features = new Float64Array(judged.length * features)
    const computed = judged.map((each) => ({ ...each, verdict: this.#computed(each) }))
    const rows = Float32Array.from(this.#features)
    const count = this.#rows.size
    const scored = await scoreRows(this.#scorer, { rows, count, features, outputs })
    this.#scores = scored.scores
    return computed.map((each) => ({ ...each, verdict: this.#scored(each, scored) }))
  }

  write(chosen: readonly Judged[], into: OutputBatch): void {
    const plan = this.#plan
    invariant(plan !== undefined, 'a dry run writes nothing')
    plan.setNow(this.#clock.now())
    const row = { features: this.#features, featuresAt: 0, scores: this.#scores, scoresAt: 0 }
    for (const { letter, decoded, verdict } of chosen) {
      const { record, schemaId } = decoded
      const formerly = { reason: letter.reason, headers: replayHeaders(letter) }
      const at = this.#rows.get(letter)
      if (at === undefined || !('event' in verdict)) {
        plan.skipped({ record, schemaId, event: undefined, formerly }, into)
        continue
      }
      row.featuresAt = at * this.#engine.columns
      row.scoresAt = at * this.#outputs
      plan.predicted({ record, schemaId, event: verdict.event, formerly }, row, into)
    }
  }

  /** Computes the row of what decodes. The engine forgets each event at once, so it finds none late. */
  #computed({ letter, decoded, verdict }: Judged): Verdict {
    if (!('event' in verdict)) return verdict
    const { event } = verdict
    const { offset, timestamp } = decoded.record
    const row = this.#rows.size
    const at = row * this.#engine.columns
    const applied = this.#engine.apply(ANY_PARTITION, offset, event, timestamp, this.#features, at)
    this.#engine.discard()
    invariant(applied.kind !== 'late', 'an engine that has seen nothing finds nothing late')
    if (applied.kind !== 'ok') return { kind: 'fail', letter: applied }
    this.#rows.set(letter, row)
    const isLate = verdict.kind === 'late' && letter.stage === 'decode'
    // No window, so it matters to none how far it is behind.
    return isLate ? verdict : { kind: 'pass', event, behindMs: 0 }
  }

  #scored({ letter, verdict }: Judged, scored: ScoredBatch): Verdict {
    const row = this.#rows.get(letter)
    const refused = row === undefined ? undefined : unscorable(row, scored, this.#outputs)
    return refused === undefined ? verdict : { kind: 'fail', letter: refused }
  }
}
