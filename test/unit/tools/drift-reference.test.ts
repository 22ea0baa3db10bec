import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf } from '../../../src/drift/layout.ts'
import { parseReference } from '../../../src/drift/reference.ts'
import { DriftSketch } from '../../../src/drift/sketch.ts'
import { InferenceError } from '../../../src/inference/port.ts'
import { referenceCommand } from '../../../src/tools/drift-reference.ts'
import type { ReferenceBench } from '../../../src/tools/drift-reference.ts'
import { DRIFT_SPEC } from '../../fixtures/drift.ts'

const AT = 1_700_000_000_000
const DAY_MS = 86_400_000

interface Row {
  readonly at: number
  readonly size: number | null
  readonly colour: string
}

/** Rows evenly over so many days; every tenth size is missing, the score is the size's own. */
function rowsOf(count: number, days: number): readonly Row[] {
  return Array.from({ length: count }, (_, index) => ({
    at: AT + Math.floor((index * days * DAY_MS) / count),
    size: index % 10 === 0 ? null : (index * 37) % 101,
    colour: index % 3 === 0 ? 'red' : index % 50 === 1 ? 'green' : 'blue',
  }))
}

function lineOf({ at, size, colour }: Row): string {
  const [red, blue] = [Number(colour === 'red'), Number(colour === 'blue')]
  return JSON.stringify({ at, size, colour_red: red, colour_blue: blue })
}

/** Files by name, and a model whose score is a tenth of the size; `written` is what was put into the folder. */
function benchOf(files: Readonly<Record<string, readonly Row[]>>) {
  const bench: ReferenceBench & { written: string } = {
    written: '',
    async *lines(file) {
      yield* (files[file] ?? []).map(lineOf)
    },
    model: async () => ({
      spec: DRIFT_SPEC,
      scorer: {
        score: async (rows, count) =>
          Float64Array.from({ length: count }, (_, at) => (rows[at * 3 + 2] || 0) / 10),
        close: async () => undefined,
      },
    }),
    write: async (text) => {
      bench.written = text
      return 'fraud/reference.json'
    },
  }
  return bench
}

test('rows become a reference that the model takes, with every event counted and sizes up to a day measured', async () => {
  const bench = benchOf({ 'a.jsonl': rowsOf(12_000, 10) })
  const { output, status } = await referenceCommand(['a.jsonl', '--time', 'at'], bench)
  assert.equal(status, 0)
  const reference = parseReference(bench.written, 'reference.json', DRIFT_SPEC)
  assert.equal(reference.rows, 12_000)
  const [size] = reference.numbers
  assert.deepEqual([size?.name, size?.missing, size?.min], ['size', 1_200, 0])
  const [colour] = reference.categories
  assert.deepEqual([colour?.name, colour?.counts, colour?.other], ['colour', [4_000, 7_840], 160])
  const [score] = reference.scores
  assert.equal(score?.upper.at(-1), 10)
  assert.deepEqual(
    score?.calibration.map(({ records }) => records),
    [268, 540, 1_080],
  )
  const lines = output.split('\n')
  assert.match(
    lines[0] ?? '',
    /^fraud\/reference\.json: 12,000 rows, 2023-11-14T22:13:20\.000Z to /,
  )
  assert.equal(lines[1], 'a day has 1,200 rows; measured in windows of 268, 540, 1,080')
  assert.match(output, /^size +10\.00 % +10 +0\.\d{4}$/m)
  assert.match(output, /^colour +0\.00 % +2 +0\.\d{4}$/m)
  assert.match(output, /^score score +0\.00 % +10 +0\.\d{4}$/m)
})

test('the service counts the training data as its reference does, cell by cell', async () => {
  const rows = rowsOf(3_000, 3)
  const bench = benchOf({ a: rows })
  await referenceCommand(['a', '--time', 'at'], bench)
  const reference = parseReference(bench.written, 'reference.json', DRIFT_SPEC)
  const layout = layoutOf(reference, DRIFT_SPEC)
  const sketch = new DriftSketch(layout)
  for (const { size, colour } of rows) {
    const [red, blue] = [Number(colour === 'red'), Number(colour === 'blue')]
    const row = Float64Array.from([red, blue, size ?? Number.NaN])
    sketch.add(row, 0, Float64Array.of((size ?? 0) / 10), 0)
  }
  const {
    numbers: [size],
    categories: [colour],
    scores: [score],
  } = reference
  const cells = [size?.missing, 0, ...(size?.counts ?? []), 0]
  cells.push(
    ...(colour?.counts ?? []),
    colour?.other,
    score?.missing,
    0,
    ...(score?.counts ?? []),
    0,
  )
  assert.deepEqual([...sketch.counts], cells)
})

test('several files are one, in order of time', async () => {
  const rows = rowsOf(4_000, 4)
  const whole = benchOf({ a: rows })
  const parts = benchOf({ b: rows.slice(2_500), c: rows.slice(0, 2_500) })
  await referenceCommand(['a', '--time', 'at'], whole)
  const { output } = await referenceCommand(['b', 'c', '--time', 'at', '--json'], parts)
  assert.equal(parts.written, whole.written)
  const { rows: counted, fromMs, isDayJudged, sizes, series } = JSON.parse(output)
  assert.deepEqual([counted, fromMs, isDayJudged, sizes], [4_000, AT, true, [448]])
  assert.deepEqual(
    series.map(({ name }: { name: string }) => name),
    ['size', 'colour', 'score'],
  )
})

test('data that nothing can be judged by is written, said, and ends with 7', async () => {
  const few = await referenceCommand(['a', '--time', 'at'], benchOf({ a: rowsOf(1_900, 2) }))
  assert.equal(few.status, 7)
  assert.match(few.output, /Nothing will be judged: that takes 8 windows of 250 rows/)
  const slow = await referenceCommand(['a', '--time', 'at'], benchOf({ a: rowsOf(8_000, 80) }))
  assert.equal(slow.status, 7)
  assert.match(
    slow.output,
    /A window of a day will not be judged: it has 100 rows\. Set DRIFT_WINDOW_MS to 3110\d{5} /,
  )
})

test('a row that the model refuses, and options that are wrong, leave nothing written', async () => {
  const bench = benchOf({ a: rowsOf(3_000, 3) })
  const { spec, scorer } = await bench.model()
  const refusing: ReferenceBench = {
    ...bench,
    model: async () => ({
      spec,
      scorer: {
        ...scorer,
        score: async (rows, count) => {
          if (rows.includes(100)) throw new InferenceError('index out of bounds')
          return scorer.score(rows, count)
        },
      },
    }),
  }
  await assert.rejects(referenceCommand(['a', '--time', 'at'], refusing), {
    code: 'MODEL_MISMATCH',
    message: 'the model refuses one of the rows 1 to 1000: index out of bounds',
  })
  for (const [options, message] of [
    [['--time', 'at'], /a file of feature rows must be named/],
    [['a', '--tme', 'at'], /--tme.*See: millrace drift reference --help/],
  ] as const) {
    await assert.rejects(referenceCommand(options, bench), { code: 'CONFIG_INVALID', message })
  }
  assert.equal(bench.written, '')
})

test('help tells what a file must have, and the exit statuses', async () => {
  for (const options of [[], ['--help']]) {
    const { output, status } = await referenceCommand(options, benchOf({}))
    assert.equal(status, 0)
    assert.match(output, /millrace drift reference FILE…/)
    assert.match(output, / {2}7 {2}written, but a window of a day will not be judged/)
  }
})
