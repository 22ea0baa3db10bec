import { gammaQuantile } from './gamma.ts'
import type { Calibration } from './report.ts'

/** False alarms are asked for by the month of event time, ms. */
const MONTH_MS = 30 * 86_400_000
/** The spread of a few windows is itself uncertain: so many standard errors on top. */
const ERRORS = 2
/** No window is judged by less than this, however few and long they are. */
const CHANCE_MAX = 0.05
/**
 * What never varied in training has no spread to judge by: psi from which it has drifted. Some two events
 * in a thousand that are otherwise.
 */
const CONSTANT_MAX = 0.02
/** Spread below which it is one of rounding, relative to the mean. */
const SPREAD_MIN = 1e-6

/** What a window is judged by. */
export interface Judgement {
  /** Events that the window counts for; see {@link countsFor}. */
  readonly records: number
  /** Chance of a false alarm that this window has, for one series. */
  readonly chance: number
}

/** The training data, as far as windows are compared with it. */
export interface Extent {
  readonly rows: number
  readonly spanMs: number
}

/**
 * How many events a window counts for: never more than the training data has in the same time. Ten
 * times the events of one hour still know that hour only.
 */
export function countsFor(window: Extent, reference: Extent): number {
  return Math.min(window.rows, (reference.rows * window.spanMs) / reference.spanMs)
}

/**
 * A window's part of the month's false alarms, by how long it is: whatever windows a month is cut
 * into, the chances add up to what was asked for.
 */
export function chanceOf(
  spanMs: number,
  {
    falseAlarmsPerMonth,
    series,
  }: { readonly falseAlarmsPerMonth: number; readonly series: number },
): number {
  return Math.min(CHANCE_MAX, (falseAlarmsPerMonth * spanMs) / MONTH_MS / Math.max(1, series))
}

/**
 * Largest psi that is no drift.
 *
 * The training data's own windows of that size say how far windows are from the whole where nothing
 * drifts: autocorrelation, hours and weekdays are in it, as no formula for independent events has them.
 *
 * @returns `undefined` where the window is smaller than any that was measured
 */
export function thresholdOf(
  calibration: readonly Calibration[],
  rows: number,
  { records, chance }: Judgement,
): number | undefined {
  const reached = calibration.findLast((each) => each.records <= records)
  return reached === undefined || !(chance > 0) ? undefined : boundOf(reached, rows, chance)
}

/** Relative standard error of a standard deviation that so many values of a gamma distribution gave. */
function errorOfSd(variation: number, values: number): number {
  return Math.sqrt((2 + 6 * variation ** 2) / (4 * values))
}

/** Largest psi that is no drift, for windows of a measured size. */
export function boundOf(size: Calibration, rows: number, chance: number): number {
  const { records, windows, mean, sd, max } = size
  // A window of the training data is part of what it is compared with; a live one is not.
  const share = records / rows
  const apart = (1 + share) / (1 - share)
  const wide = sd * (1 + ERRORS * errorOfSd(sd / mean, windows))
  // Rarer than one in all measured windows: then it is rarer than any of them, too.
  const least = chance * windows < 1 ? max : 0
  const bound = Math.max(least, gammaQuantile(mean, wide, chance)) * apart
  return sd > mean * SPREAD_MIN ? bound : Math.max(CONSTANT_MAX, bound)
}
