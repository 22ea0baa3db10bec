import type { DriftReport, SeriesDrift } from '../drift/report.ts'
import type { DriftWatch } from '../drift/watch.ts'
import type { SampleTable } from './sample-table.ts'

/** Puts counts, bounds and the last complete window into an empty table. */
export function addDrift(table: SampleTable, watch: DriftWatch): void {
  const report = watch.report()
  const { reference } = report
  for (const { kind, name, labels, shares, at } of watch.series) {
    labels.forEach((bin, cell) => {
      const own = { reference, kind, name, bin }
      table.set('millrace_drift_records_total', own, watch.totals[at + cell])
      table.set('millrace_drift_reference_share', own, shares[cell])
    })
  }
  for (const { series, records, psi } of watch.dayBounds) {
    const size = String(records)
    const { kind, name } = series
    const own = { reference, kind, name, size }
    table.set('millrace_drift_day_bound_psi', own, psi)
    table.set('millrace_drift_day_bound_records', own, records)
  }
  if (report.window.isComplete) addWindow(table, report)
}

function addWindow(table: SampleTable, { reference, window, series }: DriftReport): void {
  table.set('millrace_drift_window_records', { reference }, window.records)
  for (const each of series) addSeries(table, reference, each)
}

function addSeries(table: SampleTable, reference: string, series: SeriesDrift): void {
  const { kind, name, psi, js, ks, missing, unseen, verdict } = series
  const own = { reference, kind, name }
  for (const [statistic, value] of Object.entries({ psi, js, ks })) {
    table.set('millrace_drift_distance', { ...own, statistic }, value)
  }
  table.set('millrace_drift_missing_share', own, missing)
  table.set('millrace_drift_unseen_share', own, unseen)
  if (verdict !== 'unjudged') {
    table.set('millrace_drift_detected', own, verdict === 'drift' ? 1 : 0)
  }
}
