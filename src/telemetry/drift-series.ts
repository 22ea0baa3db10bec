import type { SeriesSpec } from './series-spec.ts'

const SERIES_LABELS = ['reference', 'kind', 'name'] as const

/**
 * How live features and scores differ from the training data: absent where the model folder has no
 * `reference.json`. Bounded by the reference: at most 35 bins of a number.
 */
export const DRIFT_SERIES = {
  millrace_drift_records_total: {
    type: 'counter',
    group: 'drift',
    unit: 'records',
    labels: [...SERIES_LABELS, 'bin'],
    help: 'Predicted events by bin of the reference. Bins are the same on all instances, so their increases can be added.',
  },
  millrace_drift_reference_share: {
    type: 'gauge',
    group: 'drift',
    unit: 'share',
    labels: [...SERIES_LABELS, 'bin'],
    help: 'Share of the training data in the bin; above 0 and together 1.',
  },
  millrace_drift_distance: {
    type: 'gauge',
    group: 'drift',
    unit: 'distance',
    labels: [...SERIES_LABELS, 'statistic'],
    help: 'Of the last complete window of the instance from the training data: psi, js (Jensen–Shannon, bits) and ks (Kolmogorov–Smirnov; not of categories).',
  },
  millrace_drift_missing_share: {
    type: 'gauge',
    group: 'drift',
    unit: 'share',
    labels: SERIES_LABELS,
    help: 'Share of missing values in the last complete window of the instance.',
  },
  millrace_drift_unseen_share: {
    type: 'gauge',
    group: 'drift',
    unit: 'share',
    labels: SERIES_LABELS,
    help: 'Share of values in the last complete window of the instance that the training data does not have: beyond its range, or of a new category.',
  },
  millrace_drift_detected: {
    type: 'gauge',
    group: 'drift',
    unit: '0 or 1',
    labels: SERIES_LABELS,
    help: '1 while the last complete window of the instance has drifted. Absent while it cannot be judged.',
  },
  millrace_drift_window_records: {
    type: 'gauge',
    group: 'drift',
    unit: 'records',
    labels: ['reference'],
    help: 'Predicted events of the last complete window of the instance. Absent until there is one.',
  },
  millrace_drift_day_bound_psi: {
    type: 'gauge',
    group: 'drift',
    unit: 'psi',
    labels: [...SERIES_LABELS, 'size'],
    help: 'Largest psi that is no drift over one day with at least as many events as `size` stands for: what the rules of a fleet judge by.',
  },
  millrace_drift_day_bound_records: {
    type: 'gauge',
    group: 'drift',
    unit: 'records',
    labels: [...SERIES_LABELS, 'size'],
    help: 'Events that a day must have for the bound of this `size`.',
  },
} as const satisfies Record<`millrace_drift_${string}`, SeriesSpec>
