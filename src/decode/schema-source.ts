import { z } from 'zod'
import type { Keeping } from '../runtime/registry-cache.ts'
import type { RegistryAnswer } from '../runtime/registry-client.ts'
import { registryAnswer, registryUnavailable } from '../runtime/registry-client.ts'

/** Most schemas one schema may refer to, directly and indirectly. */
const REFERENCES_MAX = 100

/** A schema as the registry gives it. */
export interface RegisteredSchema {
  readonly schema: string
  /** Absent for Avro. */
  readonly schemaType?: string
  readonly references?: readonly SchemaReference[]
}

export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** The part of the registry client that decoding uses. */
export interface SchemaClient {
  getBySubjectAndId(subject: string, id: number): Promise<RegisteredSchema>
  getSchemaMetadata(subject: string, version: number, deleted: boolean): Promise<RegisteredSchema>
}

/** A schema with all it refers to. */
export interface FoundSchema {
  readonly kind: 'found'
  readonly schema: RegisteredSchema
  /** Texts of the schemas it refers to, each after those it refers to itself. */
  readonly references: readonly string[]
}

/** A schema with all it refers to, or that there is none. */
export type FetchedSchema =
  | FoundSchema
  | { readonly kind: 'unknown'; readonly detail: string }
  | { readonly kind: 'unusable'; readonly detail: string }

const foundSchema: z.ZodType<FoundSchema> = z.object({
  kind: z.literal('found'),
  schema: z.object({ schema: z.string(), schemaType: z.exactOptional(z.string()) }),
  references: z.array(z.string()),
})

/** How a schema is kept on disk. That there is none is not kept: it may be registered later. */
export function keepingOf(id: number): Keeping<FoundSchema> {
  return { name: `schema-${id}`, what: `schema ${id}`, schema: foundSchema }
}

/**
 * Fetches a schema by its id.
 *
 * Only the registry's own "no such schema" makes it unknown; a bare 404, as a wrong path or a proxy
 * gives, would otherwise turn every record of a good topic into a dead letter.
 *
 * @throws ServiceError `REGISTRY_UNAVAILABLE` when the registry gave no answer to rely on
 */
export async function fetchSchema(client: SchemaClient, id: number): Promise<FetchedSchema> {
  try {
    // Without a subject the registry looks the id up among all subjects.
    const schema = await client.getBySubjectAndId('', id)
    const texts = new Map<string, string>()
    const visited = new Set<string>()
    await collect(client, schema, { texts, visited })
    if (visited.size > REFERENCES_MAX) {
      const detail = `schema ${id} must refer to at most ${REFERENCES_MAX} others`
      return { kind: 'unusable', detail }
    }
    return { kind: 'found', schema, references: [...texts.values()] }
  } catch (error) {
    const answer = registryAnswer(error)
    if (answer === undefined || !saysUnknown(answer)) {
      throw registryUnavailable(`schema ${id} cannot be fetched`, error)
    }
    return { kind: 'unknown', detail: `the registry does not know schema ${id}: ${answer.message}` }
  }
}

async function collect(
  client: SchemaClient,
  schema: RegisteredSchema,
  found: { readonly texts: Map<string, string>; readonly visited: Set<string> },
): Promise<void> {
  for (const { subject, version } of schema.references ?? []) {
    const name = `${subject} ${version}`
    if (found.visited.has(name) || found.visited.size > REFERENCES_MAX) continue
    found.visited.add(name)
    const referred = await client.getSchemaMetadata(subject, version, true)
    await collect(client, referred, found)
    found.texts.set(name, referred.schema)
  }
}

/** 40401 subject, 40402 version, 40403 schema not found. */
function saysUnknown({ status, errorCode }: RegistryAnswer): boolean {
  return status === 404 && errorCode >= 40_401 && errorCode <= 40_403
}
