import { HEADER_STYLES } from '../domain/header-style.ts'
import {
  choice,
  decimal,
  folder,
  host,
  identifier,
  optional,
  required,
  share,
  topic,
  whole,
  withDefault,
} from './variable.ts'

/**
 * Kafka takes at most 249 characters for a group member, and `<APP_ID>-<INSTANCE_ID>` is one; a rule
 * of its own checks both together.
 */
const identity = identifier(200)

/** A JavaScript `Map` ends at 2^24 entries. */
const MAP_KEYS_MAX = 16_000_000

/** Who this is and what it runs. */
export const identityVariables = {
  appId: required(identity, {
    name: 'APP_ID',
    group: 'Identity and model',
    description: 'The consumer group, and the beginning of the transactional id',
  }),
  instanceId: required(identity, {
    name: 'INSTANCE_ID',
    group: 'Identity and model',
    defaultFrom: 'the host name',
    description:
      'Names this instance: unique within the group, and the same after a restart (in Kubernetes: ' +
      "the name of a StatefulSet's pod)",
  }),
  modelDir: required(folder, {
    name: 'MODEL_DIR',
    group: 'Identity and model',
    description: 'The model folder: `model.yaml`, the ONNX file, golden rows',
  }),
}

/** Where records come from and go to. */
export const topicVariables = {
  inputTopic: withDefault(topic, {
    name: 'INPUT_TOPIC',
    group: 'Topics',
    default: 'events',
    description: 'The events',
  }),
  inputFormat: withDefault(choice(['registry', 'json']), {
    name: 'INPUT_FORMAT',
    group: 'Topics',
    default: 'registry',
    description:
      '`registry`: the wire format of the schema registry, in Avro, Protobuf and JSON Schema as each ' +
      'schema says; `json`: plain JSON',
  }),
  outputFormat: optional(choice(['avro', 'protobuf', 'json-schema', 'json']), {
    name: 'OUTPUT_FORMAT',
    group: 'Topics',
    defaultFrom: '`avro`; with `INPUT_FORMAT=json`: `json`',
    description:
      'Format of features, predictions and audit records. `avro`, `protobuf` and `json-schema` have ' +
      'their schemas in the registry; `json` is plain JSON',
  }),
  tombstones: withDefault(choice(['dead-letter', 'skip']), {
    name: 'TOMBSTONES',
    group: 'Topics',
    default: 'dead-letter',
    description:
      'What to do with records without a value (null): a dead letter (`empty-value`), or `skip` them: ' +
      'they change no state and are audited as `skipped`. A value of no bytes is a dead letter always',
  }),
  featuresTopic: withDefault(topic, {
    name: 'FEATURES_TOPIC',
    group: 'Topics',
    default: 'ml-features',
    description: 'The features of each predicted event',
  }),
  predictionsTopic: withDefault(topic, {
    name: 'PREDICTIONS_TOPIC',
    group: 'Topics',
    default: 'ml-predictions',
    description: 'The scores of each predicted event',
  }),
  auditTopic: withDefault(topic, {
    name: 'AUDIT_TOPIC',
    group: 'Topics',
    default: 'ml-audit-log',
    description: 'What became of each input record',
  }),
  deadLetterTopic: withDefault(topic, {
    name: 'DEAD_LETTER_TOPIC',
    group: 'Topics',
    default: 'ml-dead-letters',
    description: 'Records that could not be decoded or scored, as they came',
  }),
  lateTopic: withDefault(topic, {
    name: 'LATE_TOPIC',
    group: 'Topics',
    default: 'ml-late-events',
    description: 'Records later than the model allows, as they came',
  }),
  stateTopic: optional(topic, {
    name: 'STATE_TOPIC',
    group: 'Topics',
    defaultFrom: '`<APP_ID>-state`',
    description:
      'The changelog: what state is restored from. Created with the right settings when it is absent',
  }),
}

