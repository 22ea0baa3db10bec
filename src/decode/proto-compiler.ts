import protobuf from 'protobufjs'
import { slotsOf } from './field-tree.ts'
import type { FieldNode } from './field-tree.ts'
import { WIRE } from './proto-cursor.ts'
import type { ProtoCursor } from './proto-cursor.ts'
import { isGroup } from './proto-schema.ts'
import { scalarOf, SCALARS } from './proto-scalars.ts'
import type { ProtoScalar } from './proto-scalars.ts'
import { COMPOUND, Offers } from './schema-codec.ts'
import type { ValueKind } from './schema-codec.ts'

/** Reads what is wanted of one message, up to its end. */
export type ProtoRead = (cursor: ProtoCursor, into: unknown[]) => void

/** What to do with one field of a message. */
interface Step {
  /** Its wire type; `ANY` when it does not matter. */
  readonly wire: number
  readonly read: (cursor: ProtoCursor, into: unknown[], tag: number) => void
  /** As the value of a map's entry that leaves it out; the cursor is at the end of the entry. */
  readonly readNothing: (cursor: ProtoCursor, into: unknown[]) => void
}

/** A value that an absent field has. */
interface Default {
  readonly slot: number
  readonly value: unknown
}

const ANY = -1

/** Compiles messages into closures that read what is wanted within them. */
export class ProtoCompiler {
  readonly offers = new Offers()

  /** @throws Error when a wanted path meets a type that is not known */
  message(type: protobuf.Type, { children }: FieldNode): ProtoRead {
    const steps: (Step | undefined)[] = []
    const defaults: Default[] = []
    for (const [name, node] of children) {
      const field = fieldOf(type, name)
      if (field === undefined) continue
      steps[field.id] = this.#field(field, node)
      const { slot } = node
      if (slot >= 0) defaults.push(...defaultOf(field, slot))
      if (tellsAbsence(field)) for (const each of slotsOf(node)) this.offers.add(each, 'absent')
    }
    for (const oneof of type.oneofsArray) clearOthers(oneof, children, steps)
    return (cursor, into) => {
      for (const { slot, value } of defaults) if (into[slot] === undefined) into[slot] = value
      for (let tag = cursor.readTag(); tag !== 0; tag = cursor.readTag()) {
        const step = steps[tag >>> 3]
        if (step === undefined) cursor.skipField(tag)
        else if ((tag & 7) === step.wire || step.wire === ANY) step.read(cursor, into, tag)
        else cursor.fail(`field ${tag >>> 3} must have wire type ${step.wire}, got ${tag & 7}`)
      }
    }
  }

  #field(field: protobuf.FieldBase, node: FieldNode): Step {
    field.resolve()
    if (field instanceof protobuf.MapField && node.children.size > 0) return this.#map(field, node)
    return field.repeated || field.map ? this.#compound(node.slot) : this.#value(field, node)
  }

  #value(field: protobuf.FieldBase, node: FieldNode): Step {
    const type = field.resolvedType
    if (node.children.size === 0) {
      const scalar = scalarOf(field)
      if (scalar === undefined) return this.#compound(node.slot)
      return this.#leaf(scalar, { slot: node.slot, wire: wireOf(field, scalar.wire) })
    }
    if (!(type instanceof protobuf.Type) || isGroup(type)) return this.#compound(node.slot)
    const at = { slot: node.slot, wire: wireOf(field, WIRE.bytes) }
    return this.#nested(this.message(type, node), at)
  }

  #leaf(scalar: ProtoScalar, { slot, wire }: Place): Step {
    const { read, kind, zero, zeroInMap = zero } = scalar
    this.offers.add(slot, kind)
    return {
      wire,
      read:
        scalar.isNotSetAtTimes === true
          ? (cursor, into, tag) => {
              const value = read(cursor, tag)
              if (value !== undefined) into[slot] = value
            }
          : (cursor, into, tag) => {
              into[slot] = read(cursor, tag)
            },
      readNothing: (_cursor, into) => {
        into[slot] = zeroInMap
      },
    }
  }

  /** What no field of an event can be: it is passed over. */
  #compound(slot: number): Step {
    this.offers.add(slot, 'compound')
    const readNothing = (_cursor: ProtoCursor, into: unknown[]): void => {
      if (slot >= 0) into[slot] = COMPOUND
    }
    return {
      wire: ANY,
      read: (cursor, into, tag) => {
        readNothing(cursor, into)
        cursor.skipField(tag)
      },
      readNothing,
    }
  }

  #nested(message: ProtoRead, { slot, wire }: Place): Step {
    this.offers.add(slot, 'compound')
    const readNothing = (cursor: ProtoCursor, into: unknown[]): void => {
      if (slot >= 0) into[slot] = COMPOUND
      message(cursor, into)
    }
    return {
      wire,
      read: (cursor, into, tag) => {
        const outer = cursor.enter(tag)
        readNothing(cursor, into)
        cursor.leave(outer, tag)
      },
      readNothing,
    }
  }

  /** The wanted entries of a map: each is a message of a key (1) and a value (2), in any order. */
  #map(field: protobuf.MapField, { children }: FieldNode): Step {
    const keyOf = SCALARS[field.keyType]
    if (keyOf === undefined) throw new Error(`a map key must not be ${field.keyType}`)
    const entries = new Map(
      [...children].map(([name, node]) => {
        const entry = { slots: slotsOf(node), step: this.#value(field, node) }
        return [name, entry]
      }),
    )
    return {
      wire: WIRE.bytes,
      read: (cursor, into, outerTag) => {
        const outer = cursor.enter(outerTag)
        let key = keyOf.zero
        let value = { tag: 0, at: 0 }
        for (let tag = cursor.readTag(); tag !== 0; tag = cursor.readTag()) {
          if (tag === 8 + keyOf.wire) key = keyOf.read(cursor, tag)
          else {
            if (tag >>> 3 === 2) value = { tag, at: cursor.place }
            cursor.skipField(tag)
          }
        }
        const end = cursor.place
        const entry = entries.get(String(key))
        if (entry !== undefined) readEntry(cursor, into, { ...entry, ...value })
        cursor.seek(end)
        cursor.leave(outer, outerTag)
      },
      readNothing: () => undefined,
    }
  }
}

