import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'

/** Where a value's body begins: one magic byte and the schema id, four bytes, come first. */
export const WIRE_HEADER_BYTES = 5

const MAGIC_BYTE = 0

/**
 * The registry schema id a value begins with (Confluent wire format: byte 0, then the id, big
 * endian), or −1 when it does not begin so; `wireFormatProblem` then says why.
 */
export function readSchemaId(value: Buffer | null): number {
  if (value === null || value.length < WIRE_HEADER_BYTES || value[0] !== MAGIC_BYTE) return -1
  const id = value.readInt32BE(1)
  return id < 0 ? -1 : id
}

/** Why a value does not begin as the wire format does. Call it when `readSchemaId` gave −1. */
export function wireFormatProblem(value: Buffer | null): DeadLetter {
  if (value === null) return deadLetter('empty-value', 'decode', 'value is null (a tombstone)')
  if (value.length === 0) return deadLetter('empty-value', 'decode', 'value has no bytes')
  return deadLetter('not-wire-format', 'decode', describeStart(value))
}

function describeStart(value: Buffer): string {
  if (value[0] !== MAGIC_BYTE) return `value must begin with byte 0, got byte ${value[0]}`
  if (value.length < WIRE_HEADER_BYTES) {
    return `value must have at least ${WIRE_HEADER_BYTES} bytes, got ${value.length}`
  }
  return `schema id must be >= 0, got ${value.readInt32BE(1)}`
}
