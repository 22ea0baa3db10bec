/**
 * What is known of drift now: how the events of a window differ from those the model was trained on,
 * feature by feature, without labels. Part of `/status.json`; `docs/drift.md` explains it.
 */
export interface DriftReport {
  /** First characters of the sha256 of `reference.json`: only windows of one reference can be added. */
  readonly reference: string
  /** Events of the training data, and the time between the first and the last, ms. */
  readonly referenceRows: number
  readonly referenceSpanMs: number
  readonly falseAlarmsPerMonth: number
  /** The last complete window; the open one while there is none. */
  readonly window: DriftWindow
  /** Features in the reference's order, then the scores. */
  readonly series: readonly SeriesDrift[]
}

/** The events that were compared. */
export interface DriftWindow {
  /** A window that is still open is shown, never judged. */
  readonly isComplete: boolean
  readonly records: number
  /** Oldest event time, or the newest of the window before, and newest, ms; `undefined` without events. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}

/**
 * - `steady`: the difference is one that the training data had within itself.
 * - `drift`: it is larger than that, by the false-alarm rate that was asked for.
 * - `unjudged`: the window is open, or smaller than any that the reference was measured with.
 */
export type DriftVerdict = 'steady' | 'drift' | 'unjudged'

/** A feature or score: its window beside the training data. */
export interface SeriesDrift {
  readonly kind: 'feature' | 'score'
  readonly name: string
  readonly values: 'number' | 'category'
  /** Population stability index, natural logarithm; what the verdict is taken from. */
  readonly psi: number
  /** Jensen–Shannon divergence, base 2: 0 (the same) to 1 (nothing in common). */
  readonly js: number
  /** Kolmogorov–Smirnov distance at the bounds of the bins, 0 to 1; `undefined` of categories. */
  readonly ks: number | undefined
  /** Shares of missing values. */
  readonly missing: number
  readonly referenceMissing: number
  /** Share of values that training never saw: beyond its range, or of a new category. */
  readonly unseen: number
  /** Largest `psi` that is no drift; `undefined` where there is none to judge by. */
  readonly threshold: number | undefined
  readonly verdict: DriftVerdict
  /** The histogram. Numbers: `missing`, `below`, the bins in order, `above`; categories, then `other`. */
  readonly cells: readonly DriftCell[]
  readonly calibration: readonly Calibration[]
}

/** What the training data differs from itself: its own windows of some size, beside all of it. */
export interface Calibration {
  /** Events of such a window. */
  readonly records: number
  /** How many of them there are side by side. */
  readonly windows: number
  /** Mean, standard deviation and largest of their `psi`. */
  readonly mean: number
  readonly sd: number
  readonly max: number
}

/** One bin of a histogram. */
export interface DriftCell {
  /** As above; a bin is named by its inclusive upper bound, a category by its column. */
  readonly label: string
  /** Records of the window. Counts of several instances can be added. */
  readonly count: number
  /** Share in the training data. */
  readonly share: number
}
