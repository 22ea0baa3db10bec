import { of, ofProcess, ofQueue, rate } from './panel.ts'
import type { Row } from './panel.ts'

const PROCESSED = of('millrace_records_processed_total')
const PRODUCER = { client: 'producer' } as const

/** What the service holds, what it turns down, and the Kafka client below it. */
export const STATE_ROWS: readonly Row[] = [
  {
    title: 'State',
    panels: [
      {
        title: 'State, of its bounds',
        description: 'Of STATE_BYTES_MAX and STATE_KEYS_MAX; at 100 % the process ends.',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 8,
        queries: [
          {
            expr: `${of('millrace_state_bytes')} / ${of('millrace_state_max_bytes')}`,
            legend: '{{instance}} bytes',
          },
          {
            expr: `${of('millrace_state_keys')} / ${of('millrace_state_max_keys')}`,
            legend: '{{instance}} keys',
          },
        ],
      },
      {
        title: 'Keys and tiles',
        description: 'Held in memory by all instances.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          { expr: `sum(${of('millrace_state_keys')})`, legend: 'keys' },
          { expr: `sum(${of('millrace_state_tiles')})`, legend: 'tiles' },
        ],
      },
      {
        title: 'Memory of the process',
        description: 'Resident, and what of it is state.',
        kind: 'timeseries',
        unit: 'bytes',
        width: 8,
        queries: [
          {
            expr: ofProcess('millrace_process_resident_memory_bytes'),
            legend: '{{instance}} resident',
          },
          { expr: of('millrace_state_bytes'), legend: '{{instance}} state' },
        ],
      },
      {
        title: 'Left to restore',
        description:
          'Offsets of changelog and input log until state is whole. Others go on meanwhile.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: of('millrace_restore_remaining_records'),
            legend: '{{instance}} changelog',
          },
          { expr: of('millrace_replay_remaining_records'), legend: '{{instance}} input log' },
        ],
      },
      {
        title: 'Stream time behind the clock',
        description: 'By partition: how old the newest event seen is. Negative: a clock is ahead.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: `min by (topic, partition) (${of('millrace_partition_stream_time_lag_seconds')})`,
            legend: '{{topic}} {{partition}}',
          },
        ],
      },
      {
        title: 'Partitions by instance',
        description: 'Uneven for long: the group does not come to rest.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: of('millrace_assigned_partitions'), legend: '{{instance}}' }],
      },
    ],
  },
  {
    title: 'Dead letters',
    panels: [
      {
        title: 'Dead letters by reason',
        description: 'Committed to the dead-letter topic.',
        kind: 'timeseries',
        unit: 'reqps',
        width: 12,
        queries: [
          { expr: rate(of('millrace_dead_letters_total'), 'reason'), legend: '{{reason}}' },
        ],
      },
      {
        title: 'Share of dead letters and of late events',
        description: 'Of the records answered.',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 12,
        queries: [
          {
            expr: `${rate(of('millrace_dead_letters_total'))} / ${rate(PROCESSED)}`,
            legend: 'dead letters',
          },
          { expr: `${rate(of('millrace_late_total'))} / ${rate(PROCESSED)}`, legend: 'late' },
        ],
      },
      {
        title: 'Dead letters that wait',
        description: 'Not replayed, by reason. Told by `millrace dlq watch`, where it runs.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `max by (app, reason) (${ofQueue('millrace_dlq_waiting_records')})`,
            legend: '{{app}} {{reason}}',
          },
        ],
      },
      {
        title: 'Age of the oldest that waits',
        description: 'Retention takes it in the end. No line: none waits, or nobody watches.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: [
          {
            expr: `time() - min by (app) (${ofQueue('millrace_dlq_oldest_waiting_timestamp_seconds')})`,
            legend: '{{app}}',
          },
        ],
      },
      {
        title: 'Breaker open',
        description: 'Instances that commit nothing, because dead letters are a flood.',
        kind: 'stat',
        unit: 'short',
        width: 12,
        queries: [{ expr: `sum(${of('millrace_dead_letter_breaker_open')})` }],
      },
      {
        title: 'Should be zero',
        description:
          'Of all instances since their start: gaps in state accepted, values not told apart.',
        kind: 'stat',
        unit: 'short',
        width: 12,
        queries: [
          { expr: `sum(${of('millrace_state_gaps_accepted_total')})`, legend: 'gaps accepted' },
          { expr: `sum(${of('millrace_distinct_saturated_total')})`, legend: 'not told apart' },
        ],
      },
    ],
  },
  {
    title: 'Client',
    panels: [
      {
        title: 'Round trip to brokers',
        description: 'P99 of the producer, by broker or role of the connection.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: `max by (broker) (${of('millrace_kafka_broker_rtt_seconds', { ...PRODUCER, statistic: 'p99' })})`,
            legend: '{{broker}}',
          },
        ],
      },
      {
        title: "Producer's queue, of its bound",
        description: 'At 100 % the loop waits for the brokers.',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 8,
        queries: [
          {
            expr: `${of('millrace_kafka_queue_messages', PRODUCER)} / ${of('millrace_kafka_queue_max_messages')}`,
            legend: '{{instance}} records',
          },
          {
            expr: `${of('millrace_kafka_queue_bytes', PRODUCER)} / ${of('millrace_kafka_queue_max_bytes')}`,
            legend: '{{instance}} bytes',
          },
        ],
      },
      {
        title: 'Fetched ahead',
        description:
          'Records in the consumer that wait for the loop. 0 under backlog: the broker is the limit.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: of('millrace_kafka_queue_messages', { client: 'consumer' }),
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Network',
        description: 'Bytes of all requests and answers.',
        kind: 'timeseries',
        unit: 'Bps',
        width: 8,
        queries: [
          {
            expr: rate(of('millrace_kafka_received_bytes_total'), 'client'),
            legend: '{{client}} in',
          },
          { expr: rate(of('millrace_kafka_sent_bytes_total'), 'client'), legend: '{{client}} out' },
        ],
      },
      {
        title: 'Connections up, time-outs',
        description: 'Connections to brokers that stand, and requests a second that time out.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          { expr: `sum by (client) (${of('millrace_kafka_broker_up')})`, legend: '{{client}} up' },
          {
            expr: rate(of('millrace_kafka_broker_timeouts_total'), 'client'),
            legend: '{{client}} time-outs/s',
          },
        ],
      },
      {
        title: 'Rebalances',
        description: 'Of each instance in the last hour.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `increase(${of('millrace_kafka_rebalances_total')}[1h])`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Transaction state',
        description:
          'How long the producer has been in its present state. InTransaction for long: it hangs.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: [
          {
            expr: of('millrace_kafka_transaction_state_age_seconds'),
            legend: '{{instance}} {{state}}',
          },
        ],
      },
      {
        title: 'CPU',
        description: 'Cores each instance takes, client threads and inference included.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: rate(ofProcess('millrace_process_cpu_seconds_total'), 'instance'),
            legend: '{{instance}}',
          },
        ],
      },
    ],
  },
]
