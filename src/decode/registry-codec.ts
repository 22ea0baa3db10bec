import { ServiceError } from '../domain/errors.ts'
import type { EventMapping } from '../domain/model-spec.ts'
import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Clock } from '../runtime/clock.ts'
import type { RegistryCache } from '../runtime/registry-cache.ts'
import { compileAvro } from './avro-codec.ts'
import type { Decoded, Decoder } from './port.ts'
import type { SchemaCodec } from './schema-codec.ts'
import { fetchSchema, keepingOf } from './schema-source.ts'
import type { FetchedSchema, SchemaClient } from './schema-source.ts'
import { compileToEvent, neededFields } from './to-event.ts'
import type { NeededField, ToEvent } from './to-event.ts'
import { readSchemaId, WIRE_HEADER_BYTES, wireFormatProblem } from './wire-format.ts'

/** How long the registry is not asked again for an id it did not know. */
const UNKNOWN_FOR_MS = 60_000
/** Most schema ids remembered from one batch to the next. */
const SCHEMAS_MAX = 1000

/** What is known of a schema id. */
type Entry =
  | { readonly kind: 'codec'; readonly codec: SchemaCodec }
  | { readonly kind: 'refused'; readonly letter: DeadLetter; readonly untilMs: number }

/**
 * Decodes values in the registry's wire format. Schemas are fetched once per id, before the batch
 * that needs them; after that a record costs one look-up in a map, or none when its id is the last.
 */
export class RegistryDecoder implements Decoder {
  readonly #client: SchemaClient
  readonly #cache: RegistryCache | undefined
  readonly #clock: Clock
  readonly #fields: readonly NeededField[]
  readonly #raw: unknown[]
  readonly #toEvent: ToEvent
  readonly #entries = new Map<number, Entry>()
  #trouble: string | undefined

  constructor(options: {
    readonly client: SchemaClient
    /** Where schemas are kept for the time the registry does not answer. */
    readonly cache?: RegistryCache | undefined
    readonly mapping: EventMapping
    readonly clock: Clock
  }) {
    this.#client = options.client
    this.#cache = options.cache
    this.#clock = options.clock
    this.#fields = neededFields(options.mapping)
    this.#raw = this.#fields.map(() => undefined)
    this.#toEvent = compileToEvent(options.mapping)
  }

  async decode(records: readonly InputRecord[]): Promise<readonly Decoded[]> {
    const wanted = this.#unknownIds(records)
    if (wanted.size > 0) await this.#fetch(wanted)
    this.#trouble = undefined
    const decoded: Decoded[] = []
    let lastId = -1
    let entry: Entry | undefined
    for (const record of records) {
      const id = readSchemaId(record.value)
      if (id !== lastId) {
        entry = this.#entries.get(id)
        lastId = id
      }
      const result =
        id < 0 || entry === undefined
          ? wireFormatProblem(record.value)
          : this.#decodeOne(record, entry, id)
      decoded.push({ record, schemaId: id < 0 ? undefined : id, result })
    }
    return decoded
  }

  trouble(): string | undefined {
    return this.#trouble
  }

  #decodeOne(record: InputRecord, entry: Entry, id: number): Decoded['result'] {
    if (entry.kind === 'refused') return entry.letter
    const { value } = record
    if (value === null) return wireFormatProblem(value)
    const problem = entry.codec.decode(value, WIRE_HEADER_BYTES, this.#raw)
    if (problem !== undefined) return undecodable(`value does not fit schema ${id}: ${problem}`)
    return this.#toEvent(this.#raw, record)
  }

  /** The ids of a batch that must be asked for; forgets what is out of date or too much before. */
  #unknownIds(records: readonly InputRecord[]): Set<number> {
    const nowMs = this.#clock.monotonic()
    for (const [id, entry] of this.#entries) {
      const isOver = entry.kind === 'refused' && entry.untilMs <= nowMs
      if (isOver || this.#entries.size > SCHEMAS_MAX) this.#entries.delete(id)
    }
    const wanted = new Set<number>()
    let lastId = -1
    for (const { value } of records) {
      const id = readSchemaId(value)
      if (id === lastId) continue
      lastId = id
      if (id >= 0 && !this.#entries.has(id)) wanted.add(id)
    }
    return wanted
  }

  /** Asks for all ids at once; keeps what was answered even when another was not. */
  async #fetch(ids: ReadonlySet<number>): Promise<void> {
    const fetched = await Promise.allSettled(
      [...ids].map(async (id) => {
        this.#entries.set(id, this.#compile(id, await this.#ask(id)))
      }),
    )
    const failed = fetched.find((answer) => answer.status === 'rejected')
    if (failed === undefined) return
    const error: unknown = failed.reason
    if (error instanceof ServiceError) this.#trouble = error.message
    throw error
  }

  #ask(id: number): Promise<FetchedSchema> {
    const ask = (): Promise<FetchedSchema> => fetchSchema(this.#client, id)
    return this.#cache?.askOrRecall(ask, keepingOf(id)) ?? ask()
  }

  #compile(id: number, fetched: FetchedSchema): Entry {
    if (fetched.kind === 'unknown') {
      return this.#refuse(deadLetter('unknown-schema', 'decode', fetched.detail))
    }
    if (fetched.kind === 'unusable') return this.#refuse(undecodable(fetched.detail))
    const { schema, references } = fetched
    const format = schema.schemaType ?? 'AVRO'
    if (format !== 'AVRO') {
      return this.#refuse(undecodable(`schema ${id}: ${format} is not supported yet`))
    }
    const wanted = this.#fields.map(({ name }) => name)
    try {
      const codec = compileAvro(schema.schema, references, wanted)
      const lacking = this.#fields.find(
        ({ name, isRequired }) => isRequired && codec.missing.includes(name),
      )
      if (lacking === undefined) return { kind: 'codec', codec }
      const detail = `schema ${id} must have the field "${lacking.name}"`
      return this.#refuse(deadLetter('invalid-event', 'decode', detail))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return this.#refuse(undecodable(`schema ${id} cannot be used: ${why}`))
    }
  }

  #refuse(letter: DeadLetter): Entry {
    return { kind: 'refused', letter, untilMs: this.#clock.monotonic() + UNKNOWN_FOR_MS }
  }
}

function undecodable(detail: string): DeadLetter {
  return deadLetter('undecodable', 'decode', detail)
}
