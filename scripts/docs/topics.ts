import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../src/domain/outcome.ts'
import { HEADERS } from '../../src/sink/headers.ts'
import { type AvroField, type AvroType, outputSchemas } from '../../src/sink/output-schemas.ts'
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
    'The registry does not know the schema id, or it is no schema the service can use',
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

/** The headers of dead letters and late records. */
export function headersTable(): string {
  return markdownTable(
    ['header', 'what it says'],
    Object.entries(HEADERS).map(([name, meaning]) => [`\`${name}\``, meaning]),
  )
}

/** The reasons of dead letters. */
export function reasonsTable(): string {
  return markdownTable(
    ['reason', 'what happened', 'what to do'],
    DEAD_LETTER_REASONS.map((reason) => [`\`${reason}\``, ...REASON_HELP[reason]]),
  )
}

/** The fields of one output, for a model. */
export function fieldsTable(spec: ModelSpec, topic: 'features' | 'predictions' | 'audit'): string {
  return markdownTable(
    ['field', 'type', 'what it is'],
    outputSchemas(spec)[topic].fields.map(({ name, type, doc = '' }: AvroField) => [
      `\`${name}\``,
      typeName(type),
      doc,
    ]),
  )
}

function typeName(type: AvroType): string {
  if (typeof type === 'string') return type
  if ('symbols' in type) return type.symbols.map((symbol) => `\`${symbol}\``).join(', ')
  if ('type' in type) {
    if (type.items !== undefined) return `array of ${typeName(type.items)}`
    return type.logicalType === undefined ? type.type : `${type.type} (${type.logicalType})`
  }
  const [absent, present] = type
  if (absent === 'null' && present !== undefined) return `${typeName(present)} or null`
  return type.map(typeName).join(' or ')
}
