import { BATCH_SIZES, LATENCY_SECONDS, SCORES, STAGE_SECONDS } from './buckets.ts'
import { DRIFT_SERIES } from './drift-series.ts'
import { KAFKA_SERIES } from './kafka-series.ts'
import type { SeriesSpec } from './series-spec.ts'

/** Every series of the service, by its full name. Labels are bounded: no key, id or offset is one. */
export const SERIES = {
  millrace_records_received_total: {
    type: 'counter',
    group: 'records',
    unit: 'records',
    labels: ['topic'],
    help: 'Records read from the input: the arrival side. Records read again after an abort or for a replay count again.',
  },
  millrace_received_bytes_total: {
    type: 'counter',
    group: 'records',
    unit: 'bytes',
    labels: ['topic'],
    help: 'Bytes of the values of records read from the input.',
  },
  millrace_records_processed_total: {
    type: 'counter',
    group: 'records',
    unit: 'records',
    labels: ['topic'],
    help: 'Input records answered in a committed transaction: each exactly once.',
  },
  millrace_records_written_total: {
    type: 'counter',
    group: 'records',
    unit: 'records',
    labels: ['topic'],
    help: 'Records written to an output topic in committed transactions.',
  },
  millrace_written_bytes_total: {
    type: 'counter',
    group: 'records',
    unit: 'bytes',
    labels: ['topic'],
    help: 'Bytes written to an output topic in committed transactions, before compression.',
  },
  millrace_event_to_commit_latency_seconds: {
    type: 'histogram',
    group: 'latency',
    unit: 'seconds',
    labels: [],
    help: 'From the event time of a predicted event to the commit of its prediction. Not above zero counts as zero.',
    buckets: LATENCY_SECONDS,
    hasExemplars: true,
  },
  millrace_record_to_commit_latency_seconds: {
    type: 'histogram',
    group: 'latency',
    unit: 'seconds',
    labels: [],
    help: 'From the Kafka timestamp of an input record to the commit of its answer. Records without a timestamp are left out.',
    buckets: LATENCY_SECONDS,
    hasExemplars: true,
  },
  millrace_received_to_commit_latency_seconds: {
    type: 'histogram',
    group: 'latency',
    unit: 'seconds',
    labels: [],
    help: 'From the moment an input record was received to the commit of its answer: what the service itself adds.',
    buckets: LATENCY_SECONDS,
    hasExemplars: true,
  },
  millrace_feature_freshness_seconds: {
    type: 'gauge',
    group: 'latency',
    unit: 'seconds',
    labels: [],
    help: 'Age of the newest event in the last committed features. Absent until the first prediction.',
  },
  millrace_last_commit_timestamp_seconds: {
    type: 'gauge',
    group: 'latency',
    unit: 'seconds',
    labels: [],
    help: 'When the last transaction was committed, seconds since the epoch. Absent until the first.',
  },
  millrace_partition_lag_records: {
    type: 'gauge',
    group: 'partitions',
    unit: 'records',
    labels: ['topic', 'partition'],
    help: 'What is left to process: last stable offset minus position, and 0 once the last record below it is processed, whatever transaction markers or aborted records follow. Absent until the client knows.',
  },
  millrace_partition_last_stable_offset: {
    type: 'gauge',
    group: 'partitions',
    unit: 'offset',
    labels: ['topic', 'partition'],
    help: 'End of what a read-committed reader may see, never behind the position. Its rate is the arrival rate of the log.',
  },
  millrace_partition_position_offset: {
    type: 'gauge',
    group: 'partitions',
    unit: 'offset',
    labels: ['topic', 'partition'],
    help: 'Next offset to process.',
  },
  millrace_partition_committed_offset: {
    type: 'gauge',
    group: 'partitions',
    unit: 'offset',
    labels: ['topic', 'partition'],
    help: 'Next offset to read according to the last commit.',
  },
  millrace_partition_stream_time_seconds: {
    type: 'gauge',
    group: 'partitions',
    unit: 'seconds',
    labels: ['topic', 'partition'],
    help: 'Largest event time seen, seconds since the epoch. Absent before the first event.',
  },
  millrace_partition_stream_time_lag_seconds: {
    type: 'gauge',
    group: 'partitions',
    unit: 'seconds',
    labels: ['topic', 'partition'],
    help: 'Wall-clock time minus stream time.',
  },
  millrace_assigned_partitions: {
    type: 'gauge',
    group: 'partitions',
    unit: 'partitions',
    labels: [],
    help: 'Input partitions this instance owns; 0 while it stands by.',
  },
  millrace_restore_remaining_records: {
    type: 'gauge',
    group: 'partitions',
    unit: 'records',
    labels: [],
    help: 'Offsets of the changelog still to be read before state is restored; 0 when nothing is.',
  },
  millrace_state_gaps_accepted_total: {
    type: 'counter',
    group: 'partitions',
    unit: 'partitions',
    labels: [],
    help: 'Partitions started although state or records were missing (STATE_ON_GAP=accept). Should be zero.',
  },
  millrace_first_start_lost_offsets_total: {
    type: 'counter',
    group: 'partitions',
    unit: 'offsets',
    labels: [],
    help: 'Offsets that retention had deleted of partitions for which no offset was committed when they were begun.',
  },
  millrace_replay_remaining_records: {
    type: 'gauge',
    group: 'partitions',
    unit: 'records',
    labels: [],
    help: 'Offsets still to be read back before state is rebuilt; 0 when nothing is replayed.',
  },
  millrace_stage_duration_seconds: {
    type: 'histogram',
    group: 'work',
    unit: 'seconds',
    labels: ['stage'],
    help: 'Time a stage took: for a micro-batch, or, for commit, for a unit of work. Poll includes waiting for records.',
    buckets: STAGE_SECONDS,
  },
  millrace_unit_records: {
    type: 'histogram',
    group: 'work',
    unit: 'records',
    labels: [],
    help: 'Input records in a committed unit of work.',
    buckets: BATCH_SIZES,
  },
  millrace_inference_batch_rows: {
    type: 'histogram',
    group: 'work',
    unit: 'rows',
    labels: [],
    help: 'Rows scored together.',
    buckets: BATCH_SIZES,
  },
  millrace_transactions_total: {
    type: 'counter',
    group: 'work',
    unit: 'transactions',
    labels: ['result'],
    help: 'Transactions by result.',
  },
  millrace_recoveries_total: {
    type: 'counter',
    group: 'work',
    unit: 'recoveries',
    labels: ['result'],
    help: 'Times the producer was replaced, by what had become of its transaction: committed, aborted, or unclear, so that state was restored.',
  },
  millrace_former_owners_total: {
    type: 'counter',
    group: 'work',
    unit: 'instances',
    labels: ['result'],
    help: 'Former owners whose open transaction held up a restore, by what was done: fenced, or refused, so that the broker aborts it in its own time.',
  },
  millrace_outcomes_total: {
    type: 'counter',
    group: 'outcomes',
    unit: 'records',
    labels: ['outcome', 'reason'],
    help: 'Committed outcomes. The reason is none unless the outcome is dead-letter.',
  },
  millrace_dead_letters_total: {
    type: 'counter',
    group: 'outcomes',
    unit: 'records',
    labels: ['reason'],
    help: 'Committed dead letters.',
  },
  millrace_dead_letter_breaker_open: {
    type: 'gauge',
    group: 'outcomes',
    unit: '0 or 1',
    labels: [],
    help: '1 while a flood of dead letters keeps units from being committed, until a probing unit is good.',
  },
  millrace_dead_letter_breaker_trips_total: {
    type: 'counter',
    group: 'outcomes',
    unit: 'trips',
    labels: [],
    help: 'Units not committed because dead letters were a flood, probing ones included. Should be 0.',
  },
  millrace_late_total: {
    type: 'counter',
    group: 'outcomes',
    unit: 'records',
    labels: [],
    help: 'Committed late events.',
  },
  millrace_prediction_score: {
    type: 'histogram',
    group: 'outcomes',
    unit: 'score',
    labels: [],
    help: 'First score of committed predictions. Scores below 0 are in the first bucket, above 1 in the last.',
    buckets: SCORES,
  },
  ...DRIFT_SERIES,
  millrace_state_keys: {
    type: 'gauge',
    group: 'state',
    unit: 'keys',
    labels: [],
    help: 'Keys with window state.',
  },
  millrace_state_tiles: {
    type: 'gauge',
    group: 'state',
    unit: 'tiles',
    labels: [],
    help: 'Tiles of window state.',
  },
  millrace_state_bytes: {
    type: 'gauge',
    group: 'state',
    unit: 'bytes',
    labels: [],
    help: 'Memory of window state, as estimated from its parts.',
  },
  millrace_state_max_keys: {
    type: 'gauge',
    group: 'state',
    unit: 'keys',
    labels: [],
    help: 'Most keys that may be held (STATE_KEYS_MAX): at it the service ends.',
  },
  millrace_state_max_bytes: {
    type: 'gauge',
    group: 'state',
    unit: 'bytes',
    labels: [],
    help: 'Most that window state may weigh (STATE_BYTES_MAX): at it the service ends.',
  },
  millrace_memory_limit_bytes: {
    type: 'gauge',
    group: 'state',
    unit: 'bytes',
    labels: [],
    help: 'Most memory the process may have (its control group, such as the limit of a container): beyond it the process is killed. Absent without a limit below the memory of the machine.',
  },
  millrace_distinct_saturated_total: {
    type: 'counter',
    group: 'state',
    unit: 'values',
    labels: [],
    help: 'Values a distinct feature could no longer tell apart: above 0 it is a lower bound. Should be 0.',
  },
  millrace_phase: {
    type: 'gauge',
    group: 'service',
    unit: '0 or 1',
    labels: ['phase'],
    help: 'Where the service is in its life: 1 for the present phase, 0 for the others.',
  },
  millrace_trouble: {
    type: 'gauge',
    group: 'service',
    unit: '0 or 1',
    labels: ['code'],
    help: '1 while something with this code keeps the service from its work.',
  },
  millrace_heartbeat_timestamp_seconds: {
    type: 'gauge',
    group: 'service',
    unit: 'seconds',
    labels: [],
    help: 'When the loop last began a turn, seconds since the epoch.',
  },
  millrace_time_seconds: {
    type: 'gauge',
    group: 'service',
    unit: 'seconds',
    labels: [],
    help: 'Wall-clock time of the instance at the scrape, since the epoch: beside the time of the scrape it shows a clock that is off.',
  },
  millrace_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    group: 'service',
    unit: 'seconds',
    labels: ['certificate'],
    help: 'When a certificate file, as read at the start, is valid no longer, since the epoch: kafka-client (the own one) and kafka-ca (the last of the authorities). Absent without one.',
  },
  millrace_event_loop_delay_seconds: {
    type: 'gauge',
    group: 'service',
    unit: 'seconds',
    labels: ['statistic'],
    help: 'How late timers of the main thread fired since the last scrape: p50, p99, max.',
  },
  millrace_scrape_duration_seconds: {
    type: 'gauge',
    group: 'service',
    unit: 'seconds',
    labels: [],
    help: 'Time the scrape before this one took. Absent at the first.',
  },
  millrace_model_info: {
    type: 'gauge',
    group: 'service',
    unit: '1',
    labels: ['name', 'version', 'model_sha256', 'spec_sha256'],
    help: 'Which model is served.',
  },
  millrace_build_info: {
    type: 'gauge',
    group: 'service',
    unit: '1',
    labels: ['version', 'node'],
    help: 'Which Millrace runs, on which Node.js.',
  },
  ...KAFKA_SERIES,
} as const satisfies Record<`millrace_${string}`, SeriesSpec>

export type SeriesName = keyof typeof SERIES

/** The labels a series must be given, and no others. */
export type LabelsOf<Name extends SeriesName> = Readonly<
  Record<(typeof SERIES)[Name]['labels'][number], string>
>

type OfType<Type extends SeriesSpec['type']> = {
  [Name in SeriesName]: (typeof SERIES)[Name]['type'] extends Type ? Name : never
}[SeriesName]

export type CounterName = OfType<'counter'>
export type GaugeName = OfType<'gauge'>
export type HistogramName = OfType<'histogram'>

const SERIES_NAMES = Object.keys(SERIES).filter(isSeriesName)

function isSeriesName(name: string): name is SeriesName {
  return Object.hasOwn(SERIES, name)
}

/** All series with their names, in the order they are declared in. */
export function seriesEntries(): readonly (readonly [SeriesName, SeriesSpec])[] {
  return SERIES_NAMES.map((name) => [name, SERIES[name]])
}
