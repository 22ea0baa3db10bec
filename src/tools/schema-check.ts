import { compileSchema } from '../decode/compile-schema.ts'
import { withReferences } from '../decode/schema-source.ts'
import type { RegisteredSchema } from '../decode/schema-source.ts'
import type { Offer, SchemaCodec } from '../decode/schema-codec.ts'
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
  /** Protobuf: the message that was looked at. */
  readonly message?: string
}

/** What a command prints, and the exit status it ends with. */
export interface CommandResult {
  readonly output: string
  readonly status: number
}

/**
 * What `millrace schema check` prints: for each version of a subject whether it can feed the model, and
 * what would break. Of Protobuf one message is checked: the named one, or the first.
 *
 * @throws ServiceError `CONFIG_INVALID` when the registry does not know the subject
 * @throws ServiceError `REGISTRY_UNAVAILABLE` when it gave no answer to rely on
 */
export async function schemaCheck(
  client: SubjectClient,
  given: {
    readonly spec: ModelSpec
    readonly subject: string
    /** The Protobuf message that records name, by its full name. */
    readonly message?: string | undefined
    readonly json: boolean
  },
): Promise<CommandResult> {
  const { spec, subject, json } = given
  const versions = await asked(subject, () => client.getAllVersions(subject))
  const checked: CheckedVersion[] = []
  for (const version of versions.toSorted((one, other) => one - other)) {
    checked.push(await checkVersion(client, { ...given, version }))
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
  at: {
    readonly spec: ModelSpec
    readonly subject: string
    readonly message?: string | undefined
    readonly version: number
  },
): Promise<CheckedVersion> {
  const { spec, subject, message, version } = at
  const held = await asked(subject, () => client.getSchemaMetadata(subject, version, false))
  const found = await asked(subject, () => withReferences(client, held))
  const told = { version, id: held.id, format: (held.schemaType ?? 'AVRO').toLowerCase() }
  if (found === undefined) return { ...told, breaks: ['it refers to too many'], warnings: [] }
  const fields = neededFields(spec.event)
  try {
    const codec = await compileSchema(found, fields)
    const judge = (offers: readonly Offer[]): Fit => fitOf(spec.event, fields, offers)
    return { ...told, ...checkMessages(codec, message, judge) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...told, breaks: [`it cannot be used: ${why}`], warnings: [] }
  }
}

/** Which message a record names is not in the schema: others are told of where they matter. */
function checkMessages(
  codec: Pick<SchemaCodec, 'offers' | 'offersByMessage'>,
  named: string | undefined,
  judge: (offers: readonly Offer[]) => Fit,
): Fit & Pick<CheckedVersion, 'message'> {
  const offersByMessage = codec.offersByMessage?.()
  if (offersByMessage === undefined) return judge(codec.offers)
  const messages = [...offersByMessage].map(([name, own]) => ({ name, fit: judge(own) }))
  const checked = named === undefined ? messages[0] : messages.find(({ name }) => name === named)
  const others = messages.filter((each) => each !== checked)
  const fitting = others.filter(({ fit }) => fit.breaks.length === 0).map(({ name }) => name)
  const hint = 'can feed the model: name it with --message'
  if (checked === undefined) {
    const names = messages.map(({ name }) => name).join(', ')
    return { breaks: [`there is no message "${named}", only ${names}`], warnings: [] }
  }
  const { name: message, fit } = checked
  const notes = fit.breaks.length === 0 ? [] : fitting.map((name) => `message "${name}" ${hint}`)
  const isOneOfSome = others.length > 0 && named === undefined && fit.breaks.length === 0
  const only = `only the first message, "${message}", is looked at: name another with --message`
  const warnings = [...fit.warnings, ...notes, ...(isOneOfSome ? [only] : [])]
  return { message, breaks: fit.breaks, warnings }
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
  const lines = versions.flatMap(({ version, id, format, message, breaks, warnings }) => [
    `version ${version} (id ${id}, ${format}${message === undefined ? '' : ` ${message}`}) ${breaks.length > 0 ? 'CANNOT feed' : 'can feed'} the model`,
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
