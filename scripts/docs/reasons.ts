import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../src/domain/outcome.ts'
import { QUEUE_SERIES } from '../../src/tools/dlq/exposition.ts'
import { markdownTable } from './markdown.ts'

/** Why a record became a dead letter, and what to do about it. */
const REASON_HELP = {
  'empty-value': [
    'The record has no value (a tombstone)',
    'Keep tombstones out of the input topic; an event cannot be taken back',
  ],
  'not-wire-format': [
    "The value does not begin with the registry's magic byte and a schema id",
    "Its writer does not use the registry's serializer; or set `INPUT_FORMAT=json` for plain JSON",
  ],
  'unknown-schema': [
    'The registry does not know the schema id',
    'Look whether writer and service use the same registry',
  ],
  undecodable: [
    'The bytes are not what the schema says, or not JSON',
    'Look at the writer; the detail names the field or the place',
  ],
  'invalid-event': [
    'Decoded, but a field that the model maps is missing, null or of another type',
    'Compare the event with `event` in `model.yaml`; the detail names the field',
  ],
  'key-mismatch': [
    "The record's own key is not the value of the key field (`match_record_key` in `model.yaml`)",
    "Key the records by that field, as plain text. A replay keeps the record's key, so the letter fails again: have its " +
      'writer send the event anew, and take the letter away with `millrace dlq purge`',
  ],
  'future-event-time': [
    'Its time is ahead of its record timestamp by more than `max_future_skew`',
    "Set the writer's clock; or check the unit (ms or s) of the time field",
  ],
  unscorable: [
    'The model threw on this row',
    "The detail is the model's own message; often a feature is out of what the model takes",
  ],
  'non-finite-score': [
    'The model gave NaN or infinity',
    'Often a null feature the model was not trained for: give it a `default` in `model.yaml`',
  ],
} as const satisfies Record<DeadLetterReason, readonly [meaning: string, remedy: string]>

/** What `millrace dlq stats --prometheus` tells. */
export function queueSeriesTable(): string {
  return markdownTable(
    ['series', 'type', 'labels', 'what it says'],
    Object.entries(QUEUE_SERIES).map(([name, { labels, help }]) => [
      `\`${name}\``,
      'gauge',
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  )
}

/** The reasons of dead letters, each with its series. */
export function reasonsTable(): string {
  return markdownTable(
    ['reason', 'metric', 'what happened', 'what to do'],
    DEAD_LETTER_REASONS.map((reason) => [
      `\`${reason}\``,
      `\`millrace_dead_letters_total{reason="${reason}"}\``,
      ...REASON_HELP[reason],
    ]),
  )
}
