import type { ModelSpec } from '../domain/model-spec.ts'
import { AUDIT_OUTCOMES, outputSchemas } from './output-schemas.ts'
import type { AvroField, AvroRecord, AvroType, OutputSchemas } from './output-schemas.ts'

/** Numbers of a message's fields, by name. */
export type FieldNumbers = ReadonlyMap<string, number>

/** The names of the audit's outcomes, in the order of their numbers; 0 is for what is not said. */
export const PROTOBUF_OUTCOMES = ['UNSPECIFIED', ...AUDIT_OUTCOMES].map(
  (outcome) => `OUTCOME_${outcome.toUpperCase()}`,
)

const TIMESTAMP = 'google.protobuf.Timestamp'
const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  double: 'double',
  float: 'float',
  int: 'int32',
  long: 'int64',
}

/**
 * The numbers of the output messages' fields. What every model has comes first, then features and
 * scores in the model's order: so one more at the end changes no number.
 */
export function protobufNumbers(spec: ModelSpec): {
  readonly [Topic in keyof OutputSchemas]: FieldNumbers
} {
  const { features, predictions, audit } = outputSchemas(spec)
  return {
    features: numbersOf(features, spec.features),
    predictions: numbersOf(predictions, spec.model.outputs),
    audit: numbersOf(audit, []),
  }
}

/** The text of a record's `.proto` file (proto3). */
export function protobufText(
  { name, namespace, doc, fields }: AvroRecord,
  numbers: FieldNumbers,
): string {
  const byNumber = fields
    .map((field) => ({ ...field, number: numbers.get(field.name) ?? 0 }))
    .toSorted((one, other) => one.number - other.number)
  const lines = byNumber.flatMap(({ number, ...field }) => fieldLines(field, number))
  const isTimed = lines.some((line) => line.includes(TIMESTAMP))
  return [
    'syntax = "proto3";',
    '',
    `package ${namespace};`,
    '',
    ...(isTimed ? ['import "google/protobuf/timestamp.proto";', ''] : []),
    `// ${doc}`,
    `message ${name} {`,
    ...fields.flatMap(({ type }) => enumLines(type)),
    ...lines,
    '}',
    '',
  ].join('\n')
}

function numbersOf(
  { fields }: AvroRecord,
  ofModel: readonly { readonly name: string }[],
): FieldNumbers {
  const own = new Set(ofModel.map(({ name }) => name))
  const sorted = [
    ...fields.filter(({ name }) => !own.has(name)),
    ...fields.filter(({ name }) => own.has(name)),
  ]
  return new Map(sorted.map(({ name }, index) => [name, index + 1]))
}

function fieldLines({ name, type, doc }: AvroField, number: number): readonly string[] {
  const comment = doc === undefined ? [] : [`  // ${doc}`]
  return [...comment, `  ${typeText(type)} ${name} = ${number};`]
}

function typeText(type: AvroType): string {
  if (typeof type === 'string') return SCALARS[type] ?? type
  if ('symbols' in type) return type.name
  if ('type' in type) {
    if (type.items !== undefined) return `repeated ${typeText(type.items)}`
    return type.logicalType === undefined ? (SCALARS[type.type] ?? type.type) : TIMESTAMP
  }
  const [, present = 'string'] = type
  const text = typeText(present)
  // Messages and lists can be left out as they are.
  return text === TIMESTAMP || text.startsWith('repeated') ? text : `optional ${text}`
}

function enumLines(type: AvroType): readonly string[] {
  if (typeof type === 'string' || !('symbols' in type)) return []
  return [
    `  // ${type.doc}`,
    `  enum ${type.name} {`,
    ...PROTOBUF_OUTCOMES.map((outcome, number) => `    ${outcome} = ${number};`),
    '  }',
    '',
  ]
}
