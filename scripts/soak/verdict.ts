import { FIGURES } from './sample.ts'
import type { Figure, Sample } from './sample.ts'
import { median, theilSenSlope } from './slope.ts'

/** Share of the run that is not looked at: heaps grow and code is compiled meanwhile. */
const WARM_UP_SHARE = 1 / 3

/**
 * The most a figure may rise, per minute. Memory: 2 MiB a minute would fill 1 GiB within nine hours; a
 * heap that still settles rises by less. Handles and threads: one in ten minutes, where there is to be
 * none. Event-loop delay: what grows with the age of a process shows within minutes.
 */
export const RISE_MAX_PER_MINUTE = {
  residentMiB: 2,
  handles: 0.1,
  threads: 0.1,
  eventLoopDelayMs: 2,
} as const satisfies Record<Figure, number>

/** One figure over the run. */
export interface Trend {
  readonly figure: Figure
  readonly first: number
  readonly median: number
  readonly last: number
  /** Theil–Sen slope after the warm-up. */
  readonly risePerMinute: number
  readonly riseMaxPerMinute: number
  readonly holds: boolean
}

/** Every figure's trend. A slope that cannot be told fails too. */
export function trendsOf(samples: readonly Sample[]): readonly Trend[] {
  const endSeconds = samples.at(-1)?.atSeconds ?? 0
  const warm = samples.filter(({ atSeconds }) => atSeconds >= endSeconds * WARM_UP_SHARE)
  return FIGURES.map((figure): Trend => {
    const points = warm.map((sample) => ({ x: sample.atSeconds / 60, y: sample[figure] }))
    const risePerMinute = theilSenSlope(points)
    const riseMaxPerMinute = RISE_MAX_PER_MINUTE[figure]
    return {
      figure,
      first: points[0]?.y ?? Number.NaN,
      median: median(points.map(({ y }) => y)),
      last: points.at(-1)?.y ?? Number.NaN,
      risePerMinute,
      riseMaxPerMinute,
      holds: risePerMinute <= riseMaxPerMinute,
    }
  })
}
