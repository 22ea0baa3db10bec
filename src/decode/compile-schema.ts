import { compileAvro } from './avro-codec.ts'
import { SCHEMA_CHARS_MAX } from './bounds.ts'
import { compileJson } from './json-codec.ts'
import type { NeededField, SchemaCodec } from './schema-codec.ts'
import type { FoundSchema } from './schema-source.ts'

/**
 * Compiles a schema of the registry, by its type. What reads Protobuf is loaded with the first such schema.
 *
 * @throws Error when it cannot be used, and why
 */
export async function compileSchema(
  { schema, references }: Pick<FoundSchema, 'schema' | 'references'>,
  wanted: readonly NeededField[],
): Promise<SchemaCodec> {
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
    case 'PROTOBUF': {
      const { compileProto } = await import('./proto-codec.ts')
      return compileProto(schema.schema, references, wanted)
    }
    case 'JSON':
      return compileJson(schema.schema, references, wanted)
    default:
      throw new Error(`its type must be AVRO, PROTOBUF or JSON, got ${schema.schemaType}`)
  }
}
