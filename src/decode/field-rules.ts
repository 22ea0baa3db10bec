import type { FieldValue } from '../domain/event.ts'
import type { EventField } from '../domain/model-spec.ts'

/** How a raw value becomes a typed one, and the words that say what is right. */
export interface Rule<Value> {
  /** The value, or `undefined` when it is not as the rule says. */
  readonly parse: (given: unknown) => Value | undefined
  /** Completes "must be …". */
  readonly rule: string
}

const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2 ** 63
const STRING_LENGTH_MAX = 65_536
const SHOWN_MAX = 64

/** Longest entity key and event id, in characters (bytes for a record key). */
export const NAME_LENGTH_MAX = 4096

/** What an entity key or event id must be. */
export const NAME_RULE =
  `a well-formed text of 1 to ${NAME_LENGTH_MAX} characters ` + 'or an integer within ±(2^53 − 1)'

/** One rule per field type of `model.yaml`. */
export const FIELD_RULES: Readonly<Record<EventField['type'], Rule<FieldValue>>> = {
  int: { parse: parseInteger, rule: 'an integer from -2147483648 to 2147483647' },
  long: { parse: parseLong, rule: 'a 64-bit integer' },
  double: { parse: parseDouble, rule: 'a finite double' },
  string: { parse: parseString, rule: `a string of at most ${STRING_LENGTH_MAX} characters` },
  boolean: { parse: parseBoolean, rule: 'a boolean' },
}

/**
 * The text of an entity key or event id. Integers beyond 2^53 and damaged UTF-16 are refused: two
 * different names could become one.
 */
export function nameOf(given: unknown): string | undefined {
  if (typeof given === 'string') {
    const fits = given.length > 0 && given.length <= NAME_LENGTH_MAX
    return fits && given.isWellFormed() ? given : undefined
  }
  return Number.isSafeInteger(given) || typeof given === 'bigint' ? String(given) : undefined
}

/** A value as messages show it: short, and telling text from numbers. */
export function show(given: unknown): string {
  if (typeof given === 'string') return cut(JSON.stringify(given.slice(0, SHOWN_MAX)))
  if (given === null) return 'null'
  if (Array.isArray(given)) return 'an array'
  if (typeof given === 'object') return 'an object'
  // oxlint-disable-next-line typescript/no-base-to-string -- objects are told apart above
  return cut(String(given))
}

function cut(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`
}

function parseInteger(given: unknown): number | undefined {
  if (typeof given !== 'number' || !Number.isInteger(given)) return undefined
  return given >= -INT_MAX - 1 && given <= INT_MAX ? given + 0 : undefined
}

function parseLong(given: unknown): number | undefined {
  const value = typeof given === 'bigint' ? Number(given) : given
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
  return value >= -LONG_MAX && value <= LONG_MAX ? value + 0 : undefined
}

function parseDouble(given: unknown): number | undefined {
  const value = typeof given === 'bigint' ? Number(given) : given
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function parseString(given: unknown): string | undefined {
  return typeof given === 'string' && given.length <= STRING_LENGTH_MAX ? given : undefined
}

function parseBoolean(given: unknown): boolean | undefined {
  return typeof given === 'boolean' ? given : undefined
}
