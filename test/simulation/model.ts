import type { ModelSpec } from '../../src/domain/model-spec.ts'
import type { FakeModel } from '../fakes/scorer.ts'
import { specOf } from '../oracle/feature-runs.ts'

const TOTAL = { name: 'total', operation: 'sum', input_column: 'amount', window: '6s' }

function specWith(total: object): ModelSpec {
  return specOf({
    lateness: '2s',
    fields: { amount: { type: 'double', optional: true } },
    features: [
      { name: 'n', operation: 'count', window: '6s' },
      total,
      { name: 'mean', operation: 'avg', input_column: 'amount', window: '3s' },
      { name: 'newest', operation: 'last', input_column: 'amount', window: '8s' },
      { name: 'since', operation: 'seconds_since_previous', window: '8s' },
    ],
  })
}

/** The model of every simulated run. The oracle has these windows of its own, in its own words. */
export const SPEC: ModelSpec = specWith(TOTAL)

/** The same features by another layout of the state: no amount is below 0. */
export const OTHER_SPEC: ModelSpec = specWith({ ...TOTAL, where: { field: 'amount', ge: 0 } })

/** A score that depends on all of the row; some rows it refuses, and for some it has no number. */
export const scoreRow: FakeModel = (row) => {
  const newest = row[3] ?? 0
  if (newest > 395) return 'too much'
  if (newest < 3) return [Number.NaN]
  return [row.reduce((sum, value, at) => sum + (Number.isNaN(value) ? at : value * (at + 1)), 0)]
}
