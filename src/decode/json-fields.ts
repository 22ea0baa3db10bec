import { isUtf8 } from 'node:buffer'
import { DEPTH_MAX, EXACT_JSON_BYTES_MAX, JSON_BYTES_MAX } from './bounds.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const IS_TOO_DEEP = -1
const SAFE_MAX = Number.MAX_SAFE_INTEGER

/** Reads the wanted paths of a JSON object. */
export class JsonFields {
  readonly #names: readonly string[]
  /** The rest of each path; `undefined` when a name is all of it. */
  readonly #within: readonly (readonly string[] | undefined)[]

  constructor(wanted: readonly string[]) {
    const paths = wanted.map((path) => path.split('.'))
    this.#names = paths.map(([name = '']) => name)
    this.#within = paths.map(([, ...rest]) => (rest.length === 0 ? undefined : rest))
  }

  /**
   * Reads the wanted fields, in order; an absent one is `undefined`, an integer beyond 2^53 a bigint.
   *
   * @returns what is wrong with the bytes; `undefined` when nothing is
   */
  read(bytes: Buffer, at: number, end: number, into: unknown[]): string | undefined {
    const size = end - at
    if (size > JSON_BYTES_MAX) return `value must have at most ${JSON_BYTES_MAX} bytes, got ${size}`
    const seen = look(bytes, at, end)
    if (seen === IS_TOO_DEEP) return `nesting must be at most ${DEPTH_MAX} deep`
    const isAscii = seen <= 0x7f
    const text = bytes.toString(isAscii ? 'latin1' : 'utf8', at, end)
    if (!isAscii && text.includes('\uFFFD') && !isUtf8(bytes.subarray(at, end))) {
      return 'value must be UTF-8'
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      return `value must be JSON: ${error instanceof Error ? error.message : String(error)}`
    }
    if (!isObject(parsed)) return `value must be a JSON object, got ${kindOf(parsed)}`
    this.#pick(parsed, into)
    if (!into.some(isInexact)) return undefined
    if (size > EXACT_JSON_BYTES_MAX) {
      return `value with an integer beyond 2^53 must have at most ${EXACT_JSON_BYTES_MAX} bytes, got ${size}`
    }
    this.#pick(Object(JSON.parse(text, withExactIntegers)), into)
    return undefined
  }

  /** Own properties only: a JSON field may be called `__proto__`. */
  #pick(parsed: Readonly<Record<string, unknown>>, into: unknown[]): void {
    const names = this.#names
    for (let slot = 0; slot < names.length; slot += 1) {
      const name = names[slot] ?? ''
      const value = Object.hasOwn(parsed, name) ? parsed[name] : undefined
      const path = this.#within[slot]
      into[slot] = path === undefined ? value : walk(value, path)
    }
  }
}

function walk(from: unknown, path: readonly string[]): unknown {
  let value = from
  for (const name of path) {
    // What is within null is null too, as what is within an absent object is absent.
    if (value === null) break
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

/** One pass before anything is allocated. @returns all bytes or-ed together, or that it is too deep */
function look(bytes: Buffer, from: number, end: number): number {
  let seen = 0
  let depth = 0
  let isInText = false
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    seen |= byte
    if (isInText) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) isInText = false
    } else if (byte === QUOTE) isInText = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > DEPTH_MAX) return IS_TOO_DEEP
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
  }
  return seen
}

function isInexact(value: unknown): boolean {
  if (typeof value !== 'number' || (value <= SAFE_MAX && value >= -SAFE_MAX)) return false
  return Number.isInteger(value)
}

/** A reviver: an integer that a double does not hold becomes a bigint, from its text. */
function withExactIntegers(_name: string, value: unknown, ...more: readonly unknown[]): unknown {
  if (!isInexact(value)) return value
  const [context] = more
  const source = isObject(context) ? context['source'] : undefined
  return typeof source === 'string' && /^-?\d+$/.test(source) ? BigInt(source) : value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(parsed: unknown): string {
  if (parsed === null) return 'null'
  return Array.isArray(parsed) ? 'an array' : `a ${typeof parsed}`
}
