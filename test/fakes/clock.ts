import type { Clock } from '../../src/runtime/clock.ts'

/** Virtual time: it moves only when someone sleeps or a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  sleep(ms: number): Promise<void> {
    this.#nowMs += ms
    return Promise.resolve()
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }
}
