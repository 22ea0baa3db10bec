import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { Header } from '../domain/record.ts'

/** Where a value's body begins: one magic byte and the schema id, four bytes, come first. */
export const WIRE_HEADER_BYTES = 5

const MAGIC_BYTE = 0
/** Begins a schema id in its newer form: a GUID of 16 bytes. */
const GUID_MAGIC_BYTE = 1
const GUID_END = 17
/** The header that holds the schema id of values which do not begin with one. */
const ID_HEADER = '__value_schema_id'

/**
 * The registry schema id a value begins with (Confluent wire format: byte 0, then the id, big
 * endian), or −1 when it does not begin so; `wireFormatProblem` then says why.
 */
export function readSchemaId(value: Buffer | null): number {
  if (value === null || value.length < WIRE_HEADER_BYTES || value[0] !== MAGIC_BYTE) return -1
  const id = value.readInt32BE(1)
  return id < 0 ? -1 : id
}

/** Why a value without bytes is no event. */
export function emptyValue(value: Buffer | null): DeadLetter {
  const detail = value === null ? 'value is null (a tombstone)' : 'value has no bytes'
  return deadLetter('empty-value', 'decode', detail)
}

/** Why a value does not begin as the wire format does. Call it when `readSchemaId` gave −1. */
export function wireFormatProblem(value: Buffer | null): DeadLetter {
  if (value === null || value.length === 0) return emptyValue(value)
  return deadLetter('not-wire-format', 'decode', describeStart(value))
}

/** What the header that names a schema says. */
export interface SchemaHeader {
  /** A schema id, or a GUID as text. */
  readonly schema: number | string
  /** Protobuf: the message indexes, in place of those a value begins with. */
  readonly indexes: Buffer
}

/**
 * What the header that names a schema says (Confluent's header form: byte 1 and a GUID, or byte 0 and
 * an id): a value with it begins with its body. `undefined`: there is no such header. Of several the
 * last counts, as in Confluent's deserializers.
 */
export function readSchemaHeader(
  headers: readonly Header[],
): SchemaHeader | DeadLetter | undefined {
  let given: Buffer | string | undefined
  for (const header of headers) given = header[ID_HEADER] ?? given
  if (given === undefined) return undefined
  const bytes = typeof given === 'string' ? Buffer.from(given) : given
  const id = readSchemaId(bytes)
  if (id >= 0) return { schema: id, indexes: bytes.subarray(WIRE_HEADER_BYTES) }
  if (bytes[0] === GUID_MAGIC_BYTE && bytes.length >= GUID_END) {
    const hex = bytes.toString('hex', 1, GUID_END)
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
    return { schema: [...parts, hex.slice(20)].join('-'), indexes: bytes.subarray(GUID_END) }
  }
  const rule = 'byte 1 and a GUID of 16 bytes, or byte 0 and a schema id'
  const detail = `header ${ID_HEADER} must be ${rule}, got ${bytes.length} bytes`
  return deadLetter('not-wire-format', 'decode', detail)
}

function describeStart(value: Buffer): string {
  if (value[0] === GUID_MAGIC_BYTE) {
    return `value must begin with byte 0 and a schema id; a GUID (byte 1) must be in header ${ID_HEADER}`
  }
  if (value[0] !== MAGIC_BYTE) return `value must begin with byte 0, got byte ${value[0]}`
  if (value.length < WIRE_HEADER_BYTES) {
    return `value must have at least ${WIRE_HEADER_BYTES} bytes, got ${value.length}`
  }
  return `schema id must be >= 0, got ${value.readInt32BE(1)}`
}
