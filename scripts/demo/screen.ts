const BAR_LENGTH = 30
const CLEAR_LINE = '\r\u001B[K'

/** Tells people what is going on; on standard error, so that `--json` has the output for itself. */
export class Screen {
  readonly #startMs = performance.now()
  readonly #isTerminal = process.stderr.isTTY
  #shownMs = 0

  /** Something has been done. */
  step(text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1_000).toFixed(1).padStart(5)
    process.stderr.write(`${this.#isTerminal ? CLEAR_LINE : ''}${seconds} s  ${text}\n`)
  }

  /** How far something is: in place on a terminal, a line every two seconds anywhere else. */
  bar(text: string, done: number, all: number): void {
    const nowMs = performance.now()
    if (nowMs - this.#shownMs < (this.#isTerminal ? 100 : 2_000)) return
    this.#shownMs = nowMs
    const filled = Math.round((Math.min(done, all) / all) * BAR_LENGTH)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_LENGTH - filled)}`
    const line = `         ${bar} ${whole(done)} of ${whole(all)}  ${text}`
    process.stderr.write(this.#isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`)
  }

  /** A block of text, apart from the rest. */
  block(text: string): void {
    process.stderr.write(`${this.#isTerminal ? CLEAR_LINE : ''}\n${text}\n\n`)
  }
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Columns aligned; all but the first to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n')
}
