/** Time as the service sees it, so that everything above it can run on virtual time. */
export interface Clock {
  /** Wall-clock time, ms since the epoch. */
  now(): number
  /** Monotonic time, ms; only differences mean something. */
  monotonic(): number
  sleep(ms: number): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
