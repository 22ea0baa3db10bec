import type { Clock } from '../../src/runtime/clock.ts'

interface Timer {
  readonly atMs: number
  readonly resolve: () => void
}

/** Time that moves only when everything waits, straight to whoever is due first. */
export class VirtualClock implements Clock {
  #nowMs = 1_700_000_000_000
  /** Who is due first is last, so that neither waiting nor waking moves many: most waits are short. */
  readonly #timers: Timer[] = []
  #digest = 0

  /** Of all the moments at which time has stood still so far. */
  get digest(): number {
    return this.#digest
  }

  /** Whole, as of a wall clock. */
  now(): number {
    return Math.floor(this.#nowMs)
  }

  monotonic(): number {
    return this.#nowMs
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#add({ atMs: this.#nowMs + Math.max(0, ms), resolve }))
  }

  /** Lets time pass until `isDone`, or for `forMs`. @returns whether it is done */
  async pass(forMs: number, isDone: () => boolean): Promise<boolean> {
    const untilMs = this.#nowMs + forMs
    for (;;) {
      // Runs when the microtasks have run dry: every promise that can go on has gone on. Unlike
      // `setImmediate` it takes no turn of the event loop, which costs more than a step does.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      if (isDone()) return true
      const next = this.#timers.at(-1)
      if (next === undefined || next.atMs > untilMs) return false
      this.#timers.pop()
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#digest = (Math.imul(this.#digest, 31) + (this.#nowMs % 2 ** 31)) | 0
      next.resolve()
    }
  }

  /** Behind all that are due later; of those due at the same time the older one wakes first. */
  #add(timer: Timer): void {
    const timers = this.#timers
    let at = timers.length
    for (; at > 0; at -= 1) {
      const before = timers[at - 1]
      if (before === undefined || before.atMs > timer.atMs) break
      timers[at] = before
    }
    timers[at] = timer
  }
}
