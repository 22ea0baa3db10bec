import type { ModelSpec } from '../domain/model-spec.ts'
import { registeredSchemas } from './schema-body.ts'
import type { RegisteredFormat } from './schema-body.ts'

const ENDINGS = {
  avro: 'avsc',
  protobuf: 'proto',
  'json-schema': 'schema.json',
} as const satisfies Record<RegisteredFormat, string>
const FORMATS = ['avro', 'protobuf', 'json-schema'] as const

/** The schema files of shipped models, as `scripts/generate.ts` writes and checks them. */
export function schemaFiles(
  specs: readonly ModelSpec[],
): readonly { readonly path: string; readonly content: string }[] {
  return specs.flatMap((spec) =>
    FORMATS.flatMap((format) =>
      Object.entries(registeredSchemas(spec, format)).map(([topic, { body }]) => ({
        path: `schemas/${spec.name}/${topic}.${ENDINGS[format]}`,
        content: format === 'protobuf' ? body.schema : indented(body.schema),
      })),
    ),
  )
}

function indented(json: string): string {
  return `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`
}
