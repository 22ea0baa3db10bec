/** How severe a line is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** A stable code: dashboards and alerts may match on it. */
interface CodeSpec {
  readonly level: LogLevel
  /** What has happened, and what to do about it if anything. */
  readonly meaning: string
}

/** Every code a log line may carry. */
export const LOG_CODES = {
  STARTING: { level: 'info', meaning: 'The process has begun to start.' },
  CONFIG_WARNING: {
    level: 'warn',
    meaning: 'The configuration can be used, but something in it is likely not meant.',
  },
  KAFKA_CLIENT_UNPATCHED: {
    level: 'warn',
    meaning:
      'The Kafka client is a stock one, which leaks memory with each commit, reads more slowly, and ' +
      'cannot check the settings of the changelog. Build it from source (`scripts/bootstrap.sh`), or ' +
      'restart before memory is short.',
  },
  MODEL_LOADED: { level: 'info', meaning: 'The model folder is read and its model loaded.' },
  SELF_TEST: { level: 'info', meaning: 'The model reproduces its golden rows.' },
  STARTED: { level: 'info', meaning: 'Start is over: the loop runs and the server listens.' },
  ASSIGNED: { level: 'info', meaning: 'The group has given partitions to this instance.' },
  REVOKED: {
    level: 'info',
    meaning: 'The group takes partitions back; what was in flight has been finished first.',
  },
  LOST: {
    level: 'warn',
    meaning: 'Partitions were taken without a farewell; what was in flight is dropped.',
  },
  STATE_TOPIC_CREATED: { level: 'info', meaning: 'The changelog was absent and has been created.' },
  STATE_TOPIC_SETTINGS: {
    level: 'warn',
    meaning:
      'A setting of the changelog is not what it would be created with, or may not be read. No state ' +
      'is lost by it; the log may grow larger than it need.',
  },
  RESTORE_STARTED: {
    level: 'info',
    meaning: 'State of a partition is being read from the changelog; other partitions go on.',
  },
  RESTORE_DONE: { level: 'info', meaning: 'State of a partition is what the last commit left.' },
  FORMER_OWNER_FENCED: {
    level: 'warn',
    meaning:
      'An instance left a transaction open that held up the restore of its former partitions: it is ' +
      'aborted. That instance is dead, or it goes on with a new producer.',
  },
  FORMER_OWNER_NOT_FENCED: {
    level: 'warn',
    meaning:
      'An open transaction holds up a restore and could not be aborted, e.g. for want of rights on the ' +
      'transactional id: the broker aborts it after `TRANSACTION_TIMEOUT_MS` and its own interval.',
  },
  CHANGELOG_UNUSABLE: {
    level: 'warn',
    meaning:
      'The changelog does not hold all that was committed (deleted by retention, or made anew): state ' +
      'is rebuilt from the input log, or the start is refused.',
  },
  FIRST_START: {
    level: 'info',
    meaning:
      'No offset of the group is committed for a partition, which is read from the beginning of its log. ' +
      'If the group has run before, its offsets have expired (`offsets.retention.minutes` of the ' +
      'brokers) or were deleted, and records are answered once more.',
  },
  FIRST_START_LATE: {
    level: 'warn',
    meaning:
      'As `FIRST_START`, and retention has deleted the beginning of the log: what was there is not ' +
      'answered, and windows begin with what is left. Nothing need be done if that is as meant.',
  },
  STATE_GAP_ACCEPTED: {
    level: 'error',
    meaning:
      'A partition started although state or records were missing, as STATE_ON_GAP=accept allows. ' +
      'Features are too small until the longest window has passed.',
  },
  REPLAY_STARTED: {
    level: 'info',
    meaning: 'State of a partition is being rebuilt by reading its log back.',
  },
  REPLAY_DONE: { level: 'info', meaning: 'A partition whose state was rebuilt has committed.' },
  COMMITTED: { level: 'trace', meaning: 'A unit of work is committed.' },
  UNIT_ABORTED: {
    level: 'warn',
    meaning: 'A unit of work was taken back and will be read again; nothing of it can be seen.',
  },
  RECOVERING: {
    level: 'warn',
    meaning:
      'The producer was fenced or cannot go on, or a commit has no answer: a new one takes its place.',
  },
  RECOVERED: {
    level: 'info',
    meaning: 'It is known what became of the transaction; work goes on.',
  },
  REGISTRY_UNAVAILABLE: {
    level: 'warn',
    meaning: 'A schema cannot be fetched: partitions whose records need it wait, the others go on.',
  },
  REGISTRY_BACK: { level: 'info', meaning: 'No partition waits for a schema any more.' },
  SCHEMA_CACHE_USED: {
    level: 'warn',
    meaning: 'The registry does not answer: what it said earlier is taken from `SCHEMA_CACHE_DIR`.',
  },
  SCHEMA_CACHE_PROBLEM: {
    level: 'warn',
    meaning: 'A file of `SCHEMA_CACHE_DIR` is damaged or cannot be written; work goes on without.',
  },
  BREAKER_TRIPPED: {
    level: 'error',
    meaning:
      'More than `DLQ_MAX_RATIO` of the records are dead letters: nothing of the unit is committed, and ' +
      'reading waits for `DLQ_TRIP_PAUSE_MS`. Look at the reasons in the line.',
  },
  BREAKER_CLOSED: {
    level: 'info',
    meaning: 'Dead letters are no flood any more; work goes on.',
  },
  TRACING: { level: 'info', meaning: 'A span of each sampled unit of work is exported.' },
  TRACES_LOST: {
    level: 'warn',
    meaning: 'Spans cannot be exported and are lost from here on; nothing else waits for them.',
  },
  TRACES_BACK: { level: 'info', meaning: 'Spans are exported again.' },
  QUEUE_READ: {
    level: 'info',
    meaning:
      '`millrace dlq watch` has read the dead-letter topic to its ends: for the first time, or again ' +
      'after it could not.',
  },
  RETRYING: { level: 'warn', meaning: 'A call to Kafka failed and is tried again.' },
  STOPPING: {
    level: 'info',
    meaning: 'A signal came: what is in flight is finished, then it ends.',
  },
  STOPPED: { level: 'info', meaning: 'The process ends as asked.' },
  FAILED: {
    level: 'fatal',
    meaning: 'The process cannot go on and ends with the exit status the line names.',
  },
} as const satisfies Record<string, CodeSpec>

export type LogCode = keyof typeof LOG_CODES
