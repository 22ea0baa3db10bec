import type { RestoreProgress } from './observer.ts'

/** How a restore comes along, as people ask. */
export interface RestoreFigures {
  /** Whole percent of the offsets to pass. */
  readonly percent: number
  readonly recordsPerSecond: number
  /** At the pace so far; `null` before anything has been passed. */
  readonly secondsLeft: number | null
}

/** The figures of a partition's restore so far. */
export function restoreFigures({ done, total, records, forMs }: RestoreProgress): RestoreFigures {
  const seconds = Math.max(forMs, 1) / 1_000
  return {
    percent: total === 0 ? 100 : Math.floor((done / total) * 100),
    recordsPerSecond: Math.round(records / seconds),
    secondsLeft: done === 0 ? null : Math.ceil((total - done) / (done / seconds)),
  }
}
