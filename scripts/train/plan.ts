import type { Example } from './rows.ts'

/** What a model is trained on, and how. */
export interface Plan {
  /** In order of time. */
  readonly examples: readonly Example[]
  /** Which examples are kept from training. */
  readonly isTest: (index: number) => boolean
  /** LightGBM's own names. */
  readonly parameters: Readonly<Record<string, number>>
  /** Columns of each baseline, trained the same way. */
  readonly baselines: Readonly<Record<string, readonly string[]>>
}
