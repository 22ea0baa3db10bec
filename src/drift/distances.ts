/** How far two histograms over the same cells are apart. */
export interface Distances {
  readonly psi: number
  readonly js: number
  /** Without the first cell, that of missing values; `undefined` where the cells have no order. */
  readonly ks: number | undefined
}

/**
 * Population stability index, Jensen–Shannon divergence (base 2) and Kolmogorov–Smirnov distance.
 *
 * The window is given one record more, spread as the reference is: no share is 0 then, and a cell that
 * is empty on both sides adds next to nothing.
 *
 * @param counts records of the window by cell
 * @param shares of the reference by cell, each above 0, together 1
 */
export function distancesOf(
  counts: ArrayLike<number>,
  shares: ArrayLike<number>,
  isOrdered: boolean,
): Distances {
  const records = totalOf(counts)
  let psi = 0
  let js = 0
  for (let cell = 0; cell < shares.length; cell++) {
    const q = shares[cell] ?? 0
    const p = ((counts[cell] ?? 0) + q) / (records + 1)
    psi += (p - q) * Math.log(p / q)
    js += halfDivergence(p, q) + halfDivergence(q, p)
  }
  return { psi, js, ks: isOrdered ? kolmogorov(counts, shares) : undefined }
}

/** Half of what `a` tells apart from the middle of both, in bits. */
function halfDivergence(a: number, b: number): number {
  return (a / 2) * Math.log2((2 * a) / (a + b))
}

/** Largest difference of the cumulative shares: that of the values at the bins' bounds, or below it. */
function kolmogorov(counts: ArrayLike<number>, shares: ArrayLike<number>): number {
  const present = totalOf(counts) - (counts[0] ?? 0)
  const expected = totalOf(shares) - (shares[0] ?? 0)
  if (present <= 0 || expected <= 0) return 0
  let [p, q, largest] = [0, 0, 0]
  for (let cell = 1; cell < shares.length; cell++) {
    p += (counts[cell] ?? 0) / present
    q += (shares[cell] ?? 0) / expected
    largest = Math.max(largest, Math.abs(p - q))
  }
  return largest
}

/** Sum of all cells. */
export function totalOf(cells: ArrayLike<number>): number {
  let total = 0
  for (let cell = 0; cell < cells.length; cell++) total += cells[cell] ?? 0
  return total
}
