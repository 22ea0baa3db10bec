import protobuf from 'protobufjs'
import { slotsOf } from './field-tree.ts'
import type { FieldNode } from './field-tree.ts'
import { WIRE } from './proto-cursor.ts'
import type { ProtoCursor } from './proto-cursor.ts'
import { isGroup } from './proto-schema.ts'
import { scalarOf, SCALARS } from './proto-scalars.ts'
import type { ProtoScalar } from './proto-scalars.ts'
import { COMPOUND, Offers } from './schema-codec.ts'

/** Reads what is wanted of one message, up to its end. */
export type ProtoRead = (cursor: ProtoCursor, into: unknown[]) => void

/** What to do with one field of a message. */
interface Step {
  /** Its wire type; `ANY` when it does not matter. */
  readonly wire: number
  readonly read: (cursor: ProtoCursor, into: unknown[], tag: number) => void
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
      return scalar === undefined ? this.#compound(node.slot) : this.#leaf(scalar, node.slot)
    }
    if (!(type instanceof protobuf.Type) || isGroup(type)) return this.#compound(node.slot)
    return this.#nested(this.message(type, node), node.slot)
  }

  #leaf({ wire, read, kind }: ProtoScalar, slot: number): Step {
    this.offers.add(slot, kind)
    return {
      wire,
      read: (cursor, into) => {
        into[slot] = read(cursor)
      },
    }
  }

  /** What no field of an event can be: it is passed over. */
  #compound(slot: number): Step {
    this.offers.add(slot, 'compound')
    return {
      wire: ANY,
      read: (cursor, into, tag) => {
        if (slot >= 0) into[slot] = COMPOUND
        cursor.skipField(tag)
      },
    }
  }

  #nested(message: ProtoRead, slot: number): Step {
    this.offers.add(slot, 'compound')
    return {
      wire: WIRE.bytes,
      read: (cursor, into) => {
        if (slot >= 0) into[slot] = COMPOUND
        const outer = cursor.enter()
        message(cursor, into)
        cursor.leave(outer)
      },
    }
  }

  /** The wanted entries of a map: each is a message of a key (1) and a value (2), in any order. */
  #map(field: protobuf.MapField, { children }: FieldNode): Step {
    const keyOf = SCALARS[field.keyType]
    if (keyOf === undefined) throw new Error(`a map key must not be ${field.keyType}`)
    const entries = new Map(
      [...children].map(([name, node]) => [name, { node, step: this.#value(field, node) }]),
    )
    const zero = scalarOf(field)?.zero
    return {
      wire: WIRE.bytes,
      read: (cursor, into) => {
        const outer = cursor.enter()
        let key = keyOf.zero
        let value = { tag: 0, at: 0 }
        for (let tag = cursor.readTag(); tag !== 0; tag = cursor.readTag()) {
          if (tag === 8 + keyOf.wire) key = keyOf.read(cursor)
          else {
            if (tag >>> 3 === 2) value = { tag, at: cursor.place }
            cursor.skipField(tag)
          }
        }
        const end = cursor.place
        const entry = entries.get(String(key))
        if (entry !== undefined) readEntry(cursor, into, { ...entry, ...value, zero })
        cursor.seek(end)
        cursor.leave(outer)
      },
    }
  }
}

function readEntry(
  cursor: ProtoCursor,
  into: unknown[],
  entry: { node: FieldNode; step: Step; tag: number; at: number; zero: unknown },
): void {
  const { node, step, tag, at, zero } = entry
  if (tag === 0) {
    if (node.slot >= 0) into[node.slot] = zero
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
  const declared: unknown = field.options?.['default']
  if (declared !== undefined) return [{ slot, value: declared }]
  const value = tellsAbsence(field) ? undefined : scalarOf(field)?.zero
  return value === undefined ? [] : [{ slot, value }]
}

function tellsAbsence(field: protobuf.FieldBase): boolean {
  return !(field instanceof protobuf.Field) || field.hasPresence
}
