import { DEPLOYMENT } from '../rule.ts'
import type { AlertGroup } from '../rule.ts'

const QUEUE = `${DEPLOYMENT}, app`
/** Well below the week for which a topic keeps its records unless told otherwise. */
const WAIT_MAX_HOURS = 24
/** Rounds of a watch are seconds. */
const BLIND_MAX_SECONDS = 300

/** Whether somebody looks after what was turned down, and whether that can be told. */
export const DEAD_LETTER_ALERTS = {
  name: 'millrace-dead-letters',
  alerts: {
    MillraceDeadLettersOld: {
      expr: `time() - min by (${QUEUE}) (millrace_dlq_oldest_waiting_timestamp_seconds) > ${WAIT_MAX_HOURS} * 3600`,
      for: '15m',
      severity: 'warning',
      summary: `A dead letter has waited for more than ${WAIT_MAX_HOURS} h`,
      description:
        'The oldest dead letter of {{ $labels.app }} that was not replayed was turned down {{ $value | humanizeDuration }} ago.',
      meaning:
        'Nobody has brought it back or deleted it, and once the retention of the dead-letter topic has passed it is lost. ' +
        'Told by `millrace dlq watch`, where it runs.',
      remedies: [
        'How many, which reason, since when? `millrace dlq stats`, or `millrace_dlq_waiting_records`. [Dead letters](#dead-letters) says what to do about each reason.',
        'Put the cause right and replay them: [the guide](guides/dead-letters.md) has the steps. What is not worth it is deleted by `millrace dlq purge`.',
        'No time now? `millrace dlq export` keeps them from the retention, or make that longer.',
      ],
    },
    MillraceDeadLetterWatchBlind: {
      expr:
        `time() - max by (${QUEUE}) (last_over_time(millrace_dlq_watch_read_timestamp_seconds[1h])) ` +
        `> ${BLIND_MAX_SECONDS}`,
      for: '5m',
      severity: 'warning',
      summary: 'Nobody knows how many dead letters wait',
      description:
        '`millrace dlq watch` of {{ $labels.app }} has not read the dead-letter topic to its ends for more than 5 min.',
      meaning:
        'It has ended, or something keeps it from reading; what it last told is of the past. The service itself is not ' +
        'concerned. It goes by itself an hour after the last scrape, so a watch that was removed on purpose is forgotten.',
      remedies: [
        'Does the process run? The last log line of level `fatal` and the exit status say why it ended: see [above](#when-the-process-ends).',
        '`/health/ready` and its `RETRYING` log lines name what it waits for: brokers, or a transaction that stays open.',
      ],
    },
  },
} as const satisfies AlertGroup
