import { DEPLOYMENT } from '../rule.ts'
import type { AlertGroup } from '../rule.ts'

/** Whether the group and the transactions are at rest. */
export const KAFKA_ALERTS = {
  name: 'millrace-kafka',
  alerts: {
    MillraceCommitsFail: {
      expr:
        'job:millrace_aborts:ratio_rate15m > 0.05 and ' +
        `on (${DEPLOYMENT}) sum by (${DEPLOYMENT}) (increase(millrace_transactions_total{result="aborted"}[15m])) > 3`,
      for: '5m',
      severity: 'warning',
      summary: 'Transactions are aborted',
      description:
        '{{ $value | humanizePercentage }} of the transactions of {{ $labels.job }} were aborted within 15 min.',
      meaning: 'Their records are read again, so nothing is lost or doubled, but time is.',
      remedies: [
        'The `UNIT_ABORTED` log lines have the cause.',
        'After a rebalance a few are normal: see [MillraceRebalanceStorm](#millracerebalancestorm).',
        '`DEAD_LETTER_FLOOD`: see [A flood of dead letters](#a-flood-of-dead-letters).',
        'Records that are too large, or rights that were taken away: the error code says so.',
      ],
    },
    MillraceRecoveriesMany: {
      expr: `sum by (${DEPLOYMENT}) (increase(millrace_recoveries_total[15m])) > 3`,
      for: '0m',
      severity: 'warning',
      summary: 'Producers are replaced again and again',
      description:
        'The instances of {{ $labels.job }} replaced their producers {{ $value | humanize }} times within 15 min.',
      meaning:
        'A producer was fenced or could not go on, or a commit had no answer. Each time the broker is asked what became of the transaction.',
      remedies: [
        '`PRODUCER_FENCED` in the `RECOVERING` log lines: two processes share one `INSTANCE_ID`, or an instance was so slow that its successor fenced it.',
        '`PRODUCER_FATAL`: a unit took longer than `TRANSACTION_TIMEOUT_MS`; raise it or lower `COMMIT_MAX_RECORDS`.',
        '`COMMIT_UNCERTAIN`: look at the network and at the load of the transaction coordinator.',
      ],
    },
    MillraceFencingStorm: {
      expr: `sum by (${DEPLOYMENT}) (increase(millrace_former_owners_total[30m])) > 3`,
      for: '0m',
      severity: 'warning',
      summary: 'Instances take partitions from each other again and again',
      description:
        'Within 30 min, {{ $value | humanize }} times an instance of {{ $labels.job }} met an open transaction of a former owner.',
      meaning:
        'Instances die, or freeze for longer than `SESSION_TIMEOUT_MS`, in the middle of their transactions. Their successors abort these.',
      remedies: [
        'Do instances die? Look at their exit statuses, and for memory limits.',
        'Are they frozen or throttled? Look at `millrace_event_loop_delay_seconds` and the CPU limit; raise `SESSION_TIMEOUT_MS`.',
        '`FORMER_OWNER_NOT_FENCED`: give the service the right to write on the transactional ids `<APP_ID>-*`.',
      ],
    },
    MillraceRebalanceStorm: {
      expr: `max by (${DEPLOYMENT}) (increase(millrace_kafka_rebalances_total{client="consumer"}[15m])) > 10`,
      for: '0m',
      severity: 'warning',
      summary: 'The group does not come to rest',
      description:
        'An instance of {{ $labels.job }} took part in {{ $value | humanize }} rebalances within 15 min.',
      meaning:
        'Members come and go. Partitions that move stand still for their restore. A single change takes 2 to 4.',
      remedies: [
        'Do instances restart? Look at their exit statuses.',
        'Does an autoscaler go up and down? Give it a longer stabilization window.',
        'Is `INSTANCE_ID` stable and unique? Without that, each restart is two changes of the group.',
        'Are heartbeats late? Look at the CPU limit; raise `SESSION_TIMEOUT_MS`.',
      ],
    },
    MillraceProducerQueueFull: {
      expr:
        'millrace_kafka_queue_messages{client="producer"} / millrace_kafka_queue_max_messages > 0.9 or ' +
        'millrace_kafka_queue_bytes{client="producer"} / millrace_kafka_queue_max_bytes > 0.9',
      for: '5m',
      severity: 'warning',
      summary: "The producer's queue is full",
      description:
        "The producer's queue of {{ $labels.instance }} has been more than 90 % full for 5 min ({{ $value | humanizePercentage }} now).",
      meaning: 'Records are written faster than the brokers take them, so the loop waits for them.',
      remedies: [
        "Look at the brokers' load and disks, and at `millrace_kafka_broker_rtt_seconds`.",
        'Is a broker away? `millrace_kafka_broker_up`',
        'A queue can hold one unit: lower `COMMIT_MAX_RECORDS`, or raise `KAFKA_PRODUCER_QUEUE_BUFFERING_MAX_MESSAGES`.',
      ],
    },
  },
} as const satisfies AlertGroup
