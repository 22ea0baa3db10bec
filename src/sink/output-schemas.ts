import { ServiceError } from '../domain/errors.ts'
import type { FeatureSpec, ModelSpec } from '../domain/model-spec.ts'

/** A type of an Avro schema, as far as output records need them. */
export type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: string; readonly logicalType?: string; readonly items?: AvroType }
  | {
      readonly type: 'enum'
      readonly name: string
      readonly doc: string
      readonly symbols: readonly string[]
    }

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  readonly doc?: string
  readonly default?: null
}

export interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly fields: readonly AvroField[]
}

/** The schemas of what a model writes. */
export interface OutputSchemas {
  readonly features: AvroRecord
  readonly predictions: AvroRecord
  readonly audit: AvroRecord
}

/** The outcomes as the audit's enum spells them, in the enum's order. */
export const AUDIT_OUTCOMES = ['predicted', 'late', 'dead_letter', 'skipped'] as const

const TIMESTAMP: AvroType = { type: 'long', logicalType: 'timestamp-millis' }
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The Avro schemas of a model's outputs, in a namespace of the model's own, so that the records of
 * two models can live in one registry under any subject naming strategy.
 *
 * @throws ServiceError `MODEL_INVALID` when a name is no Avro name or is used twice in a record
 */
export function outputSchemas(spec: ModelSpec): OutputSchemas {
  const namespace = `millrace.${spec.name.replaceAll(/[^A-Za-z0-9_]/g, '_')}`
  const schemas: OutputSchemas = {
    features: {
      type: 'record',
      name: spec.featuresRecord,
      namespace,
      doc: 'The features of one event, as scored.',
      fields: featureFields(spec),
    },
    predictions: {
      type: 'record',
      name: 'Prediction',
      namespace,
      doc: 'The scores of one event.',
      fields: predictionFields(spec),
    },
    audit: {
      type: 'record',
      name: 'Audit',
      namespace,
      doc: 'What became of one input record, and by which model.',
      fields: AUDIT_FIELDS,
    },
  }
  for (const record of Object.values(schemas)) checkNames(record)
  return schemas
}

function featureFields(spec: ModelSpec): readonly AvroField[] {
  return [
    { name: spec.event.keyName, type: 'string' },
    ...spec.features.map(featureField),
    { name: 'computed_at', type: 'string', doc: 'ISO 8601, UTC, with milliseconds.' },
  ]
}

function featureField({ name, type, nullable }: FeatureSpec): AvroField {
  return nullable ? { name, type: ['null', type], default: null } : { name, type }
}

function predictionFields(spec: ModelSpec): readonly AvroField[] {
  return [
    { name: 'event_id', type: 'string' },
    { name: spec.event.keyName, type: 'string' },
    ...spec.model.outputs.map(({ name }) => ({ name, type: 'double' })),
    { name: 'model_name', type: 'string' },
    { name: 'model_version', type: 'string' },
    { name: 'event_time', type: TIMESTAMP },
    { name: 'predicted_at', type: TIMESTAMP },
  ]
}

const AUDIT_FIELDS: readonly AvroField[] = [
  {
    name: 'outcome',
    type: {
      type: 'enum',
      name: 'Outcome',
      doc: 'The one fate of an input record.',
      symbols: AUDIT_OUTCOMES,
    },
  },
  optional('reason', 'string', 'Why it became a dead letter.'),
  { name: 'source_topic', type: 'string' },
  { name: 'source_partition', type: 'int' },
  { name: 'source_offset', type: 'long' },
  optional('schema_id', 'int', 'Registry id of the schema it was written with.'),
  optional('key', 'string', 'Entity key; null when it could not be decoded.'),
  optional('event_id', 'string', 'The id of the event.'),
  optional('event_time', TIMESTAMP, 'When it happened.'),
  { name: 'model_name', type: 'string' },
  { name: 'model_version', type: 'string' },
  { name: 'model_sha256', type: 'string', doc: 'Of the model file, hexadecimal.' },
  { name: 'spec_sha256', type: 'string', doc: 'Of the model.yaml, hexadecimal.' },
  optional(
    'features',
    { type: 'array', items: 'float' },
    'The row as the model saw it, in model order; NaN = null.',
  ),
  optional('scores', { type: 'array', items: 'double' }, 'In the order of the model outputs.'),
  { name: 'audited_at', type: TIMESTAMP },
]

function optional(name: string, type: AvroType, doc: string): AvroField {
  return { name, type: ['null', type], doc, default: null }
}

function checkNames({ name, fields }: AvroRecord): void {
  const seen = new Set<string>()
  for (const field of [name, ...fields.map((each) => each.name)]) {
    if (!NAME.test(field)) {
      throw refused(`"${field}" in record ${name} must be letters, digits and _, no digit first`)
    }
    if (seen.has(field)) throw refused(`"${field}" must be used once in record ${name}`)
    seen.add(field)
  }
}

function refused(message: string): ServiceError {
  return new ServiceError('MODEL_INVALID', message)
}
