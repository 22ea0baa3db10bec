import { z } from 'zod'
import type { ReferencedSchema } from './schema-codec.ts'
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
  readonly references?: SchemaReference[]
}

export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** A schema as values name it: its id, or its GUID. */
export type SchemaKey = number | string

/** The part of the registry client that decoding uses. */
export interface SchemaClient {
  getBySubjectAndId(subject: string, id: number): Promise<RegisteredSchema>
  getByGuid(guid: string): Promise<RegisteredSchema>
  getSchemaMetadata(subject: string, version: number, deleted: boolean): Promise<RegisteredSchema>
  getVersion(
    subject: string,
    schema: { schema: string; schemaType?: string; references?: SchemaReference[] },
    normalize: boolean,
  ): Promise<number>
  clearCaches(): void
}

/** A schema with all it refers to. */
export interface FoundSchema {
  readonly kind: 'found'
  readonly schema: RegisteredSchema
  /** The schemas it refers to, each after those it refers to itself. */
  readonly references: readonly ReferencedSchema[]
}

/** A schema with all it refers to, or that there is none. */
export type FetchedSchema =
  | FoundSchema
  | { readonly kind: 'unknown'; readonly detail: string }
  | { readonly kind: 'unusable'; readonly detail: string }

const reference = z.object({ name: z.string(), subject: z.string(), version: z.number() })

const foundSchema: z.ZodType<FoundSchema> = z.object({
  kind: z.literal('found'),
  schema: z.object({
    schema: z.string(),
    schemaType: z.exactOptional(z.string()),
    references: z.exactOptional(z.array(reference)),
  }),
  references: z.array(z.object({ name: z.string(), schema: z.string() })),
})

/** What an answer must be; a proxy may answer with anything. */
const registeredSchema = z.object({
  schema: z.string(),
  schemaType: z.string().optional(),
  references: z.array(reference).optional(),
})

/** How a schema is kept on disk. That there is none is not kept: it may be registered later. */
export function keepingOf(key: SchemaKey): Keeping<FoundSchema> {
  return { name: `schema-${key}`, what: `schema ${key}`, schema: foundSchema }
}

/**
 * Fetches a schema by its id or GUID.
 *
 * Only the registry's own "no such schema" makes it unknown; a bare 404, as a wrong path or a proxy
 * gives, would otherwise turn every record of a good topic into a dead letter.
 *
 * @throws ServiceError `REGISTRY_UNAVAILABLE` when the registry gave no answer to rely on
 */
export async function fetchSchema(client: SchemaClient, key: SchemaKey): Promise<FetchedSchema> {
  try {
    // Without a subject the registry looks the id up among all subjects.
    const ask = typeof key === 'number' ? client.getBySubjectAndId('', key) : client.getByGuid(key)
    const found = await withReferences(client, await ask)
    if (found !== undefined) return found
    const detail = `schema ${key} must refer to at most ${REFERENCES_MAX} others`
    return { kind: 'unusable', detail }
  } catch (error) {
    const answer = registryAnswer(error)
    // The client keeps whatever was answered, so what is no schema would be given for ever.
    if (answer === undefined) client.clearCaches()
    if (answer === undefined || !saysUnknown(answer)) {
      throw registryUnavailable(`schema ${key} cannot be fetched`, error)
    }
    const detail = `the registry does not know schema ${key}: ${answer.message}`
    return { kind: 'unknown', detail }
  }
}

/**
 * A schema with all it refers to; `undefined` when that is too much.
 *
 * @throws Error when the registry does not answer, or what it answers is no schema
 */
export async function withReferences(
  client: Pick<SchemaClient, 'getSchemaMetadata'>,
  answer: unknown,
): Promise<FoundSchema | undefined> {
  const schema = checked(answer)
  const found = new Map<string, ReferencedSchema>()
  const visited = new Set<string>()
  await collect(client, schema, { found, visited })
  if (visited.size > REFERENCES_MAX) return undefined
  return { kind: 'found', schema, references: [...found.values()] }
}

/** A schema's place in the registry. */
export interface SchemaVersion {
  readonly subject: string
  readonly version: number
}

/**
 * The version of a schema under the first of its topic's subjects that has it, by topic, topic and record, or record;
 * `undefined` when the registry does not say.
 */
export async function versionOf(
  client: Pick<SchemaClient, 'getVersion'>,
  given: {
    readonly schema: RegisteredSchema
    readonly topic: string
    readonly record?: string | undefined
  },
): Promise<SchemaVersion | undefined> {
  const { topic, record } = given
  // The registry takes a schema for the same only with its references.
  const { schemaType = 'AVRO', ...schema } = given.schema
  const byRecord = record === undefined ? [] : [`${topic}-${record}`, record]
  for (const subject of [`${topic}-value`, ...byRecord]) {
    try {
      return {
        subject,
        version: await client.getVersion(subject, { ...schema, schemaType }, false),
      }
    } catch (error) {
      // It only makes a message fuller.
      if (registryAnswer(error)?.status !== 404) return undefined
    }
  }
  return undefined
}

async function collect(
  client: Pick<SchemaClient, 'getSchemaMetadata'>,
  schema: RegisteredSchema,
  so: { readonly found: Map<string, ReferencedSchema>; readonly visited: Set<string> },
): Promise<void> {
  for (const { name, subject, version } of schema.references ?? []) {
    const id = `${name} ${subject} ${version}`
    if (so.visited.has(id) || so.visited.size > REFERENCES_MAX) continue
    so.visited.add(id)
    const referred = checked(await client.getSchemaMetadata(subject, version, true))
    await collect(client, referred, so)
    so.found.set(id, { name, schema: referred.schema })
  }
}

/** @throws Error when the answer is no schema */
function checked(answer: unknown): RegisteredSchema {
  const parsed = registeredSchema.safeParse(answer)
  if (!parsed.success) throw new Error('the answer is no schema')
  const { schema, schemaType, references } = parsed.data
  return {
    schema,
    ...(schemaType === undefined ? {} : { schemaType }),
    ...(references === undefined ? {} : { references }),
  }
}

/** 40401 subject, 40402 version, 40403 schema not found. */
function saysUnknown({ status, errorCode }: RegistryAnswer): boolean {
  return status === 404 && errorCode >= 40_401 && errorCode <= 40_403
}
