import { ServiceError } from '../domain/errors.ts'
import { Draft, type Env, type LoadOptions, type ValueSource } from './draft.ts'
import { isPassThrough, type PassThrough, readPassThrough } from './pass-through.ts'
import { outputFormatOf, RULES, stateTopicOf } from './rules.ts'
import { type Config, configSchema, type Variable, VARIABLES, type Variables } from './schema.ts'
import { isKubernetesService, warnOfUnknown } from './unknown-names.ts'

/** Longest part of a value that is shown. */
const SHOWN_MAX = 100

/** The configuration and what is told of it. */
export interface LoadedConfig {
  readonly config: Config
  /** Variables that look like ours and are not, a line each. */
  readonly warnings: readonly string[]
  /** By variable name; a variable that is unset and has no default is `default` too. */
  readonly sources: ReadonlyMap<string, ValueSource>
  /** The librdkafka properties that were passed through. */
  readonly passedThrough: readonly PassThrough[]
}

/**
 * Reads the configuration from the environment. An empty value counts as unset.
 *
 * @throws ServiceError `CONFIG_INVALID` with every problem, a line each: the variable, what it must
 *   be, and its value unless that is secret
 */
export function loadConfig(env: Env, options: LoadOptions): LoadedConfig {
  const draft = new Draft(env, options)
  const values = parse(draft)
  const names = Object.keys(env).filter((name) => !isKubernetesService(name, env[name] ?? ''))
  const { passed, errors } = readPassThrough(names, env)
  draft.errors.push(...errors)
  if (draft.errors.length > 0 || values === undefined) {
    throw new ServiceError('CONFIG_INVALID', draft.errors.join('\n'))
  }
  const warnings = names.flatMap((name) => {
    const isSet = env[name] !== undefined && env[name] !== ''
    return isSet && !isPassThrough(name) ? (warnOfUnknown(name) ?? []) : []
  })
  return {
    config: assemble(values, draft, passed),
    warnings,
    sources: draft.sources,
    passedThrough: passed,
  }
}

/** Tells all that is wrong; yields the values only if nothing is. */
function parse(draft: Draft): Variables | undefined {
  const parsed = configSchema.safeParse(Object.fromEntries(draft.written))
  const wrong = new Set(parsed.error?.issues.map(({ path }) => path[0]))
  for (const variable of VARIABLES) {
    if (wrong.has(variable.key)) draft.reject(variable, problemOf(variable, draft))
  }
  const sound = [...draft.written].filter(([key]) => !wrong.has(key))
  const checked = configSchema.partial().parse(Object.fromEntries(sound))
  for (const { about, check } of RULES) {
    if (about.every((key) => !draft.broken.has(key)))
      draft.errors.push(...check(checked, draft.broken))
  }
  return parsed.data
}

function problemOf({ key, name, rule, secret, description }: Variable, draft: Draft): string {
  const value = draft.written.get(key)
  if (value === undefined) return `${name} is required: ${rule}. ${description}`
  return `${name} must be ${rule}, got ${secret === true ? '***' : shown(value)}`
}

/** Quoted, on one line. What stands before an @ may be a password in an address. */
function shown(value: string): string {
  const safe = value.replace(/^.*@/s, '***@')
  return JSON.stringify(safe.length > SHOWN_MAX ? `${safe.slice(0, SHOWN_MAX)}…` : safe)
}

function assemble(values: Variables, draft: Draft, passed: readonly PassThrough[]): Config {
  const of = (client: PassThrough['client']): Record<string, string> =>
    Object.fromEntries(
      passed
        .filter((each) => each.client === client)
        .map(({ property, value }) => [property, value]),
    )
  return {
    ...values,
    stateTopic: stateTopicOf(values),
    outputFormat: outputFormatOf(values),
    schemaRegistryCa: draft.texts.get('schemaRegistryCaFile'),
    kafkaConsumerProperties: of('consumer'),
    kafkaProducerProperties: of('producer'),
  }
}
