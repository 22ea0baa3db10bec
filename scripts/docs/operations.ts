import { ERROR_CODES, type ErrorCode } from '../../src/domain/errors.ts'
import { EXIT_STATUSES } from '../../src/tools/exit-statuses.ts'
import { LOG_CODES } from '../../src/telemetry/log-codes.ts'
import { markdownTable } from './markdown.ts'

const ANSWERS = {
  retry: 'tries again, with back-off; exits if that does not help',
  abort: 'aborts the transaction, takes state back, goes on from the committed offsets',
  rebuild:
    'takes a new producer, asks the broker what was committed, and goes on from there; exits if that ' +
    'does not help',
  exit: 'exits',
} as const

/** What each code means and what to do, for operators. */
const ERROR_HELP = {
  CONFIG_INVALID: [
    'A variable is missing or wrong',
    'The message has a line for each; see `docs/configuration.md`',
  ],
  MODEL_INVALID: [
    'The model folder cannot be used as declared',
    'The message names file, line and key in `model.yaml`, or the file that is missing',
  ],
  MODEL_MISMATCH: [
    'The ONNX file is not what `model.yaml` declares, or does not reproduce the golden rows',
    'Deploy model, declaration and golden rows that belong together',
  ],
  TOPIC_MISSING: [
    'An input or output topic does not exist',
    'Create it; the service never does. Or the service may not see it: check its rights',
  ],
  TOPIC_PARTITIONS: [
    'An output topic has fewer partitions than the input topic',
    "Add partitions to it: an answer goes to the partition with its input's number",
  ],
  TOPIC_SETTINGS: [
    'The changelog is set up so that it would lose state',
    "Run the command of the message, as someone who may alter topics; it gives the changelog the service's own settings",
  ],
  SCHEMA_REFUSED: [
    'The registry has no schema for an output, or refuses ours',
    'Register the files of `schemas/`, or set `SCHEMA_AUTO_REGISTER=true`; an incompatible schema needs ' +
      'a new topic or another compatibility level',
  ],
  KAFKA_UNAUTHORIZED: [
    'Kafka does not know the user or the password, or refuses a right',
    'The message says which of them. Check user and password; `docs/deploy.md` lists the rights, ' +
      '`kafka-acls.sh --bootstrap-server $KAFKA_BROKERS --list` shows those that are given',
  ],
  REGISTRY_UNAVAILABLE: [
    'The registry does not answer',
    'Look after the registry. Once running, partitions whose records need it wait however long it takes; no record becomes a ' +
      'dead letter',
  ],
  KAFKA_UNAVAILABLE: ['The brokers do not answer', 'Look after the brokers and the network'],
  PRODUCER_QUEUE_FULL: [
    'Records are written faster than the brokers take them',
    "Nothing, if it passes. Otherwise look at the brokers' load",
  ],
  TRANSACTION_RETRIABLE: [
    'The transaction coordinator asked for patience',
    'Nothing, if it passes. Otherwise look at `__transaction_state` and its brokers',
  ],
  TRANSACTION_ABORTABLE: [
    'A transaction could not be finished, mostly after a rebalance',
    'Nothing, if it is rare. Often: look for rebalances and for records that are too large',
  ],
  DEAD_LETTER_FLOOD: [
    'More than `DLQ_MAX_RATIO` of the records are dead letters',
    'See "A flood of dead letters" below. It never ends the process',
  ],
  PRODUCER_FENCED: [
    'Another process with the same `INSTANCE_ID` has taken over',
    'Give every instance an `INSTANCE_ID` of its own',
  ],
  PRODUCER_FATAL: [
    'The producer cannot go on, e.g. the broker timed its transaction out',
    'Restart. Often: raise `TRANSACTION_TIMEOUT_MS`, lower `COMMIT_MAX_RECORDS`',
  ],
  PRODUCER_STUCK: [
    'Calls to Kafka did not end, again and again, though their time was over',
    'Restart. Often: look at the network between service and brokers',
  ],
  COMMIT_UNCERTAIN: [
    'No answer to a commit: it may have been done or not',
    'Restart: the next start asks the broker, so nothing is lost or doubled',
  ],
  CONSUMER_FATAL: [
    'The consumer cannot go on, e.g. another process took its place in the group (after an outage a new client is tried first), or 20 units in a row could not be committed',
    'Restart. Often: two processes share one `INSTANCE_ID`; else look at the cause in the message',
  ],
  STATE_KEYS_MAX: [
    'More keys are live than `STATE_KEYS_MAX`',
    'Raise it (and memory), or run more instances: keys are never dropped silently',
  ],
  STATE_BYTES_MAX: [
    'Keys and tiles that windows still need weigh more than `STATE_BYTES_MAX`',
    'Raise it (and memory), or run more instances: nothing is dropped silently',
  ],
  STATE_MISMATCH: [
    'State was written for other windows, operations or another event mapping',
    'Bring the former model back, use another `APP_ID`, or set `STATE_ON_MISMATCH=rebuild`',
  ],
  STATE_GAP: [
    'Neither changelog nor input log holds what the windows need, or retention has deleted records ' +
      'that were not answered',
    'Make retention longer. To go on without what is lost: `STATE_ON_GAP=accept`; features are then too ' +
      'small until the longest window has passed',
  ],
  SHUTDOWN_TIMEOUT: [
    'The shutdown took longer than `SHUTDOWN_GRACE_MS`',
    'Nothing is lost or doubled. Often: raise it',
  ],
  INVARIANT_BROKEN: [
    'A bug: the service found itself in a state it holds to be impossible, and stopped',
    'Report it with the log',
  ],
} as const satisfies Record<ErrorCode, readonly [meaning: string, remedy: string]>

/** The table of exit statuses. */
export function exitTable(): string {
  return markdownTable(
    ['status', 'meaning', 'what to do'],
    EXIT_STATUSES.map(({ status, meaning, remedy }) => [String(status), meaning, remedy]),
  )
}

/** The table of error codes. */
export function errorTable(): string {
  return markdownTable(
    ['code', 'meaning', 'the service', 'exit status', 'what to do'],
    Object.entries(ERROR_HELP).map(([code, [meaning, remedy]]) => {
      const known = Object.entries(ERROR_CODES).find(([name]) => name === code)?.[1]
      const answer = known === undefined ? '' : ANSWERS[known.disposition]
      return [`\`${code}\``, meaning, answer, String(known?.exit), remedy]
    }),
  )
}

/** The table of codes of log lines. */
export function logTable(): string {
  return markdownTable(
    ['code', 'level', 'meaning', 'what to do'],
    Object.entries(LOG_CODES).map(([code, { level, meaning, advice }]) => [
      `\`${code}\``,
      level,
      meaning,
      advice,
    ]),
  )
}
