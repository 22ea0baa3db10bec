import { DEPLOYMENT } from './rule.ts'
import type { RecordingRule } from './rule.ts'

/**
 * Records answered within this long are good, seconds. One of the histogram's bounds, and none that is
 * a whole number: Prometheus 2 and 3 write those differently (`1`, `1.0`).
 */
export const OBJECTIVE_SECONDS = 0.5
/** Share of records that may take longer. */
export const ERROR_BUDGET = 0.01

const QUANTILES = [0.5, 0.95, 0.99] as const
const BURN_WINDOWS = ['5m', '30m', '1h', '6h'] as const
const LATENCIES = ['event_to_commit', 'record_to_commit', 'received_to_commit'] as const

/** Rates, quantiles and burn rates of each deployment, computed once for alerts and dashboards. */
export const RECORDING_RULES: readonly RecordingRule[] = [
  {
    record: 'job:millrace_partition_lag_records:sum',
    expr: `sum by (${DEPLOYMENT}) (millrace_partition_lag_records)`,
  },
  {
    record: 'job:millrace_arrivals:rate5m',
    expr: `sum by (${DEPLOYMENT}) (rate(millrace_partition_last_stable_offset[5m]))`,
  },
  {
    record: 'job:millrace_records_processed:rate5m',
    expr: `sum by (${DEPLOYMENT}) (rate(millrace_records_processed_total[5m]))`,
  },
  {
    // How long what is left would take at the present speed, were nothing to arrive.
    record: 'job:millrace_backlog_seconds:ratio',
    expr: 'job:millrace_partition_lag_records:sum / job:millrace_records_processed:rate5m',
  },
  {
    // How long until nothing is left, at the speed at which lag falls; absent while it does not.
    record: 'job:millrace_catch_up_seconds:ratio',
    expr:
      'job:millrace_partition_lag_records:sum / ' +
      'abs(deriv(job:millrace_partition_lag_records:sum[15m]) < 0)',
  },
  ratio('millrace_dead_letters', 'millrace_dead_letters_total', 'millrace_records_processed_total'),
  ratio('millrace_late', 'millrace_late_total', 'millrace_records_processed_total'),
  ratio(
    'millrace_aborts',
    'millrace_transactions_total{result="aborted"}',
    'millrace_transactions_total',
  ),
  ...LATENCIES.flatMap((latency) => quantiles(`millrace_${latency}_latency_seconds`)),
  ...BURN_WINDOWS.map(slow),
]

function ratio(name: string, part: string, whole: string): RecordingRule {
  const rate = (series: string): string => `sum by (${DEPLOYMENT}) (rate(${series}[15m]))`
  return { record: `job:${name}:ratio_rate15m`, expr: `${rate(part)} / ${rate(whole)}` }
}

function quantiles(histogram: string): readonly RecordingRule[] {
  const record = `job:${histogram}_bucket:rate5m`
  return [
    { record, expr: `sum by (${DEPLOYMENT}, le) (rate(${histogram}_bucket[5m]))` },
    ...QUANTILES.map((quantile) => ({
      record: `job:${histogram}:p${quantile * 100}`,
      expr: `histogram_quantile(${quantile}, ${record})`,
    })),
  ]
}

/** Share of records that took longer than the objective. */
function slow(window: string): RecordingRule {
  const histogram = 'millrace_record_to_commit_latency_seconds'
  const rate = (series: string): string => `sum by (${DEPLOYMENT}) (rate(${series}[${window}]))`
  const good = rate(`${histogram}_bucket{le="${OBJECTIVE_SECONDS}"}`)
  return {
    record: `job:millrace_slow_records:ratio_rate${window}`,
    expr: `1 - ${good} / ${rate(`${histogram}_count`)}`,
  }
}
