import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelSpec } from '../../../src/domain/model-spec.ts'
import { readFeatureRows } from '../../../src/tools/feature-rows.ts'
import type { RowsOptions } from '../../../src/tools/feature-rows.ts'
import { DRIFT_SPEC } from '../../fixtures/drift.ts'

const AT = 1_700_000_000_000

/** Events carry their time in seconds. */
const TIMED_SPEC: ModelSpec = {
  ...DRIFT_SPEC,
  event: { ...DRIFT_SPEC.event, time: { from: 'field', field: 'paid_at', unit: 's' } },
}

async function* linesOf(text: string): AsyncIterable<string> {
  yield* text.split('\n')
}

function read(text: string, options: Partial<RowsOptions> = {}) {
  const files = [{ name: 'rows', lines: linesOf(text) }]
  return readFeatureRows(files, { spec: DRIFT_SPEC, time: 'at', ...options })
}

function row(at: unknown, red: unknown, size: unknown): string {
  return JSON.stringify({ at, colour_red: red, colour_blue: 0, size, more: 'x' })
}

test('NDJSON and CSV with the same values are the same rows, in model order', async () => {
  const json = await read(`${row(AT, 1, 2.5)}\n\n${row(AT + 1, false, null)}\n`)
  const csv = await read(`size,at,colour_red,colour_blue\n2.5,${AT},1,0\n,${AT + 1},0,0\n`)
  assert.deepEqual([...json.features], [1, 0, 2.5, 0, 0, Number.NaN])
  assert.deepEqual([...json.timesMs], [AT, AT + 1])
  assert.deepEqual(csv, json)
  const quoted = await read(`"at","size",colour_red,colour_blue\n${AT},nan,0,1\n${AT + 1},"7",0,1`)
  assert.deepEqual([...quoted.features], [0, 1, Number.NaN, 0, 1, 7])
})

test('rows are put in order of time, rows of one time as they came, over all files', async () => {
  const times = Array.from({ length: 3_000 }, (_, at) => AT + ((at * 7) % 3_000))
  const lines = times.map((at) => row(at, 0, at - AT))
  const files = [lines.slice(0, 1_000), [row(AT + 5, 1, 5), ...lines.slice(1_000)]]
  const { features, timesMs } = await readFeatureRows(
    files.map((part, at) => ({ name: `${at}`, lines: linesOf(part.join('\n')) })),
    { spec: DRIFT_SPEC, time: 'at' },
  )
  assert.deepEqual(
    Array.from(timesMs.subarray(0, 8)),
    [0, 1, 2, 3, 4, 5, 5, 6].map((at) => AT + at),
  )
  assert.equal(timesMs.length, 3_001)
  for (const [at, timeMs] of timesMs.entries()) assert.equal(features[at * 3 + 2], timeMs - AT)
})

test('audit records are rows as the model saw them; what was not predicted is none', async () => {
  const audit = (outcome: string, features: unknown, after: number): string =>
    JSON.stringify({ outcome, features, event_time: AT + after, source_offset: after })
  const text = [
    audit('predicted', [0, 1, null], 2),
    audit('late', null, 0),
    audit('dead_letter', [1, 1, 1], 0),
    audit('predicted', [1, 0, 9], 1),
  ].join('\n')
  const { features, timesMs } = await read(text, { spec: TIMED_SPEC, time: undefined })
  assert.deepEqual([...features], [1, 0, 9, 0, 1, Number.NaN])
  assert.deepEqual([...timesMs], [AT + 1, AT + 2])
})

test('columns that the model has not are passed over, whatever their names', async () => {
  const csv = `outcome,features,at,colour_red,colour_blue,size\nfraud,x,${AT},0,0,1\n,y,${AT + 1},0,0,2\n`
  const { features } = await read(csv)
  assert.deepEqual([...features], [0, 0, 1, 0, 0, 2])
})

test('the time is that of the model in its unit, or the column that is named, ms or ISO 8601', async () => {
  const own = (at: number) =>
    JSON.stringify({ paid_at: at, colour_red: 0, colour_blue: 0, size: 1 })
  const seconds = `${own(1_700_000_000.5)}\n${own(1_700_000_001)}`
  for (const time of [undefined, 'paid_at']) {
    const { timesMs } = await read(seconds, { spec: TIMED_SPEC, time })
    assert.deepEqual([...timesMs], [AT + 500, AT + 1_000])
  }
  const named = `${row('2023-11-14T22:13:20Z', 0, 1)}\n${row(AT + 1, 0, 1)}`
  const { timesMs } = await read(named, { spec: TIMED_SPEC })
  assert.deepEqual([...timesMs], [AT, AT + 1])
})

test('a null has the default of its feature, as in the service', async () => {
  const features = DRIFT_SPEC.features.map((feature) =>
    feature.name === 'size' ? { ...feature, defaultValue: -1 } : feature,
  )
  const { features: values } = await read(`${row(AT, 0, null)}\n${row(AT + 1, 0, 3)}`, {
    spec: { ...DRIFT_SPEC, features },
  })
  assert.deepEqual([...values], [0, 0, -1, 0, 0, 3])
})

test('what cannot be taken is refused by file, line and column', async () => {
  const good = row(AT, 0, 1)
  for (const [text, message] of [
    [`${good}\n{"at":1}`, /^rows:2: there is no column "colour_red", which the model has/],
    [
      `${good}\n\n${row(AT, 0, 'big')}`,
      /^rows:3: size must be a finite number, or null, got "big"/,
    ],
    [row(AT, 0.5, 1), /^rows:1: colour_red must be 0 or 1, got 0\.5/],
    [row(AT, null, 1), /colour_red must be 0 or 1, got null/],
    [row(1_700_000_000, 0, 1), /at must be ms since 1970, got 1700000000: seconds\?/],
    [row('yesterday', 0, 1), /at must be a whole number of ms/],
    [row(null, 0, 1), /at must be a whole number of ms.*, got null/],
    ['{"at": NaN}', /^rows:1: it is not JSON \(NaN is written as null\)/],
    ['at,size\n1', /^rows:2: it must have 2 cells, as the header, got 1/],
    [
      '{"outcome":"predicted","features":[1],"source_offset":0,"event_time":1}',
      /features must have 3 values, got 1/,
    ],
    ['', /rows of different times are needed, got 0 rows/],
    [good, /rows of different times are needed, got 1 rows/],
  ] as const) {
    await assert.rejects(read(text), { code: 'CONFIG_INVALID', message }, text)
  }
  await assert.rejects(read(good, { time: undefined }), /--time must name the column/)
  await assert.rejects(read(good, { time: 'when' }), /no column "when"; --time names/)
})
