import { ERROR_BUDGET, OBJECTIVE_SECONDS } from '../recording-rules.ts'
import type { AlertGroup } from '../rule.ts'

/** Whether answers come in time. Burn rates as in the SRE Workbook, chapter 5. */
export const LATENCY_ALERTS = {
  name: 'millrace-latency',
  alerts: {
    MillraceLatencyBurnFast: {
      expr: burn(14.4, '1h', '5m'),
      for: '2m',
      severity: 'critical',
      summary: 'Answers are too slow: the error budget burns 14 times too fast',
      description:
        `{{ $value | humanizePercentage }} of the records of {{ $labels.job }} took longer than ${OBJECTIVE_SECONDS} s ` +
        `within the last hour; ${ERROR_BUDGET * 100} % may.`,
      meaning:
        `The objective is that ${100 - ERROR_BUDGET * 100} % of the records are answered within ${OBJECTIVE_SECONDS} s of their Kafka timestamp, over 30 ` +
        'days. At this rate 2 % of what may fail in 30 days fails within an hour, and it still goes on.',
      remedies: [
        'Is there lag? Then it is a matter of throughput: see [MillraceLagGrowing](#millracelaggrowing). After an outage it passes as soon as it has caught up.',
        'Which stage takes the time? `commit`: look at the brokers. `inference`: at the model and its threads. `poll` includes waiting.',
        '`millrace_event_loop_delay_seconds` and the CPU limit of the container: a throttled process is late at everything.',
        "Are the writers' timestamps old when they write? `millrace_received_to_commit_latency_seconds` is what the service itself adds.",
      ],
    },
    MillraceLatencyBurnSlow: {
      expr: burn(6, '6h', '30m'),
      for: '15m',
      severity: 'warning',
      summary: 'Answers are too slow: the error budget burns 6 times too fast',
      description:
        `{{ $value | humanizePercentage }} of the records of {{ $labels.job }} took longer than ${OBJECTIVE_SECONDS} s ` +
        `within the last 6 h; ${ERROR_BUDGET * 100} % may.`,
      meaning:
        'The same objective, over a longer time: 5 % of what may fail in 30 days has failed within 6 h, and it still goes on.',
      remedies: ['As for [MillraceLatencyBurnFast](#millracelatencyburnfast).'],
    },
    MillraceFeaturesStale: {
      expr:
        'millrace_feature_freshness_seconds > 300 and ' +
        'sum without (topic) (rate(millrace_records_received_total[5m])) > 0',
      for: '10m',
      severity: 'warning',
      summary: 'The newest features are old, though records come in',
      description:
        'The newest event in the features of {{ $labels.instance }} is {{ $value | humanizeDuration }} old.',
      meaning:
        'Whoever reads the features sees the past: the service is behind, or the events are old when they are written.',
      remedies: [
        'Is there lag? See [MillraceLagGrowing](#millracelaggrowing).',
        'Without lag the writers are late: compare `millrace_partition_stream_time_lag_seconds` of the partitions. A backfill of old events is meant to look so.',
      ],
    },
  },
} as const satisfies AlertGroup

function burn(factor: number, long: string, short: string): string {
  const bound = `${factor} * ${ERROR_BUDGET}`
  const name = 'job:millrace_slow_records:ratio_rate'
  return `${name}${long} > ${bound} and ${name}${short} > ${bound}`
}
