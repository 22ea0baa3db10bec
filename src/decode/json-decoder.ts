import type { EventMapping } from '../domain/model-spec.ts'
import { deadLetter } from '../domain/outcome.ts'
import type { TombstonePolicy } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'
import { JsonFields } from './json-fields.ts'
import type { Decoded, Decoder, FieldReader, RawField } from './port.ts'
import { compileToEvent, neededFields, rawFieldsOf } from './to-event.ts'
import type { ToEvent } from './to-event.ts'
import { emptyValue } from './wire-format.ts'

/** Decodes plain JSON objects, without a registry. Fields the model does not declare are ignored. */
export class JsonDecoder implements Decoder, FieldReader {
  readonly #fields: JsonFields
  readonly #names: readonly string[]
  readonly #raw: unknown[]
  readonly #toEvent: ToEvent
  readonly #skipsTombstones: boolean

  constructor(mapping: EventMapping, tombstones: TombstonePolicy = 'dead-letter') {
    this.#skipsTombstones = tombstones === 'skip'
    const names = neededFields(mapping).map(({ name }) => name)
    this.#names = names
    this.#fields = new JsonFields(names)
    this.#raw = names.map(() => undefined)
    this.#toEvent = compileToEvent(mapping)
  }

  async decode(records: readonly InputRecord[]): Promise<readonly Decoded[]> {
    return records.map((record) => ({
      record,
      schemaId: undefined,
      result: this.#decodeOne(record),
    }))
  }

  async rawFields({ value }: InputRecord): Promise<readonly RawField[]> {
    const raw: unknown[] = this.#names.map(() => undefined)
    if (value !== null) this.#fields.read(value, 0, value.length, raw)
    return rawFieldsOf(this.#names, raw)
  }

  readyCount({ length }: readonly InputRecord[]): number {
    return length
  }

  #decodeOne(record: InputRecord): Decoded['result'] {
    const { value } = record
    if (value === null && this.#skipsTombstones) return { kind: 'skipped' }
    if (value === null || value.length === 0) return emptyValue(value)
    const problem = this.#fields.read(value, 0, value.length, this.#raw)
    if (problem !== undefined) return deadLetter('undecodable', 'decode', problem)
    return this.#toEvent(this.#raw, record)
  }
}
