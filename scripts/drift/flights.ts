import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { referenceOf } from '../../src/drift/make-reference.ts'
import type { ServedRows } from '../../src/drift/make-reference.ts'
import { chanceOf } from '../../src/drift/threshold.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { flightDelayPlan } from '../train/flight-delay.ts'
import { serve } from '../train/served.ts'
import { joined, Judge, slice } from './windows.ts'

const DAY_MS = 86_400_000
/** The year's first day begins at midnight in New York. */
const YEAR_MS = Date.UTC(2013, 0, 1, 5)

/** The flights of 2013 as the model `flight-delay` sees them. */
export interface Year {
  readonly spec: ModelSpec
  readonly rows: ServedRows
}

/** A month judged in windows of so many days. */
export interface JudgedMonth {
  /** 1–12. */
  readonly month: number
  readonly windows: number
  readonly drifted: number
  /** In how many windows each feature drifted. */
  readonly names: ReadonlyMap<string, number>
}

/** Computes the features and scores of all flights of the year. */
export async function readYear(): Promise<Year> {
  const folder = join(import.meta.dirname, '../../models/flight-delay')
  const specFile = join(folder, 'model.yaml')
  const spec = parseModelSpec(readFileSync(specFile, 'utf8'), specFile)
  const { examples } = await flightDelayPlan(spec)
  const modelFile = join(folder, spec.model.file)
  const rows = await serve({ spec, modelFile }, examples, { from: 0, to: examples.length })
  return { spec, rows }
}

/** Months against a reference of the months `from` to `to`, both included. */
export function judgeMonths(
  { spec, rows }: Year,
  of: { readonly from: number; readonly to: number; readonly days: number },
): readonly JudgedMonth[] {
  const training = between(rows, monthStart(of.from), monthStart(of.to + 1))
  const judge = new Judge(referenceOf(spec, training), spec)
  return Array.from({ length: 12 }, (_, at) => {
    const windows = windowsOf(rows, of.days, monthStart(at + 1), monthStart(at + 2))
    const names = new Map<string, number>()
    let drifted = 0
    for (const window of windows) {
      const about = { records: window.timesMs.length, spanMs: of.days * DAY_MS }
      const found = judge
        .judge(judge.count(window), about, 1)
        .filter(({ verdict }) => verdict === 'drift')
      if (found.length > 0) drifted += 1
      for (const { name } of found) names.set(name, (names.get(name) ?? 0) + 1)
    }
    return { month: at + 1, windows: windows.length, drifted, names }
  })
}

/** What is found in weeks that were left out of the reference, every other one of January to August, either way. */
export interface LeftOut {
  readonly windows: number
  /** False alarms to be expected where so many a month are asked for. */
  expected(asked: number): number
  /** Features and scores that are told of, window by window. */
  found(asked: number): number
  /** Share of windows in which a feature moved by so many of its standard deviations is found, at 1 a month. */
  power(name: string, shift: number): number
}

/** Trains on every other week and judges windows of the weeks between, then the other way round. */
export function leaveOut(year: Year, days: 1 | 7): LeftOut {
  const halves = [0, 1].map((parity) => new Half(year, parity, days))
  const windows = sumOf(halves, (half) => half.windows.length)
  return {
    windows,
    expected: (asked) => sumOf(halves, (half) => half.expected(asked)),
    found: (asked) => sumOf(halves, (half) => half.found(asked)),
    power: (name, shift) => sumOf(halves, (half) => half.foundMoved(name, shift)) / windows,
  }
}

/** Every other week as the reference, and windows of the others. */
class Half {
  readonly windows: readonly ServedRows[]
  readonly #spec: ModelSpec
  readonly #training: ServedRows
  readonly #judge: Judge
  readonly #spanMs: number

  constructor({ spec, rows }: Year, parity: number, days: 1 | 7) {
    const weeks = windowsOf(rows, 7, YEAR_MS, monthStart(9))
    this.#spec = spec
    this.#spanMs = days * DAY_MS
    this.#training = joined(weeks.filter((_, at) => at % 2 === parity))
    this.#judge = new Judge(referenceOf(spec, this.#training), spec)
    this.windows = weeks
      .filter((_, at) => at % 2 !== parity)
      .flatMap((week) => {
        const [first = 0] = week.timesMs
        return days === 7 ? [week] : windowsOf(week, 1, first, first + 7 * DAY_MS)
      })
  }

  /** Where a window may have no larger chance, that one. */
  expected(asked: number): number {
    const { series } = this.#judge
    const chance = chanceOf(this.#spanMs, { falseAlarmsPerMonth: asked, series })
    return this.windows.length * series * chance
  }

  found(asked: number): number {
    return sumOf(this.windows, (window) => this.#driftsOf(window, asked).length)
  }

  foundMoved(name: string, shift: number): number {
    const column = this.#spec.features.findIndex((feature) => feature.name === name)
    const by = shift * deviationOf(this.#training, column)
    return this.windows.filter((window) => {
      return this.#driftsOf(moved(window, column, by), 1).includes(name)
    }).length
  }

  #driftsOf(window: ServedRows, asked: number): readonly string[] {
    const about = { records: window.timesMs.length, spanMs: this.#spanMs }
    const series = this.#judge.judge(this.#judge.count(window), about, asked)
    return series.flatMap(({ verdict, name }) => (verdict === 'drift' ? [name] : []))
  }
}

function sumOf<Each>(all: readonly Each[], of: (each: Each) => number): number {
  return all.reduce((sum, each) => sum + of(each), 0)
}

function monthStart(month: number): number {
  return Date.UTC(2013, month - 1, 1, 5)
}

function between(rows: ServedRows, fromMs: number, toMs: number): ServedRows {
  return slice(rows, firstAt(rows, fromMs), firstAt(rows, toMs))
}

function firstAt({ timesMs }: ServedRows, atMs: number): number {
  const found = timesMs.findIndex((timeMs) => timeMs >= atMs)
  return found < 0 ? timesMs.length : found
}

/** Whole windows of so many days between two times. */
function windowsOf(rows: ServedRows, days: number, fromMs: number, toMs: number): ServedRows[] {
  const windows: ServedRows[] = []
  for (let at = fromMs; at + days * DAY_MS <= toMs; at += days * DAY_MS) {
    const window = between(rows, at, at + days * DAY_MS)
    if (window.timesMs.length > 0) windows.push(window)
  }
  return windows
}

function deviationOf({ features, timesMs }: ServedRows, column: number): number {
  const columns = features.length / timesMs.length
  const values = features.filter((value, at) => at % columns === column && !Number.isNaN(value))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

function moved(rows: ServedRows, column: number, by: number): ServedRows {
  const columns = rows.features.length / rows.timesMs.length
  const features = rows.features.map((value, at) => (at % columns === column ? value + by : value))
  return { ...rows, features }
}
