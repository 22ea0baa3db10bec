/** A figure at a time. */
export interface Point {
  /** Minutes. */
  readonly x: number
  readonly y: number
}

/** So many points give a hundred thousand pairs, and more would say no more. */
const POINTS_MAX = 500

/**
 * The Theil–Sen estimator: the median of the slopes between all pairs of points, per minute. A peak
 * here and there, as of a garbage collection or a rebalance, does not move it. NaN below two points.
 *
 * Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968.
 */
export function theilSenSlope(points: readonly Point[]): number {
  const thinned = thin(points)
  const slopes: number[] = []
  for (const [index, a] of thinned.entries()) {
    for (const b of thinned.slice(index + 1)) {
      if (a.x !== b.x) slopes.push((b.y - a.y) / (b.x - a.x))
    }
  }
  return median(slopes)
}

/** The middle value; the mean of the two middle ones where there are two. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

/** Evenly chosen ones of too many. */
function thin(points: readonly Point[]): readonly Point[] {
  const step = points.length / POINTS_MAX
  return step <= 1 ? points : points.filter((_, index) => index % step < 1)
}
