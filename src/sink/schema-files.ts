import type { ModelSpec } from '../domain/model-spec.ts'
import { outputSchemas } from './output-schemas.ts'

/** The schema files of shipped models, as `scripts/generate.ts` writes and checks them. */
export function schemaFiles(
  specs: readonly ModelSpec[],
): readonly { readonly path: string; readonly content: string }[] {
  return specs.flatMap((spec) =>
    Object.entries(outputSchemas(spec)).map(([topic, schema]) => ({
      path: `schemas/${spec.name}/${topic}.avsc`,
      content: `${JSON.stringify(schema, undefined, 2)}\n`,
    })),
  )
}
