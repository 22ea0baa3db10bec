import type { DeadLetterReason } from '../domain/outcome.ts'

/** What is wrong with a value, as a dead letter says it. */
export interface Problem {
  readonly reason: Extract<DeadLetterReason, 'undecodable' | 'invalid-event'>
  /** Follows "value does not fit schema 7: ", or "schema 7 " when the schema itself lacks a field. */
  readonly detail: string
  /** The byte at which decoding stopped, where that can be told. */
  readonly at?: number
}

/** A field that decoding must look up in every record. */
export interface NeededField {
  /** Its path: `amount`, `payload.amount`. */
  readonly name: string
  /** Without it no record can become an event. */
  readonly isRequired: boolean
}

/** A schema that another one refers to. */
export interface ReferencedSchema {
  /** As the reference names it: the path of a Protobuf import, the address in a JSON `$ref`. */
  readonly name: string
  readonly schema: string
}

/** What a schema lets a field be. `any`: the schema does not say. */
export type ValueKind =
  | 'integer'
  | 'number'
  | 'string'
  | 'boolean'
  | 'null'
  | 'compound'
  | 'absent'
  | 'any'

/** Every kind a field's value may have; none: no value of the schema has the field. */
export type Offer = ReadonlySet<ValueKind>

/** Collects what a schema offers, slot by slot. */
export class Offers {
  readonly #kinds = new Map<number, Set<ValueKind>>()

  /** Takes down one more kind that a slot's value may have; slot −1 is nobody's. */
  add(slot: number, kind: ValueKind): void {
    if (slot < 0) return
    const known = this.#kinds.get(slot)
    if (known === undefined) this.#kinds.set(slot, new Set([kind]))
    else known.add(kind)
  }

  /** By slot. */
  list(slots: number): readonly Offer[] {
    return Array.from({ length: slots }, (_, slot) => this.#kinds.get(slot) ?? new Set())
  }
}

/**
 * What is wrong with every value of a schema that lacks a required field.
 *
 * @param within says where the field is missed, e.g. " in message Payment"
 */
export function lackingProblem(
  wanted: readonly NeededField[],
  offers: readonly Offer[],
  within = '',
): Problem | undefined {
  const lacking = wanted.find(({ isRequired }, slot) => isRequired && offers[slot]?.size === 0)
  if (lacking === undefined) return undefined
  return { reason: 'invalid-event', detail: `must have the field "${lacking.name}"${within}` }
}

/** Decodes the bodies of values of one registered schema: one a format. */
export interface SchemaCodec {
  /** What the schema lets each wanted field be, in order; of Protobuf's first message. */
  readonly offers: readonly Offer[]
  /**
   * Protobuf: what each message of the schema that a value may name lets each wanted field be, by its full name, in
   * the order of message indexes, a message before those within it.
   *
   * @throws Error when a wanted path meets a type that is not known
   */
  offersByMessage?(): ReadonlyMap<string, readonly Offer[]>
  /** Full name of the record, as a subject may be called; of Protobuf's first message. */
  readonly recordName?: string | undefined
  /** Whether a value may lack a required field because of its schema. */
  readonly mayLack: boolean
  /**
   * Reads the wanted fields, in order; an absent one is `undefined`, an integer beyond 2^53 a bigint.
   *
   * @param at where the body begins, after the schema id
   * @param end where it ends: the buffer may go on
   * @param into one slot per wanted field; overwritten
   * @returns what is wrong with the bytes; `undefined` when nothing is
   */
  decode(bytes: Buffer, at: number, end: number, into: unknown[]): Problem | undefined
  /** Whether all bytes read by the last call, so far, were as they must be. */
  readonly isSound: boolean
}

/** Slots that take nothing any more once the codec that fills them has met a problem. */
export function soundSlots(count: number, codec: Pick<SchemaCodec, 'isSound'>): unknown[] {
  const slots: unknown[] = Array.from({ length: count }, () => undefined)
  return new Proxy(slots, {
    set: (target, slot, value) => !codec.isSound || Reflect.set(target, slot, value),
  })
}

/** The bytes are not what the schema says. */
export function undecodableBytes(detail: string, at?: number): Problem {
  return at === undefined
    ? { reason: 'undecodable', detail }
    : { reason: 'undecodable', detail, at }
}

/** Stands for a value no field of an event can take: a record, array, map or bytes. */
export const COMPOUND: unknown = Object.freeze({})
