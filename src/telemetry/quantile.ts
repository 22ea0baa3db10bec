/**
 * A quantile told from a histogram, as PromQL's `histogram_quantile` does: even within a bucket, the
 * first one from 0, and what lies above the last bound counted as that bound.
 *
 * @param share from 0 to 1
 * @param bounds upper bounds, ascending, all above 0
 * @param counts by bucket, not cumulative; one more than bounds
 * @returns `undefined` when nothing was counted
 */
export function quantileOf(
  share: number,
  bounds: readonly number[],
  counts: ArrayLike<number>,
): number | undefined {
  let total = 0
  for (let i = 0; i <= bounds.length; i++) total += counts[i] ?? 0
  if (total === 0) return undefined
  const rank = share * total
  let below = 0
  for (const [i, upper] of bounds.entries()) {
    const count = counts[i] ?? 0
    if (count > 0 && below + count >= rank) {
      const lower = bounds[i - 1] ?? 0
      return lower + ((upper - lower) * (rank - below)) / count
    }
    below += count
  }
  return bounds.at(-1)
}
