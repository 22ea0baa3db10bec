import type { AlertGroup } from '../rule.ts'

/** Whether the model still sees what it was trained on. */
export const DRIFT_ALERTS = {
  name: 'millrace-drift',
  alerts: {
    MillraceDrift: {
      expr: 'job:millrace_drift_psi:1d > job:millrace_drift_bound_psi:1d',
      for: '1h',
      severity: 'warning',
      summary: 'A feature or score is unlike the training data',
      description:
        'Over a day the {{ $labels.kind }} {{ $labels.name }} of {{ $labels.job }} differs from the training data by a psi of {{ $value | humanize }}, more than chance explains.',
      meaning:
        'The model is asked about what it was not trained on; its scores may be worse than its figures ' +
        'say. Nothing is wrong with the service. [Drift](drift.md) says how it is measured, and how often ' +
        'chance alone raises this.',
      remedies: [
        '`millrace drift --from` with the addresses of the instances shows every feature: many at once, or one?',
        'One feature, with missing or unseen values: has whoever writes the events changed a field, a unit or a category?',
        'Many features and the score: the world has changed, or a part of the traffic has gone elsewhere. Compare with last year.',
        'If it is here to stay, train anew: `reference.json` is written with the model.',
      ],
    },
  },
} as const satisfies AlertGroup
