import type { Event } from '../domain/event.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'

/** A record and what decoding made of it. */
export interface Decoded {
  readonly record: InputRecord
  /** Registry schema id of the value; `undefined` for plain JSON or when there was none to read. */
  readonly schemaId: number | undefined
  readonly result:
    | { readonly kind: 'event'; readonly event: Event }
    | { readonly kind: 'skipped' }
    | DeadLetter
}

/** A field by its path, with its value before any rule: an integer beyond 2^53 is a bigint. */
export interface RawField {
  readonly name: string
  readonly value: unknown
}

/** Turns records into events. Everything asynchronous happens once per unknown schema, never per record. */
export interface Decoder {
  /**
   * Decodes a batch, in order; synchronous per record once its schema is known.
   *
   * @throws ServiceError `REGISTRY_UNAVAILABLE` when a schema cannot be fetched now: the records may
   *   be good, so they must not become dead letters; call again with the same batch.
   */
  decode(records: readonly InputRecord[]): Promise<readonly Decoded[]>
  /** How many of these records, from the first on, need nothing that must be asked for first. */
  readyCount(records: readonly InputRecord[]): number
}

/** What people are shown of a record. */
export interface FieldReader {
  /**
   * The fields of one record as they stand in its value, for people: as far as decoding gets, before they
   * are checked. A field that is absent, or was not reached, is left out.
   *
   * @throws as `Decoder.decode`
   */
  rawFields(record: InputRecord): Promise<readonly RawField[]>
}
