import { JsonFields } from './json-fields.ts'
import { JsonSchemaPaths } from './json-schema.ts'
import { lackingProblem, undecodableBytes } from './schema-codec.ts'
import type { NeededField, ReferencedSchema, SchemaCodec } from './schema-codec.ts'

/**
 * A reader of JSON values of a JSON Schema.
 *
 * Values are not validated against the schema, and its patterns are never run
 * (`docs/adr/0007-codecs.md`). What the model needs is checked field by field, and a schema that rules
 * such a field out is refused as a whole.
 *
 * @param references schemas the schema refers to, directly and indirectly
 * @throws Error when the schema is no JSON Schema
 */
export function compileJson(
  schema: string,
  references: readonly ReferencedSchema[],
  wanted: readonly NeededField[],
): SchemaCodec {
  const paths = new JsonSchemaPaths(schema, references)
  const offers = wanted.map(({ name }) => paths.kindsAt(name))
  const lacking = lackingProblem(wanted, offers)
  const fields = new JsonFields(wanted.map(({ name }) => name))
  return {
    offers,
    recordName: paths.title,
    mayLack: lacking !== undefined,
    // What cannot be parsed fills no slot.
    isSound: true,
    decode: (bytes, at, end, into) => {
      if (lacking !== undefined) return lacking
      const problem = fields.read(bytes, at, end, into)
      return problem === undefined ? undefined : undecodableBytes(problem)
    },
  }
}
