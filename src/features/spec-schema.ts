import { z } from 'zod'

/** Bounds of a model's declaration, as `docs/features.md` gives them. */
export const SPEC_BOUNDS = {
  featuresMax: 500,
  fieldsMax: 500,
  categoriesMax: 200,
  inValuesMax: 100,
  outputsMax: 16,
  windowMaxMs: 366 * 86_400_000,
  tilesPerWindowMax: 10_000,
  distinctMax: 100_000,
  utcOffsetMaxMs: 14 * 3_600_000,
} as const

/** Most values `distinct` keeps exactly per key and tile, unless `distinct_max` says otherwise. */
export const DISTINCT_MAX_DEFAULT = 1000

/** What may stand between a window's operation and the features topic: an Avro name. */
export const AVRO_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const NAME_RULE = 'must be a name of letters, digits and _ that does not begin with a digit'
const DURATION_RULE = 'must be a duration such as 30s, 5m, 1h, 1d'
const FILE_RULE = 'must be a file in the model folder, without ..'
const VALUE_RULE = 'must be text, a number, or true or false'

/** A strict object. The message of an unknown key lists the known ones; `spec.ts` picks the nearest. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? known : `must be a mapping with the keys ${known}`,
  })
}

function text(rule: string, pattern: RegExp) {
  return z.string({ error: rule }).regex(pattern, { error: rule })
}

function whole(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .number({ error: rule })
    .int({ error: rule })
    .min(min, { error: rule })
    .max(max, { error: rule })
}

function list<Item extends z.ZodType>(item: Item, max: number) {
  const rule = `must be a list of 1 to ${max} entries`
  return z.array(item, { error: rule }).min(1, { error: rule }).max(max, { error: rule })
}

const name = text(NAME_RULE, AVRO_NAME).max(200, { error: 'must have at most 200 characters' })
const fieldName = text(
  'must be a field, or the path of one such as payload.amount',
  /^(?=.{1,200}$)[^.]+(\.[^.]+)*$/,
)
const duration = text(DURATION_RULE, /^\d{1,12}(ms|s|m|h|d)$/)
const number = z.number({ error: 'must be a number' })
const file = text(FILE_RULE, /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\]{1,200}$/)
const tensor = text('must be the name of a tensor', /^.{1,200}$/)
const value = z.union([z.string(), z.number(), z.boolean()], { error: VALUE_RULE })

const SENTENCE_RULE = 'must be 1 to 500 characters on one line'
const sentence = text(SENTENCE_RULE, /^[^\p{Cc}]{1,500}$/u)

const fieldType = z.enum(['int', 'long', 'double', 'string', 'boolean'], {
  error: 'must be one of int, long, double, string, boolean, or {type: …, optional: true}',
})

const optional = z.boolean({ error: 'must be true or false' })
const fieldShape = strict({
  type: fieldType,
  optional: optional.optional().describe('May be null or absent'),
})

const field = z.union([fieldType, fieldShape], {
  error: 'must be one of int, long, double, string, boolean, or {type: …, optional: true}',
})

const timeField = strict({
  field: fieldName,
  unit: z.enum(['ms', 's', 'iso8601'], { error: 'must be one of ms, s, iso8601' }),
})

const time = z.union([z.literal('$record_timestamp'), timeField], {
  error: 'must be $record_timestamp or {field: …, unit: ms|s|iso8601}',
})

/** The `event` part of `model.yaml`. */
export const eventSchema = strict({
  key: fieldName.describe('The string field (or its path) that state is kept by, or $record_key'),
  match_record_key: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe("true: a record whose own key is not the key field's value is a dead letter"),
  time: time.describe('Where event time comes from'),
  id: fieldName.optional().describe("The event's own id; by default topic-partition-offset"),
  fields: z
    .record(fieldName, field, { error: 'must be a mapping of field names to types' })
    .describe('The fields that features use: by name, or by path such as payload.amount'),
})

