/**
 * What counting values for drift costs, alone: see `--help`.
 *
 * Counted in CPU seconds of the process, so that others on the machine change little; the best of the
 * rounds counts.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ModelSpec } from '../src/domain/model-spec.ts'
import { layoutOf } from '../src/drift/layout.ts'
import type { DriftLayout } from '../src/drift/layout.ts'
import { parseReference } from '../src/drift/reference.ts'
import type { Reference } from '../src/drift/reference.ts'
import { DriftSketch } from '../src/drift/sketch.ts'
import { DriftWatch } from '../src/drift/watch.ts'
import { parseModelSpec } from '../src/features/spec.ts'
import { Random } from '../test/simulation/random.ts'

const HELP = `Usage: node bench/sketch.ts [--rounds N] [--json]

Of each shipped model: ns to count an event (values spread over all bins, so that no branch can be
guessed), and µs to add a unit's counts to its window (once a commit) and to make a report (once a scrape).

  --rounds N   rounds (default 20)
  --json       the figures as JSON
`
const MODELS = resolve(import.meta.dirname, '../models')
const NAMES = ['engagement', 'flight-delay'] as const
const EVENTS = 20_000
const UNITS = 1_000
const REPORTS = 200

interface Figures {
  readonly model: string
  /** Features and scores that are watched. */
  readonly values: number
  readonly cells: number
  readonly nsPerEvent: number
  readonly usPerCommit: number
  readonly usPerReport: number
}

process.exitCode = main()

function main(): number {
  const options = {
    rounds: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const figures = NAMES.map((name) => measure(name, Number(values.rounds ?? 20)))
  process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : table(figures))
  return 0
}

function measure(model: string, rounds: number): Figures {
  const folder = join(MODELS, model)
  const specFile = join(folder, 'model.yaml')
  const spec = parseModelSpec(readFileSync(specFile, 'utf8'), specFile)
  const file = join(folder, 'reference.json')
  const reference = parseReference(readFileSync(file, 'utf8'), file, spec)
  const layout = layoutOf(reference, spec)
  const features = rowsOf(spec, layout)
  const columns = spec.features.length
  const scores = Float64Array.from({ length: EVENTS }, (_, at) => ((at * 7_919) % EVENTS) / EVENTS)
  const sketch = new DriftSketch(layout)
  const watch = watchOf(reference, layout)
  const unit = { counts: sketch.counts, records: 1, fromMs: 0, toMs: 0, committedAtMs: 0 }
  return {
    model,
    values: layout.series.length,
    cells: layout.cells,
    nsPerEvent: best(rounds, EVENTS, (at) => sketch.add(features, at * columns, scores, at)) * 1e3,
    usPerCommit: best(rounds, UNITS, () => watch.committed(unit)),
    usPerReport: best(rounds, REPORTS, () => void watch.report()),
  }
}

function watchOf(reference: Reference, layout: DriftLayout): DriftWatch {
  const policy = { windowMs: Infinity, windowRecords: Infinity, falseAlarmsPerMonth: 1 }
  return new DriftWatch({ reference, id: '', layout, policy })
}

/** Least CPU time of one call, µs. */
function best(rounds: number, calls: number, run: (at: number) => void): number {
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const from = process.cpuUsage()
    for (let at = 0; at < calls; at++) run(at)
    const { user, system } = process.cpuUsage(from)
    least = Math.min(least, (user + system) / calls)
  }
  return least
}

/** Rows with values of all bins, missing and unseen ones included. */
function rowsOf(spec: ModelSpec, { series }: DriftLayout): Float64Array {
  const random = new Random(1)
  const columns = spec.features.length
  const rows = new Float64Array(EVENTS * columns)
  for (let row = 0; row < EVENTS; row++) {
    for (const { kind, values, column, columns: width, bounds, labels } of series) {
      if (kind === 'score') continue
      const at = row * columns + column
      const cell = random.whole(0, labels.length - 1)
      if (values === 'category') rows.fill(0, at, at + width).fill(1, at + cell, at + cell + 1)
      else rows[at] = cell === 0 ? Number.NaN : (bounds[cell - 1] ?? Infinity)
    }
  }
  return rows
}

function table(figures: readonly Figures[]): string {
  const row = (cells: readonly (string | number)[]): string =>
    `${cells.map((cell, at) => (at === 0 ? String(cell).padEnd(14) : String(cell).padStart(14))).join('')}\n`
  const head = ['model', 'values', 'cells', 'ns an event', 'µs a commit', 'µs a report']
  return [
    row(head),
    ...figures.map(({ model, values, cells, nsPerEvent, usPerCommit, usPerReport }) =>
      row([
        model,
        values,
        cells,
        ...[nsPerEvent, usPerCommit, usPerReport].map((each) => each.toFixed(1)),
      ]),
    ),
  ].join('')
}
