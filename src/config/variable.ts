import { z } from 'zod'

/** The parts of the documentation that variables are told in. */
export const GROUPS = [
  'Identity and model',
  'Kafka',
  'Kafka security',
  'Schema registry',
  'Topics',
  'Unit of work',
  'Dead letters',
  'State and inference',
  'Drift',
  'HTTP and logs',
  'Tracing',
] as const

export type Group = (typeof GROUPS)[number]

/** What is said of a variable: in errors, in `docs/configuration.md`, by `millrace config`. */
export interface VariableInfo {
  /** The environment variable. */
  readonly name: string
  readonly group: Group
  /** What a value must be, as it follows "must be". */
  readonly rule: string
  /** JSON Schema of what may be written, where numbers and flags may be so without quotes. */
  readonly json: JsonSchema
  readonly unit?: string
  /** As it would be written in the environment. */
  readonly default?: string
  /** A default that depends on where the service runs or on another variable, in words. */
  readonly defaultFrom?: string
  /** `true`, or when it is required, in words. */
  readonly required?: true | string
  /** Never printed. */
  readonly secret?: true
  readonly description: string
}

type Described = Omit<VariableInfo, 'rule' | 'json' | 'default' | 'required'>

/** The keywords of JSON Schema that are used here. Patterns are read by Go, too: no look-ahead. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly (string | boolean)[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

/** How values of one kind are written and read. */
export interface Kind<Value> {
  readonly schema: z.ZodType<Value, string>
  readonly rule: string
  /** May take a little more than `schema`, never less. */
  readonly json: JsonSchema
}

/** What is said of each entry of the schema. */
export const variableInfos = z.registry<VariableInfo>()

/** A variable that must have a value; without `defaultFrom` it must be set. */
export function required<Value>({ schema, rule, json }: Kind<Value>, described: Described) {
  // A wrapper of its own: two variables of one kind must not share what is said of them.
  const entry = z.pipe(schema, z.custom<Value>())
  const info = described.defaultFrom === undefined ? { required: true as const } : {}
  variableInfos.add(entry, { ...described, ...info, rule, json })
  return entry
}

/** A variable that may stay unset; `requiredWhen` says in words when it may not. */
export function optional<Value>(
  { schema, rule, json }: Kind<Value>,
  { requiredWhen, ...described }: Described & { readonly requiredWhen?: string },
) {
  const entry = schema.optional()
  const info = requiredWhen === undefined ? {} : { required: requiredWhen }
  variableInfos.add(entry, { ...described, ...info, rule, json })
  return entry
}

/** A variable with a default, written as in the environment. */
export function withDefault<Value>(
  { schema, rule, json }: Kind<Value>,
  described: Described & { readonly default: string },
) {
  const entry = schema.prefault(described.default)
  variableInfos.add(entry, { ...described, rule, json })
  return entry
}

/** Whole numbers within bounds, both included. */
export function whole(min: number, max: number): Kind<number> {
  const parse = (written: string): number | undefined => {
    const value = /^\d{1,15}$/.test(written) ? Number(written) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
  return kind(`a whole number from ${min} to ${max}`, parse, {
    type: ['integer', 'string'],
    minimum: min,
    maximum: max,
    pattern: '^[0-9]{1,15}$',
  })
}

/** Decimal numbers within bounds, both included. */
export function decimal(min: number, max: number): Kind<number> {
  const parse = (written: string): number | undefined => {
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(written) ? Number(written) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
  return kind(`a number from ${min} to ${max}`, parse, {
    type: ['number', 'string'],
    minimum: min,
    maximum: max,
    pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})?$',
  })
}

/** Shares, from none to all. */
export const share: Kind<number> = kind(
  'a number from 0 to 1',
  (written) => {
    const value = /^\d(?:\.\d{1,9})?$/.test(written) ? Number(written) : Number.NaN
    return value <= 1 ? value : undefined
  },
  { type: ['number', 'string'], minimum: 0, maximum: 1, pattern: '^[01](\\.[0-9]{1,9})?$' },
)

/** One of some words, in any case, as people write `SASL_SSL` and `sasl_ssl`. */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  const canonical = new Map(words.map((word) => [word.toLowerCase(), word]))
  return kind(`one of ${words.join(', ')}`, (written) => canonical.get(written.toLowerCase()), {
    type: 'string',
    pattern: `^(?i:${words.join('|')})$`,
  })
}