const ordered = number.optional()
const where = strict({
  field: fieldName,
  eq: value.optional(),
  ne: value.optional(),
  lt: ordered,
  le: ordered,
  gt: ordered,
  ge: ordered,
  in: list(value, SPEC_BOUNDS.inValuesMax).optional(),
}).describe('Only events that meet this count; exactly one comparison. Null never meets it')

const windowed = {
  name,
  window: duration.describe('Length of the trailing window, a whole multiple of its tile'),
  tile: duration.optional().describe('Resolution of the old end of the window; default window/60'),
  where: where.optional(),
}
const input = { input_column: fieldName }
const fallback = { default: number.optional().describe('In place of null') }
const offsetRule = 'must be a shift from UTC such as +1h, -5h, 5h30m'
const offset = text(offsetRule, /^[+-]?(?=\d)(\d{1,2}h)?(\d{1,2}m)?$/)

const numericOperation = z.literal([
  'sum',
  'avg',
  'min',
  'max',
  'variance',
  'stddev',
  'last',
  'first',
])
const timePart = z.literal([
  'minute_of_hour',
  'hour_of_day',
  'day_of_week',
  'day_of_month',
  'month',
])

/** Every operation, by name. */
export const OPERATIONS: readonly string[] = [
  'count',
  ...numericOperation.values,
  'seconds_since_previous',
  'distinct',
  'field',
  'one_hot',
  ...timePart.values,
]

/** One entry of `features` in `model.yaml`. */
export const featureSchema = z.discriminatedUnion(
  'operation',
  [
    strict({ operation: z.literal('count'), ...windowed, input_column: fieldName.optional() }),
    strict({ operation: numericOperation, ...windowed, ...input, ...fallback }),
    strict({ operation: z.literal('seconds_since_previous'), ...windowed, ...fallback }),
    strict({
      operation: z.literal('distinct'),
      ...windowed,
      ...input,
      distinct_max: whole(1, SPEC_BOUNDS.distinctMax).optional(),
    }),
    strict({ operation: z.literal('field'), name, ...input, ...fallback }),
    strict({
      operation: z.literal('one_hot'),
      name,
      ...input,
      categories: list(value, SPEC_BOUNDS.categoriesMax),
    }),
    strict({ operation: timePart, name, utc_offset: offset.optional() }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `must be one of ${OPERATIONS.join(', ')}`
        : 'must be a mapping such as {name: …, operation: count, window: 1h}',
  },
)

const output = strict({
  name,
  tensor,
  column: whole(0, 100_000).optional(),
})

/** The whole of `model.yaml`. */
export const modelSchema = strict({
  name: text('must be a name such as flight-delay', /^[A-Za-z][A-Za-z0-9_-]{0,99}$/),
  version: text('must be text such as 1.0.0 (put it in quotes)', /^\S{1,100}$/),
  description: sentence.optional().describe('What its score says, for people'),
  trained_on: sentence.optional().describe('The data it was trained on, for people'),
  event: eventSchema,
  lateness: duration.optional().describe('How far behind stream time an event may be; default 0s'),
  max_future_skew: duration
    .optional()
    .describe('How far ahead of its record timestamp an event may be; default 5m'),
  features_record: name
    .optional()
    .describe('Name of the record in the features topic; default: from the name of the model'),
  features: list(featureSchema, SPEC_BOUNDS.featuresMax).describe("The model's input columns"),
  model: strict({
    file: file.describe('The ONNX file'),
    input: tensor.describe('Input tensor [rows, features], float32'),
    outputs: list(output, SPEC_BOUNDS.outputsMax).describe('The published scores'),
    golden: file.optional().describe('Rows the model must reproduce; default golden.json'),
  }),
})

export type EventDeclaration = z.infer<typeof eventSchema>
export type FeatureDeclaration = z.infer<typeof featureSchema>
export type ModelDeclaration = z.infer<typeof modelSchema>
export type WhereDeclaration = z.infer<typeof where>

/** The JSON Schema of `model.yaml`, so that editors complete and check it. */
export function modelJsonSchema(): object {
  return { title: 'model.yaml', ...z.toJSONSchema(modelSchema, { io: 'input' }) }
}
