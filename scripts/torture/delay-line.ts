/** Hands frames on in their order, each no sooner than its delay; without one, at once. */
export class DelayLine {
  readonly #deliver: (frame: Buffer) => void
  readonly #waiting: { readonly frame: Buffer; readonly atMs: number }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(deliver: (frame: Buffer) => void) {
    this.#deliver = deliver
  }

  push(frame: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#deliver(frame)
      return
    }
    // A frame behind a slower one waits for it: the order is the connection's.
    const atMs = Math.max(performance.now() + delayMs, this.#waiting.at(-1)?.atMs ?? 0)
    this.#waiting.push({ frame, atMs })
    this.#timer ??= setTimeout(() => this.#drain(), delayMs)
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }

  #drain(): void {
    this.#timer = undefined
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined) return
      const leftMs = next.atMs - performance.now()
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#drain(), Math.ceil(leftMs))
        return
      }
      this.#waiting.shift()
      this.#deliver(next.frame)
    }
  }
}
