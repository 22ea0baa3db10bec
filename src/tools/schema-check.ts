import { compileSchema } from '../decode/compile-schema.ts'
import { withReferences } from '../decode/schema-source.ts'
import type { RegisteredSchema } from '../decode/schema-source.ts'
import { neededFields } from '../decode/to-event.ts'
import { EXIT, ServiceError } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { registryAnswer, registryUnavailable } from '../runtime/registry-client.ts'
import { fitOf } from './schema-fit.ts'
import type { Fit } from './schema-fit.ts'

/** What the check asks the registry for. */
export interface SubjectClient {
  getAllVersions(subject: string): Promise<number[]>
  getSchemaMetadata(
    subject: string,
    version: number,
    deleted: boolean,
  ): Promise<RegisteredSchema & { readonly id?: number }>
}

interface CheckedVersion extends Fit {
  readonly version: number
  readonly id: number | undefined
  readonly format: string
}

/** What a command prints, and the exit status it ends with. */
export interface CommandResult {
  readonly output: string
  readonly status: number
}

/**
 * What `millrace schema check` prints: for each version of a subject whether it can feed the model, and
 * what would break. Of Protobuf the first message is checked.
 *
 * @throws ServiceError `CONFIG_INVALID` when the registry does not know the subject
 * @throws ServiceError `REGISTRY_UNAVAILABLE` when it gave no answer to rely on
 */
export async function schemaCheck(
  client: SubjectClient,
  {
    spec,
    subject,
    json,
  }: { readonly spec: ModelSpec; readonly subject: string; readonly json: boolean },
): Promise<CommandResult> {
  const versions = await asked(subject, () => client.getAllVersions(subject))
  const checked: CheckedVersion[] = []
  for (const version of versions.toSorted((one, other) => one - other)) {
    checked.push(await checkVersion(client, { spec, subject, version }))
  }
  const fits = checked.every(({ breaks }) => breaks.length === 0)
  const { name, version } = spec
  const answer = { subject, model: { name, version }, fits, versions: checked }
  return {
    output: json ? `${JSON.stringify(answer, undefined, 2)}\n` : tableOf(answer),
    status: fits ? EXIT.ok : EXIT.incomplete,
  }
}

async function checkVersion(
  client: SubjectClient,
  at: { readonly spec: ModelSpec; readonly subject: string; readonly version: number },
): Promise<CheckedVersion> {
  const { spec, subject, version } = at
  const held = await asked(subject, () => client.getSchemaMetadata(subject, version, false))
  const found = await asked(subject, () => withReferences(client, held))
  const told = { version, id: held.id, format: (held.schemaType ?? 'AVRO').toLowerCase() }
  if (found === undefined) return { ...told, breaks: ['it refers to too many'], warnings: [] }
  const fields = neededFields(spec.event)
  try {
    const { offers } = await compileSchema(found, fields)
    return { ...told, ...fitOf(spec.event, fields, offers) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...told, breaks: [`it cannot be used: ${why}`], warnings: [] }
  }
}

async function asked<Value>(subject: string, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    const answer = registryAnswer(error)
    if (answer?.errorCode === 40_401) {
      throw new ServiceError('CONFIG_INVALID', `the registry has no subject "${subject}"`)
    }
    throw registryUnavailable(`subject "${subject}" cannot be read`, error)
  }
}

function tableOf(answer: {
  readonly subject: string
  readonly model: { readonly name: string; readonly version: string }
  readonly versions: readonly CheckedVersion[]
}): string {
  const { subject, model, versions } = answer
  const lines = versions.flatMap(({ version, id, format, breaks, warnings }) => [
    `version ${version} (id ${id}, ${format}) ${breaks.length > 0 ? 'CANNOT feed' : 'can feed'} the model`,
    ...breaks.map((why) => `  breaks: ${why}`),
    ...warnings.map((why) => `  note:   ${why}`),
  ])
  const broken = versions.filter(({ breaks }) => breaks.length > 0).length
  return [
    `subject ${subject}, model ${model.name} ${model.version}`,
    ...lines,
    broken === 0
      ? `all ${versions.length} versions can feed the model`
      : `${broken} of ${versions.length} versions cannot`,
    '',
  ].join('\n')
}