/** `true` or `false`. */
export const flag: Kind<boolean> = kind(
  'true or false',
  (written) => {
    const word = written.toLowerCase()
    return word === 'true' ? true : word === 'false' ? false : undefined
  },
  { type: ['boolean', 'string'], pattern: '^(?i:true|false)$' },
)

/** What anything but nothing is. */
const SOME_TEXT: JsonSchema = { type: 'string', pattern: '.' }

/** Any text that is not empty. */
export const text: Kind<string> = kind('text', (written) => written, SOME_TEXT)

/** A password or token. A line break within would end a header or a command. */
export const credential: Kind<string> = matching(
  'text on one line, without control characters',
  /^[^\p{Cc}]+$/u,
  SOME_TEXT.pattern,
)

/** The path of a file. That it can be read is checked where it is read. */
export const file: Kind<string> = kind(
  'the path of a readable file',
  (written) => written,
  SOME_TEXT,
)

/** The path of a folder. What must be in it is checked by whoever reads it. */
export const folder: Kind<string> = kind('the path of a folder', (written) => written, SOME_TEXT)

/** An address to listen on. */
export const host: Kind<string> = matching('a host name or IP address', /^[A-Za-z0-9._:-]+$/)

/** A name that Kafka takes for groups, members and transactions. */
export function identifier(lengthMax: number): Kind<string> {
  return matching(
    `1 to ${lengthMax} characters of A-Z a-z 0-9 . _ -`,
    new RegExp(`^[A-Za-z0-9._-]{1,${lengthMax}}$`),
  )
}

/** A topic name, as Kafka's own `Topic.validate` takes it. */
export const topic: Kind<string> = matching(
  'a topic name: 1 to 249 characters of A-Z a-z 0-9 . _ -, not . or ..',
  /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
  '^[A-Za-z0-9._-]{1,249}$',
)

/** Broker addresses. */
export const brokers: Kind<readonly string[]> = list(
  'host:port, separated by commas, without a protocol',
  (item) => {
    const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(item) ?? []
    return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535
  },
  '^ *[^, /]+:[0-9]{1,5} *(, *[^, /]+:[0-9]{1,5} *)*$',
)

/** An HTTP address, under the same rule. */
export const url: Kind<string> = kind(
  'an http:// or https:// address, without a user or password in it',
  (written) => (isAddress(written) ? written : undefined),
  { type: 'string', pattern: '^(?i:https?)://[^,@]+$' },
)

/** Some words, separated by commas. */
export const words: Kind<readonly string[]> = list(
  'words of a-z 0-9 _ -, separated by commas',
  (item) => /^[a-z0-9_-]+$/.test(item),
  '^ *[a-z0-9_-]+ *(, *[a-z0-9_-]+ *)*$',
)

/** HTTP addresses. Credentials in them would be printed, so they are refused. */
export const urls: Kind<readonly string[]> = list(
  'http:// or https:// addresses, separated by commas, without a user or password in them',
  isAddress,
  '^ *(?i:https?)://[^,@]+(, *(?i:https?)://[^,@]+)*$',
)

function isAddress(written: string): boolean {
  const parsed = URL.parse(written)
  if (parsed === null || parsed.hostname === '') return false
  return /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === ''
}

function list(
  rule: string,
  isItem: (item: string) => boolean,
  pattern: string,
): Kind<readonly string[]> {
  const parse = (written: string): readonly string[] | undefined => {
    const items = written.split(',').map((item) => item.trim())
    return items.every(isItem) ? items : undefined
  }
  return kind(rule, parse, { type: 'string', pattern })
}

/** @param loose the pattern as `JsonSchema` may hold it, unless it is the same */
function matching(rule: string, pattern: RegExp, loose = pattern.source): Kind<string> {
  const parse = (written: string): string | undefined =>
    pattern.test(written) ? written : undefined
  return kind(rule, parse, { type: 'string', pattern: loose })
}

/** @param parse yields `undefined` for what breaks the rule */
function kind<Value>(
  rule: string,
  parse: (written: string) => Value | undefined,
  json: JsonSchema,
): Kind<Value> {
  const schema = z.string().transform((written, context) => {
    const value = parse(written)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `must be ${rule}` })
    return z.NEVER
  })
  return { schema, rule, json }
}
