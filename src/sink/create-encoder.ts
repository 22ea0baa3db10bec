import type { ModelSpec } from '../domain/model-spec.ts'
import { AvroEncoder } from './avro-encoder.ts'
import type { ModelIdentity } from './identity.ts'
import { JsonEncoder } from './json-encoder.ts'
import type { OutputEncoder, OutputSchemaIds } from './port.ts'
import { ProtobufEncoder } from './protobuf-encoder.ts'
import type { RegisteredFormat } from './schema-body.ts'

/** The encoder of a format whose schemas are registered. */
export function createEncoder(
  format: RegisteredFormat,
  options: {
    readonly spec: ModelSpec
    readonly identity: ModelIdentity
    readonly schemaIds: OutputSchemaIds
  },
): OutputEncoder {
  switch (format) {
    case 'avro':
      return new AvroEncoder(options)
    case 'protobuf':
      return new ProtobufEncoder(options)
    case 'json-schema':
      return new JsonEncoder(options)
  }
}
