/** Why a record became a dead letter. A closed list: each has a metric label and a remedy in the docs. */
export const DEAD_LETTER_REASONS = [
  'empty-value',
  'not-wire-format',
  'unknown-schema',
  'undecodable',
  'invalid-event',
  'key-mismatch',
  'future-event-time',
  'unscorable',
  'non-finite-score',
] as const

export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** The processing stages that turn records down. */
export const STAGES = ['decode', 'features', 'inference'] as const

export type Stage = (typeof STAGES)[number]

export interface DeadLetter {
  readonly kind: 'dead-letter'
  readonly reason: DeadLetterReason
  readonly stage: Stage
  /** Names the thing, the value and the bound; at most 500 characters. */
  readonly detail: string
}

/** The one fate of an input record. */
export type Outcome =
  | { readonly kind: 'predicted' }
  | {
      readonly kind: 'late' /** How far behind stream time − lateness, ms. */
      readonly byMs: number
    }
  /** A tombstone that is passed over; it is audited, and nothing else. */
  | { readonly kind: 'skipped' }
  | DeadLetter

/** What to do with tombstones: records whose value is null. */
export type TombstonePolicy = 'dead-letter' | 'skip'

/** A dead letter's value, its detail cut to the bound. */
export function deadLetter(reason: DeadLetterReason, stage: Stage, detail: string): DeadLetter {
  return { kind: 'dead-letter', reason, stage, detail: detail.slice(0, 500) }
}
