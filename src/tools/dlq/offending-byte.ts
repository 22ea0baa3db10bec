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
  if (position !== undefined) return Buffer.byteLength(value.toString().slice(0, Number(position)))
  return /Unexpected end of JSON/.test(detail) ? value.length : undefined
}
