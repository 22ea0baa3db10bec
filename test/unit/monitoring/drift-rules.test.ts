import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesFile } from '../../../scripts/monitoring/rules-file.ts'
import { distancesOf } from '../../../src/drift/distances.ts'
import { testRules } from './promtool.ts'

const DAY_MINUTES = 1_440
const END = `x${DAY_MINUTES + 10}`
const SHARES = { '1': 0.2, '5': 0.3, above: 0.5 } as const
/** Events a minute in each bin, of three instances; each of its own kind. */
const FLEET = [
  { '1': 5, '5': 1, above: 2 },
  { '1': 0, '5': 9, above: 4 },
  { '1': 3, '5': 3, above: 0 },
] as const

type Bin = keyof typeof SHARES
const BINS: readonly Bin[] = ['1', '5', 'above']

function series(name: string, bin: Bin, job: string, instance: string): string {
  const labels = { job, instance, reference: 'ab12', kind: 'feature', name: 'size', bin }
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`
}

function counters(job: string, perMinute: readonly Readonly<Record<Bin, number>>[]) {
  return perMinute.flatMap((rates, at) =>
    BINS.flatMap((bin) => [
      {
        series: series('millrace_drift_records_total', bin, job, `${at}`),
        values: `0+${rates[bin]}${END}`,
      },
      {
        series: series('millrace_drift_reference_share', bin, job, `${at}`),
        values: `${SHARES[bin]}${END}`,
      },
    ]),
  )
}

test('the rule of a fleet has the psi of one instance that saw it all, which is that of the formula', () => {
  const whole = BINS.map((bin) => FLEET.reduce((sum, rates) => sum + rates[bin], 0))
  const [one = 0, five = 0, above = 0] = whole
  const counts = whole.map((each) => each * DAY_MINUTES)
  const { psi } = distancesOf(
    counts,
    BINS.map((bin) => SHARES[bin]),
    true,
  )
  const isNear = (expr: string): object => ({
    expr: `abs(${expr}) < bool 1e-6`,
    eval_time: `${DAY_MINUTES + 2}m`,
    exp_samples: [{ labels: '{kind="feature", name="size", reference="ab12"}', value: 1 }],
  })
  const rule = (job: string): string => `job:millrace_drift_psi:1d{job="${job}"}`
  const { isGood, said } = testRules([
    {
      rules: rulesFile(),
      tests: [
        {
          name: 'a fleet and one instance',
          interval: '1m',
          input_series: [
            ...counters('fleet', FLEET),
            ...counters('one', [{ '1': one, '5': five, above }]),
          ],
          promql_expr_test: [
            isNear(`${rule('fleet')} - ignoring (job) ${rule('one')}`),
            isNear(`sum without (job) (${rule('fleet')}) - ${psi}`),
          ],
        },
      ],
    },
  ])
  assert.ok(isGood, said)
})
