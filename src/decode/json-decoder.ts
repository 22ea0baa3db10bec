import { isUtf8 } from 'node:buffer'
import type { EventMapping } from '../domain/model-spec.ts'
import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Decoded, Decoder } from './port.ts'
import { compileToEvent, neededFields } from './to-event.ts'
import type { ToEvent } from './to-event.ts'

/** Largest value that is parsed. */
const VALUE_BYTES_MAX = 1024 * 1024

/** Decodes plain JSON objects, without a registry. Fields the model does not declare are ignored. */
export class JsonDecoder implements Decoder {
  readonly #names: readonly string[]
  readonly #raw: unknown[]
  readonly #toEvent: ToEvent

  constructor(mapping: EventMapping) {
    this.#names = neededFields(mapping).map(({ name }) => name)
    this.#raw = this.#names.map(() => undefined)
    this.#toEvent = compileToEvent(mapping)
  }

  async decode(records: readonly InputRecord[]): Promise<readonly Decoded[]> {
    return records.map((record) => ({
      record,
      schemaId: undefined,
      result: this.#decodeOne(record),
    }))
  }

  trouble(): undefined {
    return undefined
  }

  #decodeOne(record: InputRecord): Decoded['result'] {
    const { value } = record
    if (value === null) return deadLetter('empty-value', 'decode', 'value is null (a tombstone)')
    if (value.length === 0) return deadLetter('empty-value', 'decode', 'value has no bytes')
    if (value.length > VALUE_BYTES_MAX) {
      return undecodable(`value must have at most ${VALUE_BYTES_MAX} bytes, got ${value.length}`)
    }
    const text = value.toString('utf8')
    if (text.includes('\uFFFD') && !isUtf8(value)) return undecodable('value must be UTF-8')
    const problem = this.#readFields(text)
    return problem ?? this.#toEvent(this.#raw, record)
  }

  /** Fills the raw values. Own properties only: a JSON field may be called `__proto__`. */
  #readFields(text: string): DeadLetter | undefined {
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      return undecodable(
        `value must be JSON: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    if (!isObject(parsed)) return undecodable(`value must be a JSON object, got ${kindOf(parsed)}`)
    for (let slot = 0; slot < this.#names.length; slot += 1) {
      const name = this.#names[slot] ?? ''
      this.#raw[slot] = Object.hasOwn(parsed, name) ? parsed[name] : undefined
    }
    return undefined
  }
}

function isObject(parsed: unknown): parsed is Record<string, unknown> {
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
}

function kindOf(parsed: unknown): string {
  if (parsed === null) return 'null'
  return Array.isArray(parsed) ? 'an array' : `a ${typeof parsed}`
}

function undecodable(detail: string): DeadLetter {
  return deadLetter('undecodable', 'decode', detail)
}
