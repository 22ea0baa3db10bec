import { compileAvro } from './avro-codec.ts'
import { SCHEMA_CHARS_MAX } from './bounds.ts'
import { compileJson } from './json-codec.ts'
import { compileProto } from './proto-codec.ts'
import type { NeededField, SchemaCodec } from './schema-codec.ts'
import type { FoundSchema } from './schema-source.ts'

/**
 * Compiles a schema of the registry, by its type.
 *
 * @throws Error when it cannot be used, and why
 */
export function compileSchema(
  { schema, references }: Pick<FoundSchema, 'schema' | 'references'>,
  wanted: readonly NeededField[],
): SchemaCodec {
  const characters = references.reduce(
    (sum, reference) => sum + reference.schema.length,
    schema.schema.length,
  )
  if (characters > SCHEMA_CHARS_MAX) {
    throw new Error(`it must have at most ${SCHEMA_CHARS_MAX} characters, got ${characters}`)
  }
  switch (schema.schemaType ?? 'AVRO') {
    case 'AVRO':
      return compileAvro(schema.schema, references, wanted)
    case 'PROTOBUF':
      return compileProto(schema.schema, references, wanted)
    case 'JSON':
      return compileJson(schema.schema, references, wanted)
    default:
      throw new Error(`its type must be AVRO, PROTOBUF or JSON, got ${schema.schemaType}`)
  }
}
