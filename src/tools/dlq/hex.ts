const BYTES_A_LINE = 16
/** Most lines shown; around the mark when there is more. */
const LINES_MAX = 24

/**
 * Bytes as people read them: offset, hex, ASCII; the marked byte in brackets.
 *
 * @param mark offset of the byte to be marked; one past the end marks that something is missing there
 */
export function hexDump(bytes: Buffer, mark: number | undefined): string {
  const lineCount = Math.max(1, Math.ceil((bytes.length + 1) / BYTES_A_LINE))
  const center = Math.floor((mark ?? 0) / BYTES_A_LINE)
  const from = Math.max(0, Math.min(center - LINES_MAX / 2, lineCount - LINES_MAX))
  const to = Math.min(lineCount, from + LINES_MAX)
  const lines: string[] = []
  if (from > 0) lines.push(`… ${from * BYTES_A_LINE} bytes before`)
  for (let line = from; line < to; line += 1) lines.push(lineOf(bytes, line * BYTES_A_LINE, mark))
  const left = bytes.length - to * BYTES_A_LINE
  if (left > 0) lines.push(`… ${left} bytes after`)
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

function lineOf(bytes: Buffer, at: number, mark: number | undefined): string {
  const row = bytes.subarray(at, at + BYTES_A_LINE)
  const isMarkedHere = mark !== undefined && mark >= at && mark < at + BYTES_A_LINE
  if (row.length === 0 && !isMarkedHere) return ''
  const cells = [...row].map((byte, index) => cellOf(byte, at + index === mark))
  if (isMarkedHere && mark >= bytes.length) cells.push('[--')
  const hex = cells.join('').replaceAll(/\[(..) ?/g, '[$1]')
  const ascii = [...row].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  )
  return `${at.toString(16).padStart(6, '0')} ${hex.padEnd(BYTES_A_LINE * 3 + 2)} ${ascii.join('')}`.trimEnd()
}

function cellOf(byte: number, isMarked: boolean): string {
  return `${isMarked ? '[' : ' '}${byte.toString(16).padStart(2, '0')}`
}