/** A slot, and how what goes there is written. */
interface Place {
  readonly slot: number
  readonly wire: number
}

/** Messages are groups where an edition's features say so; those of maps never are. */
function wireOf(field: protobuf.FieldBase, wire: number): number {
  const isDelimited = field instanceof protobuf.Field && !field.map && field.delimited
  return isDelimited && wire === WIRE.bytes && field.resolvedType instanceof protobuf.Type
    ? WIRE.group
    : wire
}

/** Of entries with one key the last counts, as a whole. */
function readEntry(
  cursor: ProtoCursor,
  into: unknown[],
  entry: { slots: readonly number[]; step: Step; tag: number; at: number },
): void {
  const { slots, step, tag, at } = entry
  for (const slot of slots) into[slot] = undefined
  if (tag === 0) {
    step.readNothing(cursor, into)
    return
  }
  cursor.seek(at)
  if ((tag & 7) === step.wire || step.wire === ANY) step.read(cursor, into, tag)
  else cursor.fail(`a map's value must have wire type ${step.wire}, got ${tag & 7}`)
}

/** A member of a oneof takes the place of the others: what they had set is absent again. */
function clearOthers(
  oneof: protobuf.OneOf,
  children: ReadonlyMap<string, FieldNode>,
  steps: (Step | undefined)[],
): void {
  const isMember = (name: string): boolean => oneof.fieldsArray.some((field) => goesBy(field, name))
  const wanted = [...children].filter(([name]) => isMember(name))
  for (const field of oneof.fieldsArray) {
    const others = wanted.filter(([name]) => !goesBy(field, name))
    const slots = others.flatMap(([, node]) => slotsOf(node))
    if (slots.length === 0) continue
    const step = steps[field.id]
    steps[field.id] = {
      wire: step?.wire ?? ANY,
      read: (cursor, into, tag) => {
        for (const slot of slots) into[slot] = undefined
        if (step === undefined) cursor.skipField(tag)
        else step.read(cursor, into, tag)
      },
      // Members of a oneof are no maps' values.
      readNothing: () => undefined,
    }
  }
}

function fieldOf(type: protobuf.Type, name: string): protobuf.FieldBase | undefined {
  const isNamed = (field: protobuf.FieldBase): boolean => field.name === name
  return type.fieldsArray.find(isNamed) ?? type.fieldsArray.find((field) => goesBy(field, name))
}

function goesBy(field: protobuf.FieldBase, name: string): boolean {
  return field.name === name || field.options?.['json_name'] === name
}

/** What an absent field has: its declared default, or the zero of a type that cannot tell. */
function defaultOf(field: protobuf.FieldBase, slot: number): readonly Default[] {
  if (field.repeated || field.map) return []
  const scalar = scalarOf(field)
  const declared: unknown = field.options?.['default']
  if (declared !== undefined) {
    const value = typeof declared === 'string' ? defaultValue(declared, scalar?.kind) : declared
    return [{ slot, value }]
  }
  const value = tellsAbsence(field) ? undefined : scalar?.zero
  return value === undefined ? [] : [{ slot, value }]
}

/** A default by its text: numbers that no double holds have one too (`readableProto`). */
function defaultValue(text: string, kind: ValueKind | undefined): unknown {
  if (kind === 'number') return Number(text)
  if (kind !== 'integer') return text
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}

function tellsAbsence(field: protobuf.FieldBase): boolean {
  return !(field instanceof protobuf.Field) || field.hasPresence
}
