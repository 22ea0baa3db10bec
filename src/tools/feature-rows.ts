import { show } from '../decode/field-rules.ts'
import { TIME_RULES } from '../decode/time-rules.ts'
import { ServiceError } from '../domain/errors.ts'
import type { FeatureSpec, ModelSpec } from '../domain/model-spec.ts'
import { csvCells } from './csv-cells.ts'

/** Values of all rows together: 800 MB. */
const VALUES_MAX = 100_000_000
/** March 1973: times before it are seconds that were taken for ms. */
const TIME_MS_MIN = 100_000_000_000
/** Of audit records. */
const AUDIT_TIME = 'event_time'

/** Rows of features and when their events happened, in order of time. */
export interface FeatureRows {
  /** `[rows, columns]`, row-major, NaN = null. */
  readonly features: Float64Array
  /** Event times; as many as there are rows. */
  readonly timesMs: Float64Array
}

/** A file, or what stands for one. */
export interface RowsFile {
  readonly name: string
  readonly lines: AsyncIterable<string>
}

/** How rows are read. */
export interface RowsOptions {
  readonly spec: ModelSpec
  /** The column of the event time; unless given, the field that `model.yaml` names. */
  readonly time: string | undefined
}

/** A line as named values; `undefined` of what it does not have. */
type Cells = (name: string) => unknown

/**
 * Reads feature rows: NDJSON or CSV with a header, told apart by the first line, each column by its name
 * in `model.yaml`; or audit records (`ml-audit-log`) as NDJSON, of which those that were predicted count.
 * Rows may come in any order.
 *
 * @throws ServiceError `CONFIG_INVALID` naming file, line and column of the first value that cannot be
 *   taken, or when there are too few rows or too many
 */
export async function readFeatureRows(
  files: readonly RowsFile[],
  options: RowsOptions,
): Promise<FeatureRows> {
  const rows = new GrowingRows(options.spec.features.length)
  const rowOf = new RowParser(options)
  for (const { name, lines } of files) {
    let number = 0
    let header: readonly string[] | undefined
    for await (const line of lines) {
      number += 1
      if (line.trim() === '') continue
      try {
        if (header === undefined && !line.startsWith('{')) header = csvCells(line)
        else rowOf.add(header === undefined ? jsonCells(line) : namedCells(header, line), rows)
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        throw new ServiceError('CONFIG_INVALID', `${name}:${number}: ${error.message}`, error)
      }
    }
  }
  return rows.inOrder()
}

/** Puts a line's values where the model has them. */
class RowParser {
  readonly #features: readonly FeatureSpec[]
  readonly #time: { readonly column: string | undefined; readonly unit: 'ms' | 's' | 'iso8601' }
  readonly #row: Float64Array

  constructor({ spec, time }: RowsOptions) {
    const own = spec.event.time.from === 'field' ? spec.event.time : undefined
    const isOwn = time === undefined || time === own?.field
    this.#features = spec.features
    this.#time = { column: time ?? own?.field, unit: isOwn ? (own?.unit ?? 'ms') : 'ms' }
    this.#row = new Float64Array(spec.features.length)
  }

  add(cells: Cells, rows: GrowingRows): void {
    const audited = auditedFeatures(cells)
    if (audited === null) return
    if (audited !== undefined) {
      this.#takeAudited(audited)
      rows.add(this.#row, timeOf(cells, { column: AUDIT_TIME, unit: 'ms' }))
    } else {
      this.#features.forEach((feature, at) => {
        this.#row[at] = valueOf(feature, cells(feature.name))
      })
      rows.add(this.#row, timeOf(cells, this.#time))
    }
  }

  #takeAudited(values: readonly unknown[]): void {
    const { length } = this.#features
    if (values.length !== length)
      refuse(`features must have ${length} values, got ${values.length}`)
    this.#features.forEach((feature, at) => {
      this.#row[at] = values[at] === null ? Number.NaN : valueOf(feature, values[at])
    })
  }
}

/** The features of an audit record, `null` when it was not predicted; `undefined` of any other row. */
function auditedFeatures(cells: Cells): readonly unknown[] | null | undefined {
  const features = cells('features')
  const isAudit = cells('outcome') !== undefined && cells('source_offset') !== undefined
  if (!isAudit || !(features === null || Array.isArray(features))) return undefined
  return cells('outcome') === 'predicted' ? features : null
}