/** How much goes into one transaction. */
export const unitVariables = {
  commitIntervalMs: withDefault(whole(1, 60_000), {
    name: 'COMMIT_INTERVAL_MS',
    group: 'Unit of work',
    unit: 'ms',
    default: '100',
    description: 'Longest time a transaction stays open while records keep coming',
  }),
  commitMaxRecords: withDefault(whole(1, 1_000_000), {
    name: 'COMMIT_MAX_RECORDS',
    group: 'Unit of work',
    unit: 'records',
    default: '10000',
    description: 'A transaction that has answered this many records, or read them back, commits',
  }),
  batchMaxRecords: withDefault(whole(1, 100_000), {
    name: 'BATCH_MAX_RECORDS',
    group: 'Unit of work',
    unit: 'records',
    default: '1000',
    description: 'Most records of one poll, which are decoded and scored together',
  }),
  rebalanceDrainMs: withDefault(whole(100, 60_000), {
    name: 'REBALANCE_DRAIN_MS',
    group: 'Unit of work',
    unit: 'ms',
    default: '2000',
    description:
      'When partitions go to another instance: longest time to commit what is in flight, beyond what the ' +
      'model still takes for one batch. After that the partitions go, and then a new producer finds out ' +
      'what became of it',
  }),
  shutdownGraceMs: withDefault(whole(100, 600_000), {
    name: 'SHUTDOWN_GRACE_MS',
    group: 'Unit of work',
    unit: 'ms',
    default: '10000',
    description:
      'After SIGTERM: longest time to finish and commit what is in flight and leave the group. ' +
      "Keep it under the orchestrator's own grace period",
  }),
}

/** When dead letters are a flood, and what they and their replays carry. */
export const deadLetterVariables = {
  deadLetterHeaders: withDefault(choice(HEADER_STYLES), {
    name: 'DEAD_LETTER_HEADERS',
    group: 'Dead letters',
    default: 'millrace',
    description:
      "Headers that dead letters carry beside Millrace's own, for tools made for them: those of " +
      'Kafka Streams (`streams`), Kafka Connect (`connect`) or Spring for Apache Kafka (`spring`)',
  }),
  dlqMaxReplays: withDefault(whole(1, 1_000), {
    name: 'DLQ_MAX_REPLAYS',
    group: 'Dead letters',
    unit: 'replays',
    default: '3',
    description:
      'How often `millrace dlq replay` brings a record back; one that fails again after that stays',
  }),
  dlqMaxRatio: withDefault(share, {
    name: 'DLQ_MAX_RATIO',
    group: 'Dead letters',
    // Below half a stream works, if badly; above, it is the deployment that does not fit the stream.
    default: '0.5',
    description:
      'Largest share of dead letters among the records answered within the window. Above it nothing is ' +
      'committed and the service is not ready, until a probing unit is below it. 1: never',
  }),
  dlqWindowMs: withDefault(whole(1_000, 3_600_000), {
    name: 'DLQ_WINDOW_MS',
    group: 'Dead letters',
    unit: 'ms',
    default: '60000',
    description: 'Time over which dead letters are compared with all records answered',
  }),
  dlqMinRecords: withDefault(whole(1, 100_000_000), {
    name: 'DLQ_MIN_RECORDS',
    group: 'Dead letters',
    unit: 'records',
    default: '1000',
    description:
      'Least records within the window before their share counts, so that a few bad records on a quiet ' +
      'topic stop nothing. As many dead letters at most are committed before a flood is stopped',
  }),
  dlqTripPauseMs: withDefault(whole(100, 3_600_000), {
    name: 'DLQ_TRIP_PAUSE_MS',
    group: 'Dead letters',
    unit: 'ms',
    default: '30000',
    description: 'From the stop to one unit that probes whether the flood is over',
  }),
}

