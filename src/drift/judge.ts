import { distancesOf, totalOf } from './distances.ts'
import type { DriftReport, DriftWindow, SeriesDrift } from './report.ts'
import { chanceOf, countsFor, thresholdOf } from './threshold.ts'

/** A series before it is judged: of a window of this instance, or of several instances added. */
export type SeriesCounts = Pick<
  SeriesDrift,
  'kind' | 'name' | 'values' | 'cells' | 'calibration' | 'referenceMissing'
>

/** What a report is made from. */
export type Counted = Omit<DriftReport, 'series'> & { readonly series: readonly SeriesCounts[] }

/** Compares every series of a window with the training data. */
export function judge({ series, ...about }: Counted): DriftReport {
  const { window, referenceRows: rows, referenceSpanMs, falseAlarmsPerMonth } = about
  const spanMs = spanOf(window)
  const records = countsFor({ rows: window.records, spanMs }, { rows, spanMs: referenceSpanMs })
  const chance = chanceOf(spanMs, { falseAlarmsPerMonth, series: series.length })
  return {
    ...about,
    series: series.map((each) => {
      const found = compared(each)
      const threshold = thresholdOf(each.calibration, rows, { records, chance })
      const isJudged = window.isComplete && threshold !== undefined
      const verdict = isJudged ? (found.psi > threshold ? 'drift' : 'steady') : 'unjudged'
      return { ...found, threshold, verdict }
    }),
  }
}

function compared(series: SeriesCounts): Omit<SeriesDrift, 'threshold' | 'verdict'> {
  const { values, cells } = series
  const isNumber = values === 'number'
  const counts = cells.map(({ count }) => count)
  const shares = cells.map(({ share }) => share)
  const records = Math.max(1, totalOf(counts))
  const below = isNumber ? (counts[1] ?? 0) : 0
  const beyond = counts.at(-1) ?? 0
  return {
    ...series,
    ...distancesOf(counts, shares, isNumber),
    missing: isNumber ? (counts[0] ?? 0) / records : 0,
    unseen: (below + beyond) / records,
  }
}

function spanOf({ fromMs, toMs }: DriftWindow): number {
  return fromMs === undefined || toMs === undefined ? 0 : toMs - fromMs
}
