/**
 * Waiting times that double from `firstMs` to `maxMs`, each with up to half of it taken off at
 * random so that instances do not retry in step.
 */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #random: () => number
  #nextMs: number

  constructor(firstMs: number, maxMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
    this.#random = random
    this.#nextMs = firstMs
  }

  next(): number {
    const ms = this.#nextMs
    this.#nextMs = Math.min(ms * 2, this.#maxMs)
    return ms - (ms / 2) * this.#random()
  }

  /** Another one with the same times, from the first: for a call of its own. */
  fresh(): Backoff {
    return new Backoff(this.#firstMs, this.#maxMs, this.#random)
  }

  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
