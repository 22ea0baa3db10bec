import { judge } from './judge.ts'
import type { SeriesCounts } from './judge.ts'
import type { DriftLayout, LaidOut } from './layout.ts'
import type { Reference } from './reference.ts'
import type { DriftReport, DriftWindow } from './report.ts'
import { boundOf, chanceOf, countsFor } from './threshold.ts'

const DAY_MS = 86_400_000

/** When a window is complete, and how many false alarms are bearable. */
export interface DriftPolicy {
  /** Longest time a window stays open, wall-clock ms. */
  readonly windowMs: number
  /** Events of a window at most. */
  readonly windowRecords: number
  readonly falseAlarmsPerMonth: number
}

/** What a committed unit adds. */
export interface DriftUnit {
  /** By cell of the layout. */
  readonly counts: Float64Array
  readonly records: number
  /** Oldest and newest event time, ms. */
  readonly fromMs: number
  readonly toMs: number
  readonly committedAtMs: number
}

/** Windows one after the other, and all that was counted since the start. */
export class DriftWatch {
  /** By cell; never falls. */
  readonly totals: Float64Array
  /** The features and scores that are watched. */
  readonly series: readonly LaidOut[]
  /** What a window of one day is judged by, as a fleet's rules need it: they cannot compute it. */
  readonly dayBounds: readonly DayBound[]
  /** Least events that a window can be judged with; infinite where the reference was not measured. */
  readonly leastRecords: number
  readonly #about: Pick<
    DriftReport,
    'reference' | 'referenceRows' | 'referenceSpanMs' | 'falseAlarmsPerMonth'
  >
  readonly #layout: DriftLayout
  readonly #policy: DriftPolicy
  #open: OpenWindow
  #complete: OpenWindow | undefined

  constructor(options: {
    readonly reference: Reference
    /** Of its text; see `referenceId`. */
    readonly id: string
    readonly layout: DriftLayout
    readonly policy: DriftPolicy
  }) {
    const { reference, id, layout, policy } = options
    this.totals = new Float64Array(layout.cells)
    this.series = layout.series
    this.dayBounds = dayBoundsOf(reference, layout, policy.falseAlarmsPerMonth)
    const sizes = layout.series.flatMap(({ calibration }) =>
      calibration.map((each) => each.records),
    )
    this.leastRecords = Math.min(...sizes)
    this.#layout = layout
    this.#policy = policy
    this.#open = emptyWindow(layout.cells)
    this.#about = {
      reference: id,
      referenceRows: reference.rows,
      referenceSpanMs: reference.spanMs,
      falseAlarmsPerMonth: policy.falseAlarmsPerMonth,
    }
  }

  /** Once a commit. */
  committed(unit: DriftUnit): void {
    if (unit.records === 0) return
    const window = this.#open
    window.openedAtMs ??= unit.committedAtMs
    window.records += unit.records
    window.fromMs = Math.min(window.fromMs, unit.fromMs)
    window.toMs = Math.max(window.toMs, unit.toMs)
    addTo(window.counts, unit.counts)
    addTo(this.totals, unit.counts)
    const { windowMs, windowRecords } = this.#policy
    const isOver = unit.committedAtMs - window.openedAtMs >= windowMs
    if (!isOver && window.records < windowRecords) return
    this.#complete = window
    // From where that one ended, so that a night without events counts for the time it is.
    this.#open = { ...emptyWindow(this.#layout.cells), fromMs: window.toMs }
  }

  /** Of the last complete window, or of the open one while there is none. */
  report(): DriftReport {
    const shown = this.#complete ?? this.#open
    const series = this.#layout.series.map((each): SeriesCounts => {
      const { kind, name, values, labels, shares, at, calibration, referenceMissing } = each
      const cells = labels.map((label, cell) => ({
        label,
        count: shown.counts[at + cell] ?? 0,
        share: shares[cell] ?? 0,
      }))
      return { kind, name, values, cells, calibration, referenceMissing }
    })
    return judge({ ...this.#about, window: this.#shown(shown), series })
  }

  #shown({ records, fromMs, toMs }: OpenWindow): DriftWindow {
    const isComplete = this.#complete !== undefined
    if (records === 0) return { isComplete, records, fromMs: undefined, toMs: undefined }
    return { isComplete, records, fromMs, toMs }
  }
}

/** Largest psi that is no drift, for windows of one day with as many events at least. */
export interface DayBound {
  readonly series: LaidOut
  readonly records: number
  readonly psi: number
}

function dayBoundsOf(
  reference: Reference,
  { series }: DriftLayout,
  falseAlarmsPerMonth: number,
): readonly DayBound[] {
  const records = countsFor({ rows: Infinity, spanMs: DAY_MS }, reference)
  const chance = chanceOf(DAY_MS, { falseAlarmsPerMonth, series: series.length })
  return series.flatMap((each) =>
    each.calibration
      .filter((size) => size.records <= records)
      .map((size) => ({
        series: each,
        records: size.records,
        psi: boundOf(size, reference.rows, chance),
      })),
  )
}

interface OpenWindow {
  readonly counts: Float64Array
  openedAtMs: number | undefined
  records: number
  fromMs: number
  toMs: number
}

function emptyWindow(cells: number): OpenWindow {
  const counts = new Float64Array(cells)
  return { counts, openedAtMs: undefined, records: 0, fromMs: Infinity, toMs: -Infinity }
}

function addTo(sum: Float64Array, counts: Float64Array): void {
  for (let cell = 0; cell < sum.length; cell++) sum[cell] = (sum[cell] ?? 0) + (counts[cell] ?? 0)
}
