import { isUtf8 } from 'node:buffer'
import { DEPTH_MAX, EXACT_JSON_BYTES_MAX, JSON_BYTES_MAX } from './bounds.ts'

const QUOTE = 0x22
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const UPPER_E = 0x45
const LOWER_E = 0x65
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
    this.#pickExact(text, into)
    return undefined
  }

  /** Puts the digits of the text in the place of integers that a double does not hold. */
  #pickExact(text: string, into: unknown[]): void {
    const exact: unknown[] = into.map(() => undefined)
    this.#pick(Object(JSON.parse(quoteLongIntegers(text))), exact)
    for (let slot = 0; slot < into.length; slot += 1) {
      const digits = exact[slot]
      // One with a fraction or an exponent was left a number.
      if (isInexact(into[slot]) && typeof digits === 'string') into[slot] = BigInt(digits)
    }
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

/** Sound JSON with its integers of 16 digits and more as texts. A reviver would take many times as long. */
function quoteLongIntegers(text: string): string {
  const parts: string[] = []
  let kept = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfText(text, at)
    else if (isNumberPart(code)) {
      const from = at
      while (isNumberPart(text.charCodeAt(at + 1))) at += 1
      const number = text.slice(from, at + 1)
      if (!LONG_INTEGER.test(number)) continue
      parts.push(text.slice(kept, from), '"', number, '"')
      kept = at + 1
    }
  }
  return parts.join('') + text.slice(kept)
}

/** Where the quote is that ends a text. */
function endOfText(text: string, from: number): number {
  let at = from + 1
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

const LONG_INTEGER = /^-?\d{16,}$/

/** One of the signs that numbers are made of; an `e` stands in `true` and `false` too. */
function isNumberPart(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true
  return code === MINUS || code === PLUS || code === POINT || code === LOWER_E || code === UPPER_E
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(parsed: unknown): string {
  if (parsed === null) return 'null'
  return Array.isArray(parsed) ? 'an array' : `a ${typeof parsed}`
}