/** Bounds on state, and the model's threads. */
export const stateVariables = {
  stateKeysMax: withDefault(whole(1, MAP_KEYS_MAX), {
    name: 'STATE_KEYS_MAX',
    group: 'State and inference',
    unit: 'keys',
    default: '1000000',
    description: 'Most keys held in memory. At the bound the service ends: keys are never dropped',
  }),
  stateBytesMax: withDefault(whole(1_048_576, Number.MAX_SAFE_INTEGER), {
    name: 'STATE_BYTES_MAX',
    group: 'State and inference',
    unit: 'bytes',
    default: '1073741824',
    description:
      'Most memory of the keys and tiles held, by the estimate of `millrace_state_bytes`; up to a quarter ' +
      'more is resident. At the bound the service ends: nothing that a window still needs is dropped',
  }),
  stateOnMismatch: withDefault(choice(['refuse', 'rebuild']), {
    name: 'STATE_ON_MISMATCH',
    group: 'State and inference',
    default: 'refuse',
    description:
      'What to do with state that a specification with other windows, operations or event mapping ' +
      'wrote: `refuse` to start, or `rebuild` it from the input log',
  }),
  stateOnGap: withDefault(choice(['refuse', 'accept']), {
    name: 'STATE_ON_GAP',
    group: 'State and inference',
    default: 'refuse',
    description:
      'What to do when neither changelog nor input log holds what state needs, or retention has ' +
      'deleted records that were not answered: `refuse` to start, or `accept` it; it is counted and shown. ' +
      'Where retention overtakes an instance that runs, the process ends (`STATE_GAP`), and the next start ' +
      'makes the choice',
  }),
  inferenceThreads: withDefault(whole(1, 64), {
    name: 'INFERENCE_THREADS',
    group: 'State and inference',
    unit: 'threads',
    default: '1',
    description:
      'Threads of ONNX Runtime. Scores are bit-equal from run to run with 1 only: with more, sums ' +
      'are taken in an order that depends on the batch',
  }),
}

/** What drift is judged by, where the model folder has a `reference.json`. */
export const driftVariables = {
  driftWindowMs: withDefault(whole(60_000, 2_592_000_000), {
    name: 'DRIFT_WINDOW_MS',
    group: 'Drift',
    unit: 'ms',
    default: '86400000',
    description:
      'Time after which the events of a window are compared with the training data. Whole days: an ' +
      'hour is unlike a day wherever people sleep',
  }),
  driftWindowRecords: withDefault(whole(100, 1_000_000_000), {
    name: 'DRIFT_WINDOW_RECORDS',
    group: 'Drift',
    unit: 'records',
    default: '1000000000',
    description:
      'Predicted events after which a window is compared even if its time is not over, as when days ' +
      'of a backlog are worked off in minutes',
  }),
  driftFalseAlarmsPerMonth: withDefault(decimal(0.001, 1_000), {
    name: 'DRIFT_FALSE_ALARMS_PER_MONTH',
    group: 'Drift',
    default: '1',
    description:
      'False alarms to be expected a month of event time, over all features and scores together. The ' +
      'fewer, the larger must a drift be to be told',
  }),
}

/** What the outside sees. */
export const servingVariables = {
  httpHost: withDefault(host, {
    name: 'HTTP_HOST',
    group: 'HTTP and logs',
    default: '0.0.0.0',
    description: 'Address that health, metrics and status are served on',
  }),
  httpPort: withDefault(whole(0, 65_535), {
    name: 'HTTP_PORT',
    group: 'HTTP and logs',
    default: '8080',
    description: 'Port of the same; 0: any free one, told in the log',
  }),
  logLevel: withDefault(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    name: 'LOG_LEVEL',
    group: 'HTTP and logs',
    default: 'info',
    description: 'Least severe lines that are logged',
  }),
  logFormat: withDefault(choice(['auto', 'json', 'pretty']), {
    name: 'LOG_FORMAT',
    group: 'HTTP and logs',
    default: 'auto',
    description: '`auto`: pretty on a terminal, JSON elsewhere',
  }),
}
