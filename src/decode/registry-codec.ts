import type { EventMapping } from '../domain/model-spec.ts'
import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter, TombstonePolicy } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Clock } from '../runtime/clock.ts'
import type { RegistryCache } from '../runtime/registry-cache.ts'
import { BINARY_BYTES_MAX } from './bounds.ts'
import { compileSchema } from './compile-schema.ts'
import type { Decoded, Decoder, FieldReader, RawField } from './port.ts'
import { soundSlots } from './schema-codec.ts'
import type { NeededField, SchemaCodec } from './schema-codec.ts'
import { SchemaEntries } from './schema-entries.ts'
import type { SchemaEntry } from './schema-entries.ts'
import { fetchSchema, keepingOf, versionOf } from './schema-source.ts'
import type { FetchedSchema, RegisteredSchema, SchemaClient, SchemaKey } from './schema-source.ts'
import { compileToEvent, neededFields, rawFieldsOf } from './to-event.ts'
import type { ToEvent } from './to-event.ts'
import {
  readSchemaHeader,
  readSchemaId,
  WIRE_HEADER_BYTES,
  wireFormatProblem,
} from './wire-format.ts'
import type { SchemaHeader } from './wire-format.ts'

/** How long the registry is not asked again for an id it did not know. */
const UNKNOWN_FOR_MS = 60_000

const NO_BYTES = Buffer.alloc(0)

/**
 * Decodes values in the registry's wire format: Avro, Protobuf and JSON Schema, as each schema says,
 * also mixed on one topic. Schemas are fetched once per id, before the batch that needs them; after
 * that a record costs one look-up in a map, or none when its id is the last.
 */
export class RegistryDecoder implements Decoder, FieldReader {
  readonly #client: SchemaClient
  readonly #cache: RegistryCache | undefined
  readonly #clock: Clock
  readonly #fields: readonly NeededField[]
  readonly #raw: unknown[]
  readonly #toEvent: ToEvent
  readonly #skipsTombstones: boolean
  readonly #entries = new SchemaEntries()

  constructor(options: {
    readonly client: SchemaClient
    /** Where schemas are kept for the time the registry does not answer. */
    readonly cache?: RegistryCache | undefined
    readonly mapping: EventMapping
    readonly clock: Clock
    /** Dead letters unless said otherwise. */
    readonly tombstones?: TombstonePolicy
  }) {
    this.#client = options.client
    this.#cache = options.cache
    this.#clock = options.clock
    this.#skipsTombstones = options.tombstones === 'skip'
    this.#fields = neededFields(options.mapping)
    this.#raw = this.#fields.map(() => undefined)
    this.#toEvent = compileToEvent(options.mapping)
  }