function valueOf({ name, operation, defaultValue }: FeatureSpec, given: unknown): number {
  if (given === undefined) return refuse(`there is no column "${name}", which the model has`)
  const value = numberOf(given)
  if (operation === 'one_hot' && value !== 0 && value !== 1) {
    return refuse(`${name} must be 0 or 1, got ${show(given)}`)
  }
  if (value === null) return defaultValue ?? Number.NaN
  return value ?? refuse(`${name} must be a finite number, or null, got ${show(given)}`)
}

/** A number, `null` where there is none, `undefined` where it is something else. */
function numberOf(given: unknown): number | null | undefined {
  if (given === null || given === '') return null
  if (typeof given === 'boolean') return Number(given)
  if (typeof given === 'number') return Number.isFinite(given) ? given : undefined
  if (typeof given !== 'string') return undefined
  if (given.toLowerCase() === 'nan') return null
  const value = Number(given)
  return Number.isFinite(value) && given.trim() !== '' ? value : undefined
}

function timeOf(
  cells: Cells,
  { column, unit }: { readonly column: string | undefined; readonly unit: 'ms' | 's' | 'iso8601' },
): number {
  if (column === undefined) return refuse('--time must name the column of the event time')
  const given = cells(column)
  if (given === undefined) {
    return refuse(`there is no column "${column}"; --time names that of the event time`)
  }
  const number = unit === 'iso8601' ? undefined : numberOf(given)
  const rule = typeof number === 'number' && unit !== 'iso8601' ? unit : 'iso8601'
  const timeMs = TIME_RULES[rule].parse(number ?? given)
  if (timeMs === undefined)
    return refuse(`${column} must be ${TIME_RULES[unit].rule}, got ${show(given)}`)
  if (timeMs >= TIME_MS_MIN) return timeMs
  return refuse(`${column} must be ms since 1970, got ${show(given)}: seconds?`)
}

function jsonCells(line: string): Cells {
  let object: unknown
  try {
    object = JSON.parse(line)
  } catch (error) {
    return refuse(`it is not JSON (NaN is written as null): ${String(error)}`)
  }
  const cells = new Map(Object.entries(Object(object)))
  return (name) => cells.get(name)
}

function namedCells(header: readonly string[], line: string): Cells {
  const cells = csvCells(line)
  if (cells.length !== header.length) {
    refuse(`it must have ${header.length} cells, as the header, got ${cells.length}`)
  }
  return (name) => cells[header.indexOf(name)]
}

/** Rows as they come. */
class GrowingRows {
  readonly #columns: number
  #features: Float64Array
  #timesMs = new Float64Array(1_024)
  #count = 0
  #isInOrder = true

  constructor(columns: number) {
    this.#columns = columns
    this.#features = new Float64Array(1_024 * columns)
  }

  add(row: Float64Array, timeMs: number): void {
    if (this.#count === this.#timesMs.length) this.#grow()
    this.#isInOrder &&= timeMs >= (this.#timesMs[this.#count - 1] ?? -Infinity)
    this.#features.set(row, this.#count * this.#columns)
    this.#timesMs[this.#count++] = timeMs
  }

  inOrder(): FeatureRows {
    const features = this.#features.subarray(0, this.#count * this.#columns)
    const timesMs = this.#timesMs.subarray(0, this.#count)
    const [first = 0] = timesMs
    if (timesMs.every((timeMs) => timeMs === first)) {
      return refuse(`rows of different times are needed, got ${this.#count} rows of one`)
    }
    if (this.#isInOrder) return { features, timesMs }
    const order = Array.from(timesMs.keys()).toSorted(
      (one, other) => (timesMs[one] ?? 0) - (timesMs[other] ?? 0),
    )
    const sorted = new Float64Array(features.length)
    order.forEach((from, to) => {
      const start = from * this.#columns
      sorted.set(features.subarray(start, start + this.#columns), to * this.#columns)
    })
    return { features: sorted, timesMs: timesMs.slice().sort() }
  }

  #grow(): void {
    const capacity = this.#timesMs.length * 2
    if (this.#count * this.#columns > VALUES_MAX) {
      refuse(`there are more than ${VALUES_MAX} values: take fewer days`)
    }
    const timesMs = new Float64Array(capacity)
    const features = new Float64Array(capacity * this.#columns)
    timesMs.set(this.#timesMs)
    features.set(this.#features)
    this.#timesMs = timesMs
    this.#features = features
  }
}

function refuse(problem: string): never {
  throw new ServiceError('CONFIG_INVALID', problem)
}
