import protobuf from 'protobufjs'
import { WIRE } from './proto-cursor.ts'
import type { ProtoCursor } from './proto-cursor.ts'
import type { ValueKind } from './schema-codec.ts'

/** How one value is read. */
export interface ProtoScalar {
  readonly wire: number
  readonly read: (cursor: ProtoCursor, tag: number) => unknown
  /** Whether `undefined` may be read: a value that counts as not set. */
  readonly isNotSetAtTimes?: boolean
  /** What it is when it is not set and the message cannot tell; `undefined`: absent. */
  readonly zero: unknown
  /** What it is in an entry of a map that leaves its value out; `undefined`: its zero. */
  readonly zeroInMap?: unknown
  readonly kind: ValueKind
}

const { varint, fixed32, fixed64, bytes } = WIRE
const NANOS_MAX = 999_999_999
const NANOS_PER_MS = 1_000_000
/** From year 1 to 9999, as `google.protobuf.Timestamp` says. */
const SECONDS_MIN = -62_135_596_800
const SECONDS_MAX = 253_402_300_799

/** The scalar types by their names in a schema; `bytes` are no value of a field. */
export const SCALARS: Readonly<Record<string, ProtoScalar>> = {
  double: { wire: fixed64, read: (cursor) => cursor.readDouble(), zero: 0, kind: 'number' },
  float: { wire: fixed32, read: (cursor) => cursor.readFloat(), zero: 0, kind: 'number' },
  int32: { wire: varint, read: (cursor) => cursor.readInt32(), zero: 0, kind: 'integer' },
  int64: { wire: varint, read: (cursor) => cursor.readInt64(), zero: 0, kind: 'integer' },
  uint32: { wire: varint, read: (cursor) => cursor.readUint32(), zero: 0, kind: 'integer' },
  uint64: { wire: varint, read: (cursor) => cursor.readUint64(), zero: 0, kind: 'integer' },
  sint32: { wire: varint, read: (cursor) => cursor.readSint32(), zero: 0, kind: 'integer' },
  sint64: { wire: varint, read: (cursor) => cursor.readSint64(), zero: 0, kind: 'integer' },
  fixed32: { wire: fixed32, read: (cursor) => cursor.readFixed32(), zero: 0, kind: 'integer' },
  fixed64: { wire: fixed64, read: (cursor) => cursor.readFixed64(), zero: 0, kind: 'integer' },
  sfixed32: { wire: fixed32, read: (cursor) => cursor.readSfixed32(), zero: 0, kind: 'integer' },
  sfixed64: { wire: fixed64, read: (cursor) => cursor.readSfixed64(), zero: 0, kind: 'integer' },
  bool: { wire: varint, read: (cursor) => cursor.readBoolean(), zero: false, kind: 'boolean' },
  string: { wire: bytes, read: (cursor) => cursor.readString(), zero: '', kind: 'string' },
}

/** The wrapped scalars, by the name of their message. */
const WRAPPERS: Readonly<Record<string, string>> = {
  DoubleValue: 'double',
  FloatValue: 'float',
  Int64Value: 'int64',
  UInt64Value: 'uint64',
  Int32Value: 'int32',
  UInt32Value: 'uint32',
  BoolValue: 'bool',
  StringValue: 'string',
}

const TIMESTAMP: ProtoScalar = {
  wire: bytes,
  read: readTimestamp,
  zero: undefined,
  zeroInMap: 0,
  kind: 'integer',
}

/** How a field of a single value is read; `undefined` when no field of an event can be it. */
export function scalarOf(field: protobuf.FieldBase): ProtoScalar | undefined {
  field.resolve()
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) return enumScalar(type)
  if (type === null) return SCALARS[field.type]
  if (type.fullName === '.google.protobuf.Timestamp') return TIMESTAMP
  const [, name = ''] = /^\.google\.protobuf\.(\w+)$/.exec(type.fullName) ?? []
  const wrapped = SCALARS[WRAPPERS[name] ?? '']
  return wrapped === undefined ? undefined : wrapper(wrapped)
}

/**
 * The name of the value. A number that has none stays a number in an open enum, as proto3 has them; in a closed
 * one (proto2) it counts as not set.
 */
function enumScalar(type: protobuf.Enum): ProtoScalar {
  const { valuesById, values } = type
  const isClosed = isClosedEnum(type)
  const [first] = Object.keys(values)
  return {
    wire: varint,
    read: (cursor) => {
      const number = cursor.readInt32()
      return valuesById[number] ?? (isClosed ? undefined : number)
    },
    isNotSetAtTimes: isClosed,
    zero: isClosed ? first : (valuesById[0] ?? 0),
    kind: 'string',
  }
}

function isClosedEnum(type: protobuf.Enum): boolean {
  // Resolved from edition and options; not among the types that protobufjs declares.
  const { _features: features }: { _features?: { enum_type?: unknown } } = Object(type)
  return features?.enum_type === 'CLOSED'
}

function wrapper(scalar: ProtoScalar): ProtoScalar {
  return {
    wire: bytes,
    read: (cursor, outerTag) => {
      const outer = cursor.enter(outerTag)
      let value = scalar.zero
      for (let tag = cursor.readTag(); tag !== 0; tag = cursor.readTag()) {
        if (tag === 8 + scalar.wire) value = scalar.read(cursor, tag)
        else cursor.skipField(tag)
      }
      cursor.leave(outer, outerTag)
      return value
    },
    zero: undefined,
    zeroInMap: scalar.zero,
    kind: scalar.kind,
  }
}

/** Whole ms since the epoch, rounded down. */
function readTimestamp(cursor: ProtoCursor, outerTag: number): number {
  const outer = cursor.enter(outerTag)
  let seconds = 0
  let nanos = 0
  for (let tag = cursor.readTag(); tag !== 0; tag = cursor.readTag()) {
    if (tag === 8) seconds = Number(cursor.readInt64())
    else if (tag === 16) nanos = cursor.readInt32()
    else cursor.skipField(tag)
  }
  cursor.leave(outer, outerTag)
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
    cursor.fail(`timestamp must be from ${SECONDS_MIN} to ${SECONDS_MAX} s, got ${seconds}`)
  }
  if (nanos < 0 || nanos > NANOS_MAX) {
    cursor.fail(`nanos of a timestamp must be from 0 to ${NANOS_MAX}, got ${nanos}`)
  }
  return seconds * 1000 + Math.floor(nanos / NANOS_PER_MS)
}
