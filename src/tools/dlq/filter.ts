import { DEAD_LETTER_REASONS, STAGES } from '../../domain/outcome.ts'
import { ServiceError } from '../../domain/errors.ts'
import type { Letter } from './letter.ts'

/** What letters are chosen by: a name, what it asks for, and which values it takes. */
interface Condition {
  readonly says: string
  /** What a value must be, and whether one is. */
  readonly must: string
  readonly takes: (value: string) => boolean
  readonly test: (letter: Letter, value: string) => boolean
}

const NONE = 'none'
const WHOLE = { must: 'a whole number', takes: (value: string) => /^\d+$/.test(value) }
/** A time with its zone: without one it would be the time of wherever the command runs. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/
const TIME = {
  must: 'a time in ISO 8601 with Z or an offset, such as 2026-01-05T12:00:00Z, or a day',
  takes: (value: string) => ISO_TIME.test(value) && !Number.isNaN(Date.parse(value)),
}

/** What letters are chosen by. */
export const CONDITIONS = {
  reason: {
    says: 'why it was turned down',
    ...oneOf(DEAD_LETTER_REASONS),
    test: ({ reason }, value) => reason === value,
  },
  stage: {
    says: 'decode, features or inference',
    ...oneOf(STAGES),
    test: ({ stage }, value) => stage === value,
  },
  schema: {
    says: 'registry id of its schema; none: it has none',
    must: 'a whole number or none',
    takes: (value) => value === NONE || WHOLE.takes(value),
    test: ({ schemaId }, value) => String(schemaId ?? NONE) === value,
  },
  key: {
    says: 'its record key, as text, or as a JSON string, e.g. "" or "none"; none: it has none',
    must: 'text; in quotes a JSON string',
    takes: (value) => value !== '' && keyText(value) !== undefined,
    test: ({ record: { key } }, value) =>
      key === null ? value === NONE : value !== NONE && String(key) === keyText(value),
  },
  partition: {
    says: 'partition it was read from',
    ...WHOLE,
    test: ({ source }, value) => source.partition === Number(value),
  },
  offset: {
    says: 'offset it was read from',
    ...WHOLE,
    test: ({ source }, value) => source.offset === Number(value),
  },
  model: {
    says: 'name or name@version of the model it was meant for',
    must: 'text',
    takes: (value) => value !== '',
    test: ({ model }, value) => model.name === value || `${model.name}@${model.version}` === value,
  },
  since: {
    says: 'turned down at this time or later, ISO 8601 with Z or an offset; a day begins in UTC',
    ...TIME,
    test: ({ failedAtMs }, value) => failedAtMs >= Date.parse(value),
  },
  until: {
    says: 'turned down before this time, ISO 8601 with Z or an offset; a day begins in UTC',
    ...TIME,
    test: ({ failedAtMs }, value) => failedAtMs < Date.parse(value),
  },
} as const satisfies Readonly<Record<string, Condition>>

/** Chooses letters. */
export type Filter = (letter: Letter) => boolean

/**
 * Reads conditions `name=value`. A letter is chosen when each name that is given has one of its values.
 *
 * @throws ServiceError `CONFIG_INVALID` naming what is wrong
 */
export function parseFilter(conditions: readonly string[]): Filter {
  const wanted = new Map<string, { readonly condition: Condition; readonly values: string[] }>()
  for (const text of conditions) {
    const [, name = '', value = ''] = /^([a-z]+)=(.*)$/s.exec(text) ?? []
    const known: readonly [string, Condition] | undefined = Object.entries(CONDITIONS).find(
      ([each]) => each === name,
    )
    if (known === undefined) throw wrong(text)
    const [, condition] = known
    if (!condition.takes(value)) {
      const message = `--where ${name} must be ${condition.must}, got "${value}"`
      throw new ServiceError('CONFIG_INVALID', message)
    }
    const values = wanted.get(name)?.values ?? []
    values.push(value)
    wanted.set(name, { condition, values })
  }
  const all = [...wanted.values()]
  return (letter) =>
    all.every(({ condition, values }) => values.some((value) => condition.test(letter, value)))
}

function oneOf(values: readonly string[]): Pick<Condition, 'must' | 'takes'> {
  return { must: `one of ${values.join(', ')}`, takes: (value) => values.includes(value) }
}

/** The text of a key that is asked for; `undefined` when it begins like a JSON string and is none. */
function keyText(value: string): string | undefined {
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    return undefined
  }
}

function wrong(condition: string): ServiceError {
  const names = Object.keys(CONDITIONS).join(', ')
  const message = `--where must be NAME=VALUE, with NAME one of ${names}, got "${condition}"`
  return new ServiceError('CONFIG_INVALID', message)
}
