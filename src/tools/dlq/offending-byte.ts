import { WIRE_HEADER_BYTES } from '../../decode/wire-format.ts'
import type { DeadLetter } from '../../domain/outcome.ts'

/**
 * The byte of a value at which decoding stopped, as the detail of the letter tells it: `at byte N`, or
 * `at position N` of the text, as the JSON parser does; the length where bytes are missing at the end.
 */
export function offendingByte(
  value: Buffer | null,
  { reason, detail }: DeadLetter,
): number | undefined {
  if (value === null) return undefined
  if (reason === 'not-wire-format') return value[0] === 0 ? Math.min(1, value.length) : 0
  if (reason !== 'undecodable') return undefined
  const [, byte] = / at byte (\d+)/.exec(detail) ?? []
  if (byte !== undefined) return Number(byte)
  const [, position] = / at position (\d+)/.exec(detail) ?? []
  if (position !== undefined) {
    // JSON of a registry's schema begins behind the wire header.
    const from = value[0] === 0 ? WIRE_HEADER_BYTES : 0
    return from + Buffer.byteLength(value.toString('utf8', from).slice(0, Number(position)))
  }
  return /Unexpected end of JSON/.test(detail) ? value.length : undefined
}
