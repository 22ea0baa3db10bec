import { ServiceError } from '../domain/errors.ts'
import { judge } from './judge.ts'
import type { SeriesCounts } from './judge.ts'
import type { DriftReport, DriftWindow } from './report.ts'

/**
 * The report that one instance would give had it seen the windows of all of them. Counts are added, so
 * it is the same to the bit, but for windows that began or ended at other times.
 *
 * @throws ServiceError `MODEL_MISMATCH` when they were measured against different references
 */
export function mergeReports(reports: readonly [DriftReport, ...DriftReport[]]): DriftReport {
  const [first] = reports
  const other = reports.find(({ reference }) => reference !== first.reference)
  if (other !== undefined) {
    const message = `references ${first.reference} and ${other.reference} cannot be compared`
    throw new ServiceError('MODEL_MISMATCH', message)
  }
  const series = first.series.map((each, at): SeriesCounts => {
    const cells = each.cells.map((cell, i) => ({
      ...cell,
      count: reports.reduce((sum, report) => sum + (report.series[at]?.cells[i]?.count ?? 0), 0),
    }))
    const { kind, name, values, calibration, referenceMissing } = each
    return { kind, name, values, cells, calibration, referenceMissing }
  })
  return judge({ ...first, window: joined(reports.map(({ window }) => window)), series })
}

function joined(windows: readonly DriftWindow[]): DriftWindow {
  const from = windows.flatMap(({ fromMs = [] }) => fromMs)
  const to = windows.flatMap(({ toMs = [] }) => toMs)
  return {
    // An instance without events has nothing to wait for.
    isComplete: windows.every(({ isComplete, records }) => isComplete || records === 0),
    records: windows.reduce((sum, { records }) => sum + records, 0),
    fromMs: from.length === 0 ? undefined : Math.min(...from),
    toMs: to.length === 0 ? undefined : Math.max(...to),
  }
}
