/** How severe a line is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** A stable code: dashboards and alerts may match on it. */
interface CodeSpec {
  readonly level: LogLevel
  /** What has happened. */
  readonly meaning: string
  /** What to do about it. */
  readonly advice: string
}

/** As it should be. */
const NOTHING = 'Nothing'

/** Every code a log line may carry. */
export const LOG_CODES = {
  STARTING: { level: 'info', meaning: 'The process has begun to start.', advice: NOTHING },
  CONFIG_WARNING: {
    level: 'warn',
    meaning: 'The configuration can be used, but something in it is likely not meant.',
    advice: 'Follow the message, or take it that it is meant',
  },
  KAFKA_CLIENT_UNPATCHED: {
    level: 'warn',
    meaning:
      'The Kafka client is a stock one, which leaks memory with each commit, reads more slowly, and ' +
      'cannot check the settings of the changelog.',
    advice: 'Build it from source (`scripts/bootstrap.sh`), or restart before memory is short',
  },
  MODEL_LOADED: {
    level: 'info',
    meaning: 'The model folder is read and its model loaded.',
    advice: NOTHING,
  },
  SELF_TEST: { level: 'info', meaning: 'The model reproduces its golden rows.', advice: NOTHING },
  STARTED: {
    level: 'info',
    meaning: 'Start is over: the loop runs and the server listens.',
    advice: NOTHING,
  },
  ASSIGNED: {
    level: 'info',
    meaning: 'The group has given partitions to this instance.',
    advice: NOTHING,
  },
  REVOKED: {
    level: 'info',
    meaning: 'The group takes partitions back; what was in flight has been finished first.',
    advice: NOTHING,
  },
  LOST: {
    level: 'warn',
    meaning: 'Partitions were taken without a farewell; what was in flight is dropped.',
    advice:
      'Nothing, if it is rare. Else the process was too slow or cut off for longer than `SESSION_TIMEOUT_MS`: look at its CPU, at the network and at the brokers',
  },
  STATE_TOPIC_CREATED: {
    level: 'info',
    meaning: 'The changelog was absent and has been created.',
    advice: NOTHING,
  },
  STATE_TOPIC_SETTINGS: {
    level: 'warn',
    meaning:
      'A setting of the changelog is not what it would be created with, or may not be read. No state ' +
      'is lost by it; the log may grow larger than it need.',
    advice: 'Set what the message names, or leave it: the log only grows',
  },
  TOPIC_TOO_SMALL: {
    level: 'warn',
    meaning:
      'The dead-letter topic or the late topic may refuse the largest records of the input, which are written ' +
      'there as they came, with headers. Until it takes such a record its partition stands still.',
    advice: 'Run the command of the message',
  },
  RESTORE_STARTED: {
    level: 'info',
    meaning: 'State of a partition is being read from the changelog; other partitions go on.',
    advice: NOTHING,
  },
  RESTORE_PROGRESS: {
    level: 'info',
    meaning: 'How far the restore of a partition is, every 5 s while it lasts.',
    advice: 'Nothing; if it takes too long, see the alert `MillraceRestoreLong`',
  },
  RESTORE_DONE: {
    level: 'info',
    meaning: 'State of a partition is what the last commit left.',
    advice: NOTHING,
  },
  FORMER_OWNER_FENCED: {
    level: 'warn',
    meaning:
      'An instance left a transaction open that held up the restore of its former partitions: it is ' +
      'aborted. That instance is dead, or it goes on with a new producer.',
    advice: 'Nothing for this one; find out why that instance died, or stood still',
  },
  FORMER_OWNER_NOT_FENCED: {
    level: 'warn',
    meaning:
      'An open transaction holds up a restore and could not be aborted, e.g. for want of rights on the ' +
      'transactional id: the broker aborts it after `TRANSACTION_TIMEOUT_MS` and its own interval.',
    advice:
      'Give the service the rights of [deploy](deploy.md#rights-in-kafka), all of its transactional ids included',
  },
  CHANGELOG_UNUSABLE: {
    level: 'warn',
    meaning:
      'The changelog does not hold all that was committed (deleted by retention, or made anew): state ' +
      'is rebuilt from the input log, or the start is refused.',
    advice:
      'Find out who deleted or altered the changelog; keep the input log as long as the longest window',
  },
  FIRST_START: {
    level: 'info',
    meaning:
      'No offset of the group is committed for a partition, which is read from the beginning of its log. ' +
      'If the group has run before, its offsets have expired (`offsets.retention.minutes` of the ' +
      'brokers) or were deleted, and records are answered once more.',
    advice:
      'Nothing on a first start. Else stop, and set them [from the audit log](production-checklist.md#offsets-from-the-audit-log) before the next start',
  },
  FIRST_START_LATE: {
    level: 'warn',
    meaning:
      'As `FIRST_START`, and retention has deleted the beginning of the log: what was there is not ' +
      'answered, and windows begin with what is left.',
    advice: 'Nothing, if that is as meant',
  },
  STATE_GAP_ACCEPTED: {
    level: 'error',
    meaning:
      'A partition started although state or records were missing, as STATE_ON_GAP=accept allows. ' +
      'Features are too small until the longest window has passed.',
    advice: 'Tell whoever uses the features; set `STATE_ON_GAP` back to `refuse`',
  },
  REPLAY_STARTED: {
    level: 'info',
    meaning: 'State of a partition is being rebuilt by reading its log back.',
    advice: NOTHING,
  },
  REPLAY_DONE: {
    level: 'info',
    meaning: 'A partition whose state was rebuilt has committed.',
    advice: NOTHING,
  },
  COMMITTED: { level: 'trace', meaning: 'A unit of work is committed.', advice: NOTHING },
  UNIT_ABORTED: {
    level: 'warn',
    meaning: 'A unit of work was taken back and will be read again; nothing of it can be seen.',
    advice: 'Nothing, if it is rare: rebalances do it. Else act on the cause in the line',
  },
  RECOVERING: {
    level: 'warn',
    meaning:
      'The producer was fenced or cannot go on, or a commit has no answer: a new one takes its place.',
    advice:
      'Nothing, if `RECOVERED` follows. If it comes again and again, look at the cause in the line and at the brokers',
  },
  RECOVERED: {
    level: 'info',
    meaning: 'It is known what became of the transaction; work goes on.',
    advice: NOTHING,
  },
  REGISTRY_UNAVAILABLE: {
    level: 'warn',
    meaning: 'A schema cannot be fetched: partitions whose records need it wait, the others go on.',
    advice: 'Look after the registry; nothing is lost meanwhile',
  },
  REGISTRY_BACK: {
    level: 'info',
    meaning: 'No partition waits for a schema any more.',
    advice: NOTHING,
  },
  SCHEMA_CACHE_USED: {
    level: 'warn',
    meaning: 'The registry does not answer: what it said earlier is taken from `SCHEMA_CACHE_DIR`.',
    advice: 'Look after the registry',
  },
  SCHEMA_CACHE_PROBLEM: {
    level: 'warn',
    meaning: 'A file of `SCHEMA_CACHE_DIR` is damaged or cannot be written; work goes on without.',
    advice: 'See that the folder can be written and has room; delete the file that is named',
  },
  BREAKER_TRIPPED: {
    level: 'error',
    meaning:
      'More than `DLQ_MAX_RATIO` of the records are dead letters: nothing of the unit is committed, and ' +
      'reading waits for `DLQ_TRIP_PAUSE_MS`. The reasons are in the line.',
    advice: 'Look at the reasons: `millrace dlq stats`, and [the guide](guides/dead-letters.md)',
  },
  BREAKER_CLOSED: {
    level: 'info',
    meaning: 'Dead letters are no flood any more; work goes on.',
    advice: NOTHING,
  },
  TRACING: {
    level: 'info',
    meaning: 'A span of each sampled unit of work is exported.',
    advice: NOTHING,
  },
  TRACES_LOST: {
    level: 'warn',
    meaning: 'Spans cannot be exported and are lost from here on; nothing else waits for them.',
    advice: 'Look after the collector, or at `OTEL_EXPORTER_OTLP_ENDPOINT`',
  },
  TRACES_BACK: { level: 'info', meaning: 'Spans are exported again.', advice: NOTHING },
  QUEUE_READ: {
    level: 'info',
    meaning:
      '`millrace dlq watch` has read the dead-letter topic to its ends: for the first time, or again ' +
      'after it could not.',
    advice: NOTHING,
  },
  RETRYING: {
    level: 'warn',
    meaning: 'A call to Kafka failed and is tried again.',
    advice: 'Nothing, if it passes. Else look after what the message names; readiness says so too',
  },
  STOPPING: {
    level: 'info',
    meaning: 'A signal came: what is in flight is finished, then it ends.',
    advice: NOTHING,
  },
  STOPPED: { level: 'info', meaning: 'The process ends as asked.', advice: NOTHING },
  FAILED: {
    level: 'fatal',
    meaning: 'The process cannot go on and ends with the exit status the line names.',
    advice: 'See [the code](#error-codes) in the line; whatever restarts processes starts it again',
  },
} as const satisfies Record<string, CodeSpec>

export type LogCode = keyof typeof LOG_CODES
