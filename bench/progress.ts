const EVERY_MS = 1_000

/** Says on the terminal (stderr) what the benchmark is doing, with the seconds since its start. */
export class Progress {
  readonly #startMs = performance.now()
  #shownMs = 0

  /** A step begins, or one has ended. */
  step(text: string): void {
    this.#shownMs = performance.now()
    const seconds = ((this.#shownMs - this.#startMs) / 1000).toFixed(1).padStart(6)
    process.stderr.write(`${seconds} s  ${text}\n`)
  }

  /** How far a step is; shown once a second at most. */
  count(text: string, done: number, all: number): void {
    if (performance.now() - this.#shownMs < EVERY_MS) return
    this.step(`${text}: ${format(done)} of ${format(all)}`)
  }
}

/** A whole number with its thousands apart. */
export function format(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
