import { mean, of, part, quantile, quantiles, rate } from './panel.ts'
import type { Row } from './panel.ts'

const STAGES = 'millrace_stage_duration_seconds'
const PROCESSED = of('millrace_records_processed_total')

/** What the service does, and what takes the time. */
export const WORK_ROWS: readonly Row[] = [
  {
    title: 'Overview',
    panels: [
      {
        title: 'Answered',
        description: 'Records answered in committed transactions.',
        kind: 'stat',
        unit: 'reqps',
        width: 4,
        queries: [{ expr: rate(PROCESSED) }],
      },
      {
        title: 'Lag',
        description: 'Records not answered yet, in all partitions.',
        kind: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `sum(${of('millrace_partition_lag_records')})` }],
      },
      {
        title: 'P99 latency',
        description: "From a record's Kafka timestamp to the commit of its answer.",
        kind: 'stat',
        unit: 's',
        width: 4,
        queries: [{ expr: quantile(0.99, 'millrace_record_to_commit_latency_seconds') }],
      },
      {
        title: 'Not predicted',
        description: 'Share of the records that are dead letters or late.',
        kind: 'stat',
        unit: 'percentunit',
        width: 4,
        queries: [
          {
            expr:
              `(${rate(of('millrace_dead_letters_total'))} + ${rate(of('millrace_late_total'))})` +
              ` / ${rate(PROCESSED)}`,
          },
        ],
      },
      {
        title: 'Instances',
        description: 'Instances that answer a scrape.',
        kind: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `count(${of('millrace_build_info')})` }],
      },
      {
        title: 'In trouble',
        description:
          'Instances that something keeps from their work: brokers, registry, dead letters.',
        kind: 'stat',
        unit: 'short',
        width: 4,
        queries: [{ expr: `sum(${of('millrace_trouble')})` }],
      },
      {
        title: 'Arrivals and answers',
        description:
          'What is appended to the input, and what is answered. Apart: lag grows or falls.',
        kind: 'timeseries',
        unit: 'reqps',
        width: 12,
        queries: [
          { expr: rate(of('millrace_partition_last_stable_offset')), legend: 'arrives' },
          { expr: rate(PROCESSED), legend: 'answered' },
        ],
      },
      {
        title: 'Latency, record to commit',
        description: "From a record's Kafka timestamp to the commit of its answer.",
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: quantiles('millrace_record_to_commit_latency_seconds'),
      },
      {
        title: 'Lag by partition',
        description:
          'Records not answered yet. One partition alone: a busy key, or an owner that stands still.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `sum by (topic, partition) (${of('millrace_partition_lag_records')})`,
            legend: '{{topic}} {{partition}}',
          },
        ],
      },
      {
        title: 'Phase',
        description: 'Where each instance is in its life.',
        kind: 'timeseries',
        unit: 'bool_yes_no',
        width: 8,
        queries: [{ expr: `${of('millrace_phase')} == 1`, legend: '{{instance}} {{phase}}' }],
      },
      {
        title: 'Freshness of features',
        description: 'Age of the newest event in the features of each instance.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [{ expr: of('millrace_feature_freshness_seconds'), legend: '{{instance}}' }],
      },
    ],
  },
  {
    title: 'Loop stages',
    panels: [
      {
        title: 'Time by stage',
        description:
          'Seconds a second that each stage takes, of all instances. Stages overlap; poll includes waiting.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: [{ expr: rate(part(STAGES, '_sum'), 'stage'), legend: '{{stage}}' }],
      },
      {
        title: 'P99 by stage',
        description: 'For a micro-batch; commit: for a unit of work.',
        kind: 'timeseries',
        unit: 's',
        width: 12,
        queries: [{ expr: quantile(0.99, STAGES, {}, 'stage'), legend: '{{stage}}' }],
      },
      {
        title: 'Latency that the service adds',
        description: 'From the moment a record was received to the commit of its answer.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: quantiles('millrace_received_to_commit_latency_seconds'),
      },
      {
        title: 'Transactions',
        description: 'By result. Aborted ones are read again.',
        kind: 'timeseries',
        unit: 'ops',
        width: 8,
        queries: [
          { expr: rate(of('millrace_transactions_total'), 'result'), legend: '{{result}}' },
        ],
      },
      {
        title: 'Records in a transaction',
        description: 'Mean. Near COMMIT_MAX_RECORDS: it is catching up.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [{ expr: mean('millrace_unit_records', {}, 'instance'), legend: '{{instance}}' }],
      },
      {
        title: 'Event loop delay',
        description:
          'How late timers of the main thread fire. High: the CPU limit, or long collections.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: of('millrace_event_loop_delay_seconds', { statistic: 'p99' }),
            legend: '{{instance}} P99',
          },
        ],
      },
      {
        title: 'Producers replaced, former owners fenced',
        description: 'In the last hour; zero when all is well.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          {
            expr: `sum by (result) (increase(${of('millrace_recoveries_total')}[1h]))`,
            legend: 'replaced: {{result}}',
          },
          {
            expr: `sum by (result) (increase(${of('millrace_former_owners_total')}[1h]))`,
            legend: 'former owner: {{result}}',
          },
        ],
      },
      {
        title: 'Read and written',
        description: 'Bytes by topic, before compression.',
        kind: 'timeseries',
        unit: 'Bps',
        width: 8,
        queries: [
          { expr: rate(of('millrace_received_bytes_total'), 'topic'), legend: 'read {{topic}}' },
          { expr: rate(of('millrace_written_bytes_total'), 'topic'), legend: 'written {{topic}}' },
        ],
      },
    ],
  },
  {
    title: 'Model',
    panels: [
      {
        title: 'Scores',
        description:
          'Committed predictions by first score. A change of shape: inputs or model changed.',
        kind: 'heatmap',
        unit: 'short',
        width: 12,
        queries: [
          { expr: rate(part('millrace_prediction_score', '_bucket'), 'le'), legend: '{{le}}' },
        ],
      },
      {
        title: 'Mean score',
        description: 'Of each instance.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          { expr: mean('millrace_prediction_score', {}, 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Drift from the training data',
        description:
          'Population stability index of the last complete window, the largest of the instances. What is ' +
          'much depends on the window: MillraceDrift knows.',
        kind: 'timeseries',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: `max by (kind, name) (${of('millrace_drift_distance', { statistic: 'psi' })})`,
            legend: '{{kind}} {{name}}',
          },
        ],
      },
      {
        title: 'Missing and unseen values',
        description:
          'In the last complete window, the largest share of the instances. Unseen: the training data ' +
          'has no such value.',
        kind: 'timeseries',
        unit: 'percentunit',
        width: 12,
        queries: [
          {
            expr: `max by (name) (${of('millrace_drift_missing_share')})`,
            legend: '{{name}} missing',
          },
          {
            expr: `max by (name) (${of('millrace_drift_unseen_share')})`,
            legend: '{{name}} unseen',
          },
        ],
      },
      {
        title: 'Latency, event to commit',
        description: 'From the time of an event to the commit of its prediction.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: quantiles('millrace_event_to_commit_latency_seconds'),
      },
      {
        title: 'Inference time a row',
        description: 'Time of the inference stage by rows scored.',
        kind: 'timeseries',
        unit: 's',
        width: 8,
        queries: [
          {
            expr: `${rate(part(STAGES, '_sum', { stage: 'inference' }))} / ${rate(part('millrace_inference_batch_rows', '_sum'))}`,
            legend: 'a row',
          },
        ],
      },
      {
        title: 'Rows scored together',
        description: 'Mean. Larger batches cost less a row.',
        kind: 'timeseries',
        unit: 'short',
        width: 8,
        queries: [
          { expr: mean('millrace_inference_batch_rows', {}, 'instance'), legend: '{{instance}}' },
        ],
      },
      {
        title: 'Which model',
        description: 'By instance: more than one line a deployment only while it is rolled out.',
        kind: 'table',
        unit: 'short',
        width: 24,
        queries: [{ expr: of('millrace_model_info') }],
      },
    ],
  },
]
