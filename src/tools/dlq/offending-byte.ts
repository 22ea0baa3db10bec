import { WIRE_HEADER_BYTES } from '../../decode/wire-format.ts'
import type { DeadLetter } from '../../domain/outcome.ts'

/**
 * The byte of a value at which decoding stopped, as the detail of the letter tells it (`at byte N`); for JSON
 * the first that cannot be right. The length where bytes are missing at the end.
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
  if (!detail.startsWith('value must be JSON: ')) return undefined
  // JSON of a registry's schema begins behind the wire header.
  const from = value[0] === 0 ? WIRE_HEADER_BYTES : 0
  const text = value.toString('utf8', from)
  return from + Buffer.byteLength(text.slice(0, firstWrong(text)))
}

/** The JSON parser does not always say where: it is where the shortest beginning ends that nothing can complete. */
function firstWrong(text: string): number {
  let [good, wrong] = [0, text.length + 1]
  while (wrong - good > 1) {
    const middle = Math.floor((good + wrong) / 2)
    if (canGoOn(text.slice(0, middle))) good = middle
    else wrong = middle
  }
  return good
}

function canGoOn(start: string): boolean {
  try {
    JSON.parse(start)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const [, position] = / at position (\d+)/.exec(message) ?? []
    return message.startsWith('Unexpected end') || Number(position) >= start.length
  }
}
