import { z } from 'zod'
import { ServiceError } from '../domain/errors.ts'
import { sha256 } from '../runtime/registry-cache.ts'
import type { RegistryCache } from '../runtime/registry-cache.ts'
import { registryAnswer, registryUnavailable } from '../runtime/registry-client.ts'
import type { OutputSchemaIds } from './port.ts'
import type { OutputSchema, SchemaBody } from './schema-body.ts'

/** How subjects are named after topics and records, as Confluent's serializers do. */
export type SubjectStrategy = 'topic-name' | 'record-name' | 'topic-record-name'

/** The part of the registry client that registration uses. */
export interface RegistrationClient {
  register(subject: string, schema: SchemaBody, normalize: boolean): Promise<number>
  getId(subject: string, schema: SchemaBody, normalize: boolean): Promise<number>
}

export interface RegistrationPlan {
  readonly topics: { readonly [Topic in keyof OutputSchemaIds]: string }
  readonly schemas: { readonly [Topic in keyof OutputSchemaIds]: OutputSchema }
  readonly strategy: SubjectStrategy
  /** Whether a schema that is not there yet is registered; otherwise its absence is an error. */
  readonly autoRegister: boolean
  /** Where the ids are kept for the time the registry does not answer. */
  readonly cache?: RegistryCache | undefined
}

const keptId = z.int().min(0)

/**
 * The registry ids of the output schemas, looked up or registered once at start.
 *
 * @throws ServiceError `SCHEMA_REFUSED` when a schema is not there and may not be registered, or the
 *   registry refuses it
 * @throws ServiceError `REGISTRY_UNAVAILABLE` when the registry gave no answer to rely on
 */
export async function resolveOutputSchemas(
  client: RegistrationClient,
  plan: RegistrationPlan,
): Promise<OutputSchemaIds> {
  const { topics, schemas } = plan
  return {
    features: await resolveOne(client, plan, { topic: topics.features, schema: schemas.features }),
    predictions: await resolveOne(client, plan, {
      topic: topics.predictions,
      schema: schemas.predictions,
    }),
    audit: await resolveOne(client, plan, { topic: topics.audit, schema: schemas.audit }),
  }
}

/** The subject a topic's value schema is registered under. */
export function subjectOf(strategy: SubjectStrategy, topic: string, record: string): string {
  if (strategy === 'topic-name') return `${topic}-value`
  return strategy === 'record-name' ? record : `${topic}-${record}`
}

async function resolveOne(
  client: RegistrationClient,
  { strategy, autoRegister, cache }: RegistrationPlan,
  { topic, schema }: { readonly topic: string; readonly schema: OutputSchema },
): Promise<number> {
  const { name: record, body } = schema
  const subject = subjectOf(strategy, topic, record)
  const ask = async (): Promise<number> => {
    try {
      if (autoRegister) return await client.register(subject, body, true)
      return await client.getId(subject, body, true)
    } catch (error) {
      throw explain(error, subject, record)
    }
  }
  if (cache === undefined) return ask()
  const name = `output-${sha256(JSON.stringify([subject, body.schema]))}`
  return cache.askOrRecall(ask, { name, what: `the id of "${subject}"`, schema: keptId })
}

function explain(error: unknown, subject: string, name: string): ServiceError {
  const answer = registryAnswer(error)
  const isMissing = answer?.errorCode === 40_401 || answer?.errorCode === 40_403
  if (isMissing) {
    return refused(
      `subject "${subject}" does not hold the schema of ${name}: register it, or set ` +
        'SCHEMA_AUTO_REGISTER=true',
    )
  }
  if (answer?.status === 409 || answer?.status === 422) {
    return refused(`the registry refuses the schema of ${name} for "${subject}": ${answer.message}`)
  }
  if (answer?.status === 401 || answer?.status === 403) {
    return refused(
      `not allowed to use subject "${subject}" (HTTP status ${answer.status}): check the registry ` +
        'credentials, or register the schema and set SCHEMA_AUTO_REGISTER=false',
    )
  }
  return registryUnavailable(`the schema of ${name} cannot be resolved for "${subject}"`, error)
}

function refused(message: string): ServiceError {
  return new ServiceError('SCHEMA_REFUSED', message)
}
