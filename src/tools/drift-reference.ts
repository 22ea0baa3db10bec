import { parseArgs } from 'node:util'
import { EXIT, ServiceError } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { CALIBRATION_MIN } from '../drift/calibrate.ts'
import { layoutOf } from '../drift/layout.ts'
import type { LaidOut } from '../drift/layout.ts'
import { referenceOf, referenceText } from '../drift/make-reference.ts'
import { parseReference, referenceId } from '../drift/reference.ts'
import type { Reference } from '../drift/reference.ts'
import { DriftWatch } from '../drift/watch.ts'
import type { Scorer } from '../inference/port.ts'
import { scoreRows } from '../inference/score-rows.ts'
import { readFeatureRows } from './feature-rows.ts'
import { formatTable } from './table.ts'

const DAY_MS = 86_400_000

/** What `millrace drift reference --help` prints. */
const HELP = `Usage: MODEL_DIR=FOLDER millrace drift reference FILE… [--time COLUMN] [--json]

Measures the training data and writes FOLDER/reference.json, which makes the service watch for drift: how
each feature and score is distributed, and how far windows of the training data are from the whole of it,
which live windows are judged by. Scores are computed by the model itself, as it is served, once it has
reproduced its golden rows.

  FILE           feature rows, one a line: NDJSON, or CSV with a header; - is standard input. Every column
                 of model.yaml by its name (null, or an empty cell, where there is no value), and the event
                 time. Or records of ml-audit-log as NDJSON, as they are: what was predicted counts. Rows
                 are put in order of time. Take as many whole days as possible, with the rows that have
                 no label, and one row per event as it came: no sampling, no balancing.
  --time COLUMN  the event time: ms since 1970, or ISO 8601
                 (default: the field that model.yaml names, in its unit)
  --json         what was measured, as JSON

Restart the service to use it. At least ${CALIBRATION_MIN.windows} windows of ${CALIBRATION_MIN.records} rows are needed for anything to be judged.

Exit status
  0  written
  2  the options, the model or a row cannot be used; nothing is written
  7  written, but a window of a day will not be judged: the output says why
`

/** What the command reaches out for. */
export interface ReferenceBench {
  /** The lines of a file, or of standard input for `-`. @throws ServiceError `CONFIG_INVALID` */
  lines(file: string): AsyncIterable<string>
  /** The model as it is served, its golden rows reproduced. */
  model(): Promise<{ readonly spec: ModelSpec; readonly scorer: Scorer }>
  /** Puts the text into the model folder. @returns the path of the file */
  write(text: string): Promise<string>
}

/**
 * `millrace drift reference`.
 *
 * @returns what to print, and the exit status
 * @throws ServiceError `CONFIG_INVALID` for wrong options or rows
 * @throws ServiceError `MODEL_INVALID`, `MODEL_MISMATCH` for a model that cannot be served
 */
export async function referenceCommand(
  options: readonly string[],
  bench: ReferenceBench,
): Promise<{ readonly output: string; readonly status: number }> {
  if (options.length === 0 || options.includes('--help')) return { output: HELP, status: EXIT.ok }
  const { names, time, json } = parse(options)
  const { spec, scorer } = await bench.model()
  const files = names.map((name) => ({ name, lines: bench.lines(name) }))
  const { features, timesMs } = await readFeatureRows(files, { spec, time })
  const { length: count } = timesMs
  const scores = await scoreRows(scorer, features, { count, outputs: spec.model.outputs.length })
  const reference = referenceOf(spec, { features, scores, timesMs })
  const text = referenceText(reference)
  // Never one that the service would refuse.
  parseReference(text, 'the reference', spec)
  const summary = {
    file: await bench.write(text),
    reference: referenceId(text),
    rows: count,
    fromMs: timesMs[0] ?? 0,
    toMs: timesMs.at(-1) ?? 0,
    ...judgedBy(reference, spec),
  }
  const output = json ? `${JSON.stringify(summary, undefined, 2)}\n` : textOf(summary)
  return { output, status: summary.isDayJudged ? EXIT.ok : EXIT.incomplete }
}

