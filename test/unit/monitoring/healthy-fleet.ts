import { of, ofQueue, part } from './alert-case.ts'
import type { RuleTest } from './promtool.ts'

const MINUTES = 420
const STARTED_MINUTES = 5
const END = `x${MINUTES}`
const OWN = { a: ['0', '1'], b: ['2', '3'] } as const

/**
 * Two instances with two partitions each, 100 records/s, and a dead letter: at no minute of seven hours an alert, and
 * after the start none that waits to be one.
 */
export const HEALTHY_FLEET: RuleTest = {
  name: 'a healthy fleet',
  interval: '1m',
  input_series: Object.entries({
    ...instance('a'),
    ...instance('b'),
    [ofQueue('millrace_dlq_oldest_waiting_timestamp_seconds')]: `0${END}`,
    [ofQueue('millrace_dlq_watch_read_timestamp_seconds')]: `0 0+60${END}`,
    [part('millrace_record_to_commit_latency_seconds', '_count')]: `0+6000${END}`,
    [part('millrace_record_to_commit_latency_seconds', '_bucket', '0.5')]: `0+5995${END}`,
  }).map(([series, values]) => ({ series, values })),
  promql_expr_test: [
    'count_over_time(ALERTS{alertstate="firing"}[7h])',
    // While they start, some are pending.
    `count_over_time(ALERTS[${MINUTES - STARTED_MINUTES}m])`,
  ].map((expr) => ({ expr, eval_time: `${MINUTES}m`, exp_samples: [] })),
}

function instance(id: 'a' | 'b'): Record<string, string> {
  const topic = 'events'
  const lag = OWN[id].map((partition) => [
    of('millrace_partition_lag_records', { topic, partition }, id),
    `40 35 70 20 ${'55 30 '.repeat(MINUTES / 2)}`,
  ])
  const positions = OWN[id].flatMap((partition) => [
    [of('millrace_partition_position_offset', { topic, partition }, id), `500+1500${END}`],
    [of('millrace_partition_committed_offset', { topic, partition }, id), `480+1500${END}`],
  ])
  return {
    ...Object.fromEntries([...lag, ...positions]),
    [of('millrace_build_info', { version: '1', node: '24' }, id)]: `1${END}`,
    [of('millrace_time_seconds', {}, id)]: `0.2+60${END}`,
    [of('millrace_heartbeat_timestamp_seconds', {}, id)]: `0.1+60${END}`,
    [of('millrace_phase', { phase: 'starting' }, id)]: `1x1 0${END}`,
    [of('millrace_phase', { phase: 'restoring' }, id)]: `0 1 0${END}`,
    [of('millrace_restore_remaining_records', {}, id)]: `0 100 0${END}`,
    [of('millrace_replay_remaining_records', {}, id)]: `0${END}`,
    [of('millrace_records_received_total', { topic }, id)]: `0+3000${END}`,
    [of('millrace_records_processed_total', { topic }, id)]: `0+3000${END}`,
    [of('millrace_outcomes_total', { outcome: 'predicted', reason: 'none' }, id)]: `0+2990${END}`,
    [of('millrace_outcomes_total', { outcome: 'late', reason: 'none' }, id)]: `0+10${END}`,
    [of('millrace_late_total', {}, id)]: `0+10${END}`,
    [of('millrace_dead_letters_total', { reason: 'undecodable' }, id)]: `0${END}`,
    [of('millrace_dead_letters_total', { reason: 'future-event-time' }, id)]: `0${END}`,
    [of('millrace_dead_letter_breaker_open', {}, id)]: `0${END}`,
    [of('millrace_dead_letter_breaker_trips_total', {}, id)]: `0${END}`,
    [of('millrace_memory_limit_bytes', {}, id)]: `1000000${END}`,
    [`millrace_process_resident_memory_bytes{job="m",instance="${id}"}`]: `500000+100${END}`,
    [of('millrace_feature_freshness_seconds', {}, id)]: `0.3${END}`,
    [of('millrace_transactions_total', { result: 'committed' }, id)]: `0+600${END}`,
    [of('millrace_transactions_total', { result: 'aborted' }, id)]: `0x60 1${END}`,
    [of('millrace_recoveries_total', { result: 'committed' }, id)]: `0${END}`,
    [of('millrace_former_owners_total', { result: 'fenced' }, id)]: `0${END}`,
    [of('millrace_kafka_rebalances_total', { client: 'consumer' }, id)]: `0 2x60 4${END}`,
    [of('millrace_kafka_queue_messages', { client: 'producer' }, id)]: `300${END}`,
    [of('millrace_kafka_queue_max_messages', { client: 'producer' }, id)]: `200000${END}`,
    [of('millrace_state_bytes', {}, id)]: `1000+10${END}`,
    [of('millrace_state_max_bytes', {}, id)]: `1000000${END}`,
    [of('millrace_state_keys', {}, id)]: `10+1${END}`,
    [of('millrace_state_max_keys', {}, id)]: `10000${END}`,
    [of('millrace_state_gaps_accepted_total', {}, id)]: `0${END}`,
    [of('millrace_distinct_saturated_total', {}, id)]: `0${END}`,
    [of('millrace_trouble', { code: 'KAFKA_UNAVAILABLE' }, id)]: `1x1 0${END}`,
    [of('millrace_trouble', { code: 'REGISTRY_UNAVAILABLE' }, id)]: `0${END}`,
  }
}
