import { DEPLOYMENT } from '../rule.ts'
import type { AlertGroup } from '../rule.ts'

const PARTITION = `${DEPLOYMENT}, topic, partition`

/** Whether records are being answered at all, and quickly enough to keep up. */
export const PROGRESS_ALERTS = {
  name: 'millrace-progress',
  alerts: {
    MillraceGone: {
      expr:
        `group by (${DEPLOYMENT}) (last_over_time(millrace_build_info{scales_to_zero=""}[1h])) unless ` +
        `on (${DEPLOYMENT}) group by (${DEPLOYMENT}) (millrace_build_info)`,
      for: '5m',
      severity: 'critical',
      summary: 'No instance can be scraped any more',
      description:
        'No instance of {{ $labels.job }} has been scraped for 5 min, though there was one within the last hour.',
      meaning:
        'All instances have ended, or Prometheus cannot reach them. It goes by itself an hour after the last ' +
        'scrape, so a deployment that was removed on purpose is forgotten. A deployment that may be scaled to ' +
        'nothing is left out: its targets have the label `scales_to_zero`, which the monitors of the chart give ' +
        'where `autoscaling.keda.minReplicas` is 0. There, watch the lag that Kafka tells, e.g. `READY` and `ACTIVE` ' +
        'of the ScaledObject.',
      remedies: [
        'Do the processes run? The last log line of level `fatal` and the exit status say why one ended: see [above](#when-the-process-ends).',
        'Do they answer `/metrics`? If so, look at the targets of Prometheus and at network policies.',
        'Were they scaled to nothing on purpose? Then scrape them with `scales_to_zero="true"`, as the chart does.',
      ],
    },
    MillraceStartStuck: {
      expr: 'millrace_phase{phase="starting"} == 1',
      for: '10m',
      severity: 'warning',
      summary: 'An instance does not come to an end of its start',
      description:
        '{{ $labels.instance }} of {{ $labels.job }} has been starting for more than 10 min.',
      meaning: 'Something the start waits for is away; it goes on trying.',
      remedies: [
        '`/health/ready` of the instance, and its `RETRYING` log lines, name what it waits for.',
      ],
    },
    MillracePartitionUnowned: {
      expr:
        `group by (${PARTITION}) (last_over_time(millrace_partition_position_offset[1h])) unless ` +
        `on (${PARTITION}) group by (${PARTITION}) (millrace_partition_position_offset) and ` +
        `on (${DEPLOYMENT}) group by (${DEPLOYMENT}) (millrace_build_info)`,
      for: '10m',
      severity: 'critical',
      summary: 'A partition is worked on by nobody',
      description:
        'Partition {{ $labels.partition }} of {{ $labels.topic }} has stood still for 10 min: no instance of ' +
        '{{ $labels.job }} works on it.',
      meaning:
        'The partition has an owner whose state is not restored, or whose process does not come up, or none. ' +
        'Other partitions go on.',
      remedies: [
        'Is an instance restarting again and again? Its `INSTANCE_ID` keeps its partitions for `SESSION_TIMEOUT_MS` each time.',
        'Is its state being restored? See [MillraceRestoreLong](#millracerestorelong).',
        'Which member does the group give it to? `kafka-consumer-groups.sh --bootstrap-server $KAFKA_BROKERS --describe --group $APP_ID --members --verbose`',
      ],
    },
    MillraceNoProgress: {
      expr:
        'min_over_time(millrace_partition_lag_records[5m]) > 0 and ' +
        'changes(millrace_partition_committed_offset[5m]) == 0 unless ' +
        'ignoring (topic, partition) millrace_replay_remaining_records > 0',
      for: '3m',
      severity: 'critical',
      summary: 'Records wait and none is answered',
      description:
        'Partition {{ $labels.partition }} of {{ $labels.topic }}: {{ $value | humanize }} records wait, and ' +
        '{{ $labels.instance }} has committed nothing for 5 min.',
      meaning:
        "The owner has the partition and does not come forward. Markers of the writers' transactions are not in " +
        "the service's own lag; the lag that Kafka's tools show has them, and may stay above 0 for ever.",
      remedies: [
        'Another alert of this deployment mostly names the cause: registry, brokers, breaker, commits that fail.',
        'The warnings in the log of the instance, and `trouble` in its `/status.json`.',
        'If neither has anything: restart the instance. Nothing is lost or doubled. Keep its log.',
      ],
    },
    MillraceLoopStuck: {
      expr: 'millrace_time_seconds - millrace_heartbeat_timestamp_seconds > 60',
      for: '1m',
      severity: 'critical',
      summary: 'The loop of an instance does not turn',
      description:
        '{{ $labels.instance }} began its last turn {{ $value | humanizeDuration }} ago.',
      meaning:
        'A call does not come back, most likely one to Kafka; `/health/live` fails too, so an orchestrator restarts it.',
      remedies: [
        'If it is not restarted, restart it: nothing is lost or doubled.',
        'Look at the network between service and brokers, and at the load of the transaction coordinator.',
      ],
    },
    MillraceLagGrowing: {
      expr:
        'deriv(job:millrace_partition_lag_records:sum[15m]) > 0 and ' +
        'job:millrace_backlog_seconds:ratio > 60',
      for: '10m',
      severity: 'warning',
      summary: 'More arrives than is answered',
      description:
        'The lag of {{ $labels.job }} grows by {{ $value | humanize }} records/s, and what waits is more than ' +
        'a minute of work.',
      meaning: 'The service is too slow for what arrives, or does not answer at all.',
      remedies: [
        'Does it answer anything? If not, another alert names the cause.',
        'More instances, up to the number of partitions; each needs a core.',
        'Which stage takes the time? Row "Loop stages" of the dashboard; see [performance](performance.md).',
      ],
    },
    MillraceCatchUpLong: {
      expr: 'job:millrace_catch_up_seconds:ratio > 3600 and job:millrace_backlog_seconds:ratio > 60',
      for: '15m',
      severity: 'warning',
      summary: 'It will take more than an hour to catch up',
      description:
        'The lag of {{ $labels.job }} falls, but at this speed it is gone only in {{ $value | humanizeDuration }}.',
      meaning:
        'After an outage there is more to answer than arrives meanwhile, and little speed to spare.',
      remedies: [
        'More instances, up to the number of partitions, until it has caught up.',
        'Is the retention of the input topic longer than that? Otherwise records are deleted unanswered (`STATE_GAP`).',
      ],
    },
  },
} as const satisfies AlertGroup
