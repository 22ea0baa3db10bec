/** Predicted probabilities beside what happened. */
export interface Judged {
  readonly scores: readonly number[]
  /** 0 or 1, one for each score. */
  readonly labels: readonly number[]
}

/** One row of a calibration table: what was predicted within a range, and what happened. */
export interface CalibrationBin {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly predicted: number
  readonly observed: number
}

/**
 * Area under the ROC curve: how often a positive is scored above a negative, ties counting half
 * (Mann–Whitney U over the number of pairs).
 */
export function areaUnderRoc({ scores, labels }: Judged): number {
  const order = scores.map((_, index) => index).sort((a, b) => at(scores, a) - at(scores, b))
  let positives = 0
  let rankSum = 0
  for (let from = 0; from < order.length; ) {
    let to = from
    let here = 0
    const score = at(scores, at(order, from))
    while (to < order.length && at(scores, at(order, to)) === score) {
      here += at(labels, at(order, to))
      to += 1
    }
    // Ranks count from 1; tied scores share the mean of theirs.
    rankSum += (here * (from + 1 + to)) / 2
    positives += here
    from = to
  }
  const negatives = order.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Mean squared difference between a probability and what happened. */
export function brierScore({ scores, labels }: Judged): number {
  const sum = scores.reduce((total, score, index) => total + (score - at(labels, index)) ** 2, 0)
  return sum / scores.length
}

/** Ten equal ranges of probability; empty ones are left out. */
export function calibrationTable({ scores, labels }: Judged): CalibrationBin[] {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, predicted: 0, observed: 0 }))
  for (const [index, score] of scores.entries()) {
    const bin = bins[Math.min(9, Math.floor(score * 10))]
    if (bin === undefined) continue
    bin.count += 1
    bin.predicted += score
    bin.observed += at(labels, index)
  }
  return bins.flatMap(({ count, predicted, observed }, index) => {
    if (count === 0) return []
    const range = { from: index / 10, to: (index + 1) / 10 }
    return [{ ...range, count, predicted: predicted / count, observed: observed / count }]
  })
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN
}
