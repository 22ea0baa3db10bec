import avro from 'avsc'
import type { Schema, types } from 'avsc'
import type { AvroCursor } from './avro-cursor.ts'
import { DECIMAL_BYTES_MAX } from './bounds.ts'
import type { ValueKind } from './schema-codec.ts'

const DAY_MS = 86_400_000
const UUID_BYTES = 16
/** More digits after the point than any decimal of the largest size has. */
const SCALE_MAX = 300

/** Times in a finer unit than ms: how many of it make a ms. */
const UNITS_PER_MS: Readonly<Record<string, number>> = {
  'timestamp-micros': 1_000,
  'timestamp-nanos': 1_000_000,
  'local-timestamp-micros': 1_000,
  'local-timestamp-nanos': 1_000_000,
  'time-micros': 1_000,
}

/** Keeps what a schema says of a logical type; `avsc` drops those it does not know. */
class LogicalType extends avro.types.LogicalType {
  readonly logicalName: string
  /** Decimals only. */
  readonly scale: number

  constructor(schema: Schema, options?: unknown) {
    super(schema, options)
    const { logicalType, scale }: { logicalType?: unknown; scale?: unknown } = Object(schema)
    this.logicalName = String(logicalType)
    this.scale = typeof scale === 'number' ? scale : 0
    // What does not fit its type is ignored, as the specification asks.
    if (!fits(this)) throw new Error(`it does not fit ${this.underlyingType.typeName}`)
  }

  protected override _fromValue(value: unknown): unknown {
    return value
  }

  protected override _toValue(value: unknown): unknown {
    return value
  }
}

/** The logical types that are read as something else than what they are written as. */
export const LOGICAL_TYPES = Object.fromEntries(
  ['decimal', 'uuid', 'date', ...Object.keys(UNITS_PER_MS)].map((name) => [name, LogicalType]),
)

/** How a logical type is read: times as whole ms, decimals as doubles, UUIDs as text. */
export function logicalReader(
  type: types.LogicalType,
): ((cursor: AvroCursor) => unknown) | undefined {
  if (!(type instanceof LogicalType)) return undefined
  const { logicalName, scale } = type
  const size = sizeOf(type.underlyingType)
  if (logicalName === 'date') return (cursor) => cursor.readCount() * DAY_MS
  if (logicalName === 'uuid' && size !== undefined) {
    return (cursor) => uuidOf(cursor.readBytes(size))
  }
  if (logicalName === 'decimal') {
    return (cursor) => {
      const bytes = cursor.readBytes(size ?? cursor.readLength())
      const value = decimalOf(bytes, scale)
      if (value !== undefined) return value
      cursor.fail(`decimal must have at most ${DECIMAL_BYTES_MAX} bytes, got ${bytes.length}`)
      return undefined
    }
  }
  const unitsPerMs = UNITS_PER_MS[logicalName]
  return unitsPerMs === undefined ? undefined : (cursor) => msOf(cursor.readLong(), unitsPerMs)
}

/** What values a logical type yields. */
export function logicalKind({ typeName }: types.LogicalType): ValueKind {
  if (typeName === 'logical:uuid') return 'string'
  return typeName === 'logical:decimal' ? 'number' : 'integer'
}

function fits({ logicalName, scale, underlyingType }: LogicalType): boolean {
  const { typeName } = underlyingType
  if (logicalName === 'date') return typeName === 'int'
  if (logicalName === 'uuid') {
    return typeName === 'string' || sizeOf(underlyingType) === UUID_BYTES
  }
  if (logicalName !== 'decimal') return typeName === 'long'
  const isScale = Number.isInteger(scale) && scale >= 0 && scale <= SCALE_MAX
  return isScale && (typeName === 'bytes' || typeName === 'fixed')
}

/** Bytes of a fixed type. */
function sizeOf(type: avro.Type): number | undefined {
  return type instanceof avro.types.FixedType ? type.size : undefined
}

/** Largest power of ten that a double holds exactly. */
const POWER_EXACT_MAX = 22

/** A decimal's value (Avro specification, "Decimal"): the nearest double to unscaled / 10^scale. */
function decimalOf(bytes: Uint8Array, scale: number): number | undefined {
  if (bytes.length > DECIMAL_BYTES_MAX) return undefined
  if (bytes.length <= 6) {
    let small = (bytes[0] ?? 0) > 0x7f ? -1 : 0
    for (const byte of bytes) small = small * 256 + byte
    // Both are exact, so their quotient is the nearest double.
    if (scale <= POWER_EXACT_MAX) return small / 10 ** scale
  }
  let unscaled = 0n
  for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte)
  return Number(`${BigInt.asIntN(8 * bytes.length, unscaled)}e-${scale}`)
}

/** A 16-byte UUID as people write it. */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  const cuts = [0, 8, 12, 16, 20, 32]
  return cuts
    .slice(1)
    .map((end, index) => hex.slice(cuts[index], end))
    .join('-')
}

/** Whole ms of a time in a finer unit, rounded down. */
function msOf(given: number | bigint, unitsPerMs: number): number {
  if (typeof given === 'number') return Math.floor(given / unitsPerMs)
  const units = BigInt(unitsPerMs)
  const whole = given / units
  return Number(given < 0n && whole * units !== given ? whole - 1n : whole)
}