  async decode(records: readonly InputRecord[]): Promise<readonly Decoded[]> {
    await this.#learn(records)
    const decoded: Decoded[] = []
    let lastId = -1
    let entry: SchemaEntry | undefined
    for (const record of records) {
      if (record.value === null && this.#skipsTombstones) {
        decoded.push({ record, schemaId: undefined, result: { kind: 'skipped' } })
        continue
      }
      const named = schemaHeaderOf(record)
      if (named !== undefined) {
        decoded.push(this.#decodeNamed(record, named))
        continue
      }
      const id = readSchemaId(record.value)
      if (id !== lastId) {
        entry = this.#entries.get(id)
        lastId = id
      }
      const result =
        id < 0 || entry === undefined || record.value === null
          ? wireFormatProblem(record.value)
          : this.#decodeOne(record, entry, record.value, WIRE_HEADER_BYTES)
      decoded.push({ record, schemaId: id < 0 ? undefined : id, result })
    }
    return decoded
  }

  async rawFields(record: InputRecord): Promise<readonly RawField[]> {
    await this.#learn([record])
    const { value } = record
    const named = schemaHeaderOf(record)
    if (value === null || (named !== undefined && 'kind' in named)) return []
    const entry = this.#entries.get(named?.schema ?? readSchemaId(value))
    if (entry?.kind !== 'codec') return []
    const slots = soundSlots(this.#fields.length, entry.codec)
    const { indexes = NO_BYTES } = named ?? {}
    const bytes = indexes.length === 0 ? value : Buffer.concat([indexes, value])
    const at = named === undefined ? WIRE_HEADER_BYTES : 0
    entry.codec.decode(bytes, at, bytes.length, slots)
    return rawFieldsOf(
      this.#fields.map(({ name }) => name),
      slots,
    )
  }

  readyCount(records: readonly InputRecord[]): number {
    const first = records.findIndex((record) => {
      const key = schemaKeyOf(record)
      return key !== undefined && this.#entries.get(key) === undefined
    })
    return first < 0 ? records.length : first
  }

  /** A record whose schema is named in a header. */
  #decodeNamed(record: InputRecord, named: SchemaHeader | DeadLetter): Decoded {
    if ('kind' in named) return { record, schemaId: undefined, result: named }
    const { schema, indexes } = named
    const schemaId = typeof schema === 'number' ? schema : undefined
    const entry = this.#entries.get(schema)
    const { value } = record
    if (value === null || value.length === 0 || entry === undefined) {
      return { record, schemaId, result: wireFormatProblem(value) }
    }
    if (entry.kind === 'codec' && entry.hasIndexes && indexes.length === 0) {
      const result = undecodable(`the header of ${entry.label} must end with message indexes`)
      return { record, schemaId, result }
    }
    const bytes = indexes.length === 0 ? value : Buffer.concat([indexes, value])
    return { record, schemaId, result: this.#decodeOne(record, entry, bytes, 0) }
  }

  /** @param at where in `bytes` the body begins */
  #decodeOne(
    record: InputRecord,
    entry: SchemaEntry,
    bytes: Buffer,
    at: number,
  ): Decoded['result'] {
    if (entry.kind === 'refused') return entry.letter
    const { length } = bytes
    if (length > BINARY_BYTES_MAX) {
      return undecodable(`value must have at most ${BINARY_BYTES_MAX} bytes, got ${length}`)
    }
    const problem = entry.codec.decode(bytes, at, length, this.#raw)
    if (problem === undefined) return this.#toEvent(this.#raw, record)
    const { reason, detail, at: stoppedAt } = problem
    const where = stoppedAt === undefined ? '' : `, at byte ${stoppedAt}`
    const said =
      reason === 'invalid-event'
        ? `${entry.label} ${detail}`
        : `value does not fit ${entry.label}: ${detail}${where}`
    return deadLetter(reason, 'decode', said)
  }

  /** Asks for the schemas of a batch that are not known. */
  async #learn(records: readonly InputRecord[]): Promise<void> {
    const topic = records[0]?.topic ?? ''
    this.#entries.forget(this.#clock.monotonic())
    const ask = async (key: SchemaKey): Promise<SchemaEntry> =>
      this.#compile(key, await this.#ask(key), topic)
    let unknown = this.#unknownSchemas(records)
    while (unknown.size > 0) {
      await this.#entries.fetch([...unknown], ask)
      // A batch decoded meanwhile may have forgotten one.
      unknown = this.#unknownSchemas(records)
    }
  }

  #unknownSchemas(records: readonly InputRecord[]): Set<SchemaKey> {
    const unknown = new Set<SchemaKey>()
    let last: SchemaKey = -1
    for (const record of records) {
      const key = schemaKeyOf(record)
      if (key === undefined || key === last) continue
      last = key
      if (this.#entries.get(key) === undefined) unknown.add(key)
    }
    return unknown
  }

  #ask(key: SchemaKey): Promise<FetchedSchema> {
    const ask = (): Promise<FetchedSchema> => fetchSchema(this.#client, key)
    return this.#cache?.askOrRecall(ask, keepingOf(key)) ?? ask()
  }

  async #compile(key: SchemaKey, fetched: FetchedSchema, topic: string): Promise<SchemaEntry> {
    if (fetched.kind === 'unknown') {
      return this.#refuse(deadLetter('unknown-schema', 'decode', fetched.detail))
    }
    if (fetched.kind === 'unusable') return this.#refuse(undecodable(fetched.detail))
    try {
      const codec = await compileSchema(fetched, this.#fields)
      const label = `schema ${key}${await this.#versionOf(codec, fetched.schema, topic)}`
      return { kind: 'codec', codec, label, hasIndexes: fetched.schema.schemaType === 'PROTOBUF' }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return this.#refuse(undecodable(`schema ${key} cannot be used: ${why}`))
    }
  }

  /** Asked for only where a dead letter may have to name it. */
  async #versionOf(
    { mayLack, recordName: record }: SchemaCodec,
    schema: RegisteredSchema,
    topic: string,
  ): Promise<string> {
    const found = mayLack ? await versionOf(this.#client, { schema, topic, record }) : undefined
    return found === undefined ? '' : ` (${found.subject} version ${found.version})`
  }

  #refuse(letter: DeadLetter): SchemaEntry {
    return { kind: 'refused', letter, untilMs: this.#clock.monotonic() + UNKNOWN_FOR_MS }
  }
}

/** The schema that a record names; `undefined` when it names none that could be asked for. */
function schemaKeyOf(record: InputRecord): SchemaKey | undefined {
  if (record.value === null) return undefined
  const named = schemaHeaderOf(record)
  if (named !== undefined) return 'kind' in named ? undefined : named.schema
  const id = readSchemaId(record.value)
  return id < 0 ? undefined : id
}

function schemaHeaderOf({ headers }: InputRecord): SchemaHeader | DeadLetter | undefined {
  return headers === undefined ? undefined : readSchemaHeader(headers)
}

function undecodable(detail: string): DeadLetter {
  return deadLetter('undecodable', 'decode', detail)
}
