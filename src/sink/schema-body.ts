import type { ModelSpec } from '../domain/model-spec.ts'
import { jsonSchemaOf } from './json-schema.ts'
import { outputSchemas } from './output-schemas.ts'
import type { AvroRecord, OutputSchemas } from './output-schemas.ts'
import { protobufNumbers, protobufText } from './protobuf-schema.ts'

/** The formats whose schemas are registered. */
export type RegisteredFormat = 'avro' | 'protobuf' | 'json-schema'

/** A schema as the registry takes it. */
export interface SchemaBody {
  schema: string
  schemaType: string
}

/** The schema of one output topic. */
export interface OutputSchema {
  /** Of the record, with its namespace. */
  readonly name: string
  readonly body: SchemaBody
}

/**
 * The schemas of a model's outputs in a format; all formats are made from `outputSchemas`.
 *
 * @throws ServiceError `MODEL_INVALID` as `outputSchemas`
 */
export function registeredSchemas(
  spec: ModelSpec,
  format: RegisteredFormat,
): { readonly [Topic in keyof OutputSchemas]: OutputSchema } {
  const { features, predictions, audit } = outputSchemas(spec)
  const numbers = protobufNumbers(spec)
  const of = (record: AvroRecord, topic: keyof OutputSchemas): OutputSchema => ({
    name: `${record.namespace}.${record.name}`,
    body: bodyOf(format, record, protobufText(record, numbers[topic])),
  })
  return {
    features: of(features, 'features'),
    predictions: of(predictions, 'predictions'),
    audit: of(audit, 'audit'),
  }
}

function bodyOf(format: RegisteredFormat, record: AvroRecord, proto: string): SchemaBody {
  switch (format) {
    case 'avro':
      return { schema: JSON.stringify(record), schemaType: 'AVRO' }
    case 'protobuf':
      return { schema: proto, schemaType: 'PROTOBUF' }
    case 'json-schema':
      return { schema: JSON.stringify(jsonSchemaOf(record)), schemaType: 'JSON' }
  }
}
