import type { DRIFT_ALERTS } from '../../../../scripts/monitoring/alerts/drift.ts'
import { of } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const DAY = 1_440
const END = `x${2 * DAY}`
const SIZE = { reference: 'ab12', kind: 'feature', name: 'size' } as const

/** Counters of an instance that grow by so many a minute, in two bins of half the training data each. */
function bins(low: number, high: number, instance = 'a'): Record<string, string> {
  const perBin = Object.entries({ low, high }).flatMap(([bin, each]) => [
    [of('millrace_drift_records_total', { ...SIZE, bin }, instance), `0+${each}${END}`],
    [of('millrace_drift_reference_share', { ...SIZE, bin }, instance), `0.5${END}`],
  ])
  const bounds = Object.entries({ 100: 2, 1_000: 0.2, 1_000_000: 0.0001 }).flatMap(
    ([size, psi]) => [
      [of('millrace_drift_day_bound_psi', { ...SIZE, size }, instance), `${psi}${END}`],
      [of('millrace_drift_day_bound_records', { ...SIZE, size }, instance), `${size}${END}`],
    ],
  )
  return Object.fromEntries([...perBin, ...bounds])
}

const labels = { job: 'm', ...SIZE }

export const DRIFT_CASES = {
  MillraceDrift: {
    fires: {
      when: 'two instances together have nine in ten where training had half',
      // 0.4 ln 1.8 − 0.4 ln 0.2
      series: { ...bins(12, 0), ...bins(6, 2, 'b') },
      atMinutes: DAY + 70,
      alerts: [
        {
          labels,
          description:
            'Over a day the feature size of m differs from the training data by a psi of 878.8m, more than chance explains.',
        },
      ],
    },
    quiet: [
      {
        when: 'the instances differ from training, and together do not',
        series: { ...bins(9, 1), ...bins(1, 9, 'b') },
        atMinutes: DAY + 70,
      },
      {
        when: 'it would be drift over a day, and there is less than one yet',
        series: bins(18, 2),
        atMinutes: DAY - 10,
      },
    ],
  },
} as const satisfies CasesOf<typeof DRIFT_ALERTS>
