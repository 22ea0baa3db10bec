import { DEPLOYMENT } from './rule.ts'
import type { RecordingRule } from './rule.ts'

const SERIES = ['reference', 'kind', 'name'] as const
/** A feature or score of a deployment, and one bin of it. */
const OF = `${DEPLOYMENT}, ${SERIES.join(', ')}`
const BIN = `${OF}, bin`
const SIZE = `${OF}, size`

const RECORDS = 'job:millrace_drift_records:increase1d'
const WINDOW = 'job:millrace_drift_window_records:increase1d'
const REFERENCE = 'job:millrace_drift_reference_share:max'
const SHARE = 'job:millrace_drift_share:ratio1d'

/**
 * Drift of a whole deployment over the last day. Bins are the same on all instances, so their counts are
 * added, and the rest is the formula of one instance (`src/drift/distances.ts`).
 */
export const DRIFT_RULES: readonly RecordingRule[] = [
  {
    record: RECORDS,
    expr: `sum by (${BIN}) (increase(millrace_drift_records_total[1d]))`,
    labels: [...SERIES, 'bin'],
  },
  {
    record: REFERENCE,
    expr: `max by (${BIN}) (millrace_drift_reference_share)`,
    labels: [...SERIES, 'bin'],
  },
  {
    // Only where the reference was there a day ago: a part of a day is not judged as one.
    record: WINDOW,
    expr:
      `sum by (${OF}) (${RECORDS}) and on (${DEPLOYMENT}, reference) ` +
      `sum by (${DEPLOYMENT}, reference) (millrace_drift_reference_share offset 1d)`,
    labels: SERIES,
  },
  {
    record: SHARE,
    expr: `(${RECORDS} + ${REFERENCE}) / on (${OF}) group_left () (${WINDOW} + 1)`,
    labels: [...SERIES, 'bin'],
  },
  {
    record: 'job:millrace_drift_psi:1d',
    expr: `sum by (${OF}) ((${SHARE} - ${REFERENCE}) * ln(${SHARE} / ${REFERENCE}))`,
    labels: SERIES,
  },
  {
    // The bound of the largest size that the day reaches: it falls with the size.
    record: 'job:millrace_drift_bound_psi:1d',
    expr:
      `min by (${OF}) (max by (${SIZE}) (millrace_drift_day_bound_psi) and ` +
      `(max by (${SIZE}) (millrace_drift_day_bound_records) <= on (${OF}) group_left () ${WINDOW}))`,
    labels: SERIES,
  },
]