function parse(args: readonly string[]): {
  readonly names: readonly string[]
  readonly time: string | undefined
  readonly json: boolean
} {
  const known = { time: { type: 'string' }, json: { type: 'boolean' } } as const
  try {
    const parsed = parseArgs({ args: [...args], options: known, allowPositionals: true })
    const { values, positionals: names } = parsed
    if (names.length === 0) throw new Error('a file of feature rows must be named')
    return { names, time: values.time, json: values.json ?? false }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ServiceError('CONFIG_INVALID', `${why}. See: millrace drift reference --help`, error)
  }
}

/** What live windows will be judged by. */
interface JudgedBy {
  /** Events on an average day. */
  readonly dayRecords: number
  /** Sizes of windows that were measured, in events, ascending. */
  readonly sizes: readonly number[]
  /** Event time that the smallest of them takes, ms; `null` where none was measured. */
  readonly leastMs: number | null
  readonly isDayJudged: boolean
  readonly series: readonly {
    readonly kind: LaidOut['kind']
    readonly name: string
    readonly missing: number
    /** Cells that the training data has values in. */
    readonly bins: number
    /** Largest psi of a day that is no drift, at one false alarm a month. */
    readonly dayBound: number | null
  }[]
}

function judgedBy(reference: Reference, spec: ModelSpec): JudgedBy {
  const { rows, spanMs } = reference
  const layout = layoutOf(reference, spec)
  const policy = { windowMs: DAY_MS, windowRecords: Infinity, falseAlarmsPerMonth: 1 }
  const { dayBounds, leastRecords } = new DriftWatch({ reference, id: '', layout, policy })
  const [first] = layout.series
  return {
    dayRecords: Math.floor((rows * DAY_MS) / spanMs),
    sizes: first?.calibration.map(({ records }) => records) ?? [],
    leastMs: leastRecords < Infinity ? Math.ceil((leastRecords * spanMs) / rows) : null,
    isDayJudged: dayBounds.length > 0,
    series: layout.series.map((series) => {
      const { kind, name, referenceMissing: missing, labels } = series
      const dayBound = dayBounds.findLast((bound) => bound.series === series)?.psi ?? null
      // Missing, below and above are cells of every number; what is other, of every category.
      const beside = series.values === 'number' ? 3 : 1
      return { kind, name, missing, bins: labels.length - beside, dayBound }
    }),
  }
}

function textOf(
  summary: JudgedBy & {
    readonly file: string
    readonly reference: string
    readonly rows: number
    readonly fromMs: number
    readonly toMs: number
  },
): string {
  const { file, reference, rows, fromMs, toMs, series, sizes, dayRecords } = summary
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString())
  const whole = (value: number): string => value.toLocaleString('en-US')
  const titles = ['', 'missing', 'bins', 'bound of a day']
  const lines = series.map(({ kind, name, missing, bins, dayBound }) => [
    kind === 'score' ? `score ${name}` : name,
    `${(100 * missing).toFixed(2)} %`,
    String(bins),
    dayBound?.toFixed(4) ?? '–',
  ])
  const measured = sizes.length === 0 ? 'none' : sizes.map(whole).join(', ')
  return (
    `${file}: ${whole(rows)} rows, ${from} to ${to}; reference ${reference}\n` +
    `a day has ${whole(dayRecords)} rows; measured in windows of ${measured}\n\n` +
    `${formatTable([titles, ...lines])}${adviceOf(summary)}`
  )
}

/** What is wanting for a day to be judged. */
function adviceOf({ isDayJudged, leastMs, dayRecords }: JudgedBy): string {
  if (isDayJudged) return ''
  const { windows, records } = CALIBRATION_MIN
  return leastMs === null
    ? `\nNothing will be judged: that takes ${windows} windows of ${records} rows. Take more days.\n`
    : `\nA window of a day will not be judged: it has ${dayRecords} rows. Set DRIFT_WINDOW_MS to ${leastMs} at least, or take more days.\n`
}
