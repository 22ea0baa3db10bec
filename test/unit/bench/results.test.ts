import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markdownOf, plotOf, rowsOf, tableOf } from '../../../bench/report.ts'
import { Cases } from '../../../bench/result.ts'
import type { Result } from '../../../bench/result.ts'
import { parseRecorded, withResults, withSeries } from '../../../bench/results-file.ts'
import type { Series } from '../../../bench/peers/report.ts'
import { resultsFiles } from '../../../scripts/docs/results.ts'

const ON = { machine: 'two cores', date: '2026-01-02', versions: ['node v24'] } as const
const GROWTH: Result = {
  id: 'growth-keys',
  bench: 'growth',
  title: 'Keys',
  how: 'More keys.',
  on: ON,
  seed: 20,
  isQuick: false,
  figures: {
    rate: { title: 'events/s', digits: 0 },
    cpu: { title: 'CPU-s', digits: 1 },
    none: { title: 'never', digits: 0 },
  },
  drawn: ['rate', 'cpu', 'none'],
  axis: { label: 'keys', isLog: true },
  cases: [
    { label: '1,000', x: 1_000, values: { rate: [30_000, 10_000, 20_000], cpu: [1.25] } },
    { label: '9,000', x: 9_000, values: { rate: [5_000] } },
  ],
  problems: [],
}
const BARS: Result = {
  ...GROWTH,
  id: 'backlog-1000',
  title: 'Backlog',
  axis: { label: '', isLog: false },
  isQuick: true,
  problems: ['a prediction is missing'],
}
const PEERS: Series = { part: 'backlog', events: 1_000, ...ON, rounds: [] }

test('rounds are gathered case by case; a figure that does not apply is left out', () => {
  const cases = new Cases()
  for (const rate of [1, 2]) {
    cases.add('ours', { rate, share: rate / 4 })
    cases.add('theirs', { rate: 4, share: undefined }, 8)
  }
  assert.deepEqual(cases.all(), [
    { label: 'ours', values: { rate: [1, 2], share: [0.25, 0.5] } },
    { label: 'theirs', values: { rate: [4, 4] }, x: 8 },
  ])
})

test('a cell has the median and the spread; figures that no case has are no column', () => {
  assert.deepEqual(rowsOf(GROWTH), [
    ['keys', 'events/s', 'CPU-s'],
    ['1,000', '20,000 (10,000 to 30,000)', '1.3'],
    ['9,000', '5,000', '–'],
  ])
})

test('the table is the same on a terminal and on the page', () => {
  assert.match(markdownOf(GROWTH), /^\| 1,000 \| 20,000 \(10,000 to 30,000\) \| 1\.3 \|$/m)
  assert.match(tableOf(GROWTH), /^ {2}1,000 {2}20,000 \(10,000 to 30,000\) {4}1\.3$/m)
})

test('a plot has a panel for each drawn figure that a case has', () => {
  const titles = [...plotOf(GROWTH).matchAll(/class="title"[^>]*>([^<]*)</g)].map(
    ([, each]) => each,
  )
  assert.deepEqual(titles, ['Keys: events/s', 'Keys: CPU-s'])
})

test('cases without an axis are bars, ours of its own colour', () => {
  const { axis: _axis, ...rest } = GROWTH
  const cases = [
    { label: 'Millrace', values: { rate: [2] } },
    { label: 'the other', values: { rate: [1] } },
  ]
  const bars = [...plotOf({ ...rest, cases }).matchAll(/<rect class="(ours|theirs)"/g)]
  assert.deepEqual(
    bars.map(([, kind]) => kind),
    ['ours', 'theirs'],
  )
})

test('a newer result takes the place of the older, and leaves all others', () => {
  const first = withSeries(withResults(parseRecorded(undefined), [GROWTH, BARS]), PEERS)
  const newer = { ...GROWTH, title: 'Keys, again' }
  const kept = withSeries(withResults(first, [newer]), { ...PEERS, date: '2026-01-03' })
  assert.deepEqual(
    kept.results.map(({ title }) => title),
    ['Backlog', 'Keys, again'],
  )
  assert.deepEqual(
    kept.peers.map(({ date }) => date),
    ['2026-01-03'],
  )
})

test('the page tells finding, figures, machine, day and seed, and what is not to be quoted', () => {
  const recorded = JSON.stringify({ results: [GROWTH, BARS], peers: [] })
  const files = resultsFiles(recorded, JSON.stringify({ 'growth-keys': 'It is flat.' }))
  assert.deepEqual(
    files.map(({ path }) => path),
    ['bench/RESULTS.md', 'bench/plots/growth-keys.svg', 'bench/plots/backlog-1000.svg'],
  )
  const page = files[0]?.content ?? ''
  assert.match(page, /^## Keys\n\n\*\*It is flat\.\*\*\n\n!\[Keys\]\(plots\/growth-keys\.svg\)$/m)
  assert.match(page, /^2026-01-02, two cores; node v24; seed 20\.$/m)
  assert.match(page, /NOT CORRECT: a prediction is missing/)
  assert.match(page, /A quick run/)
})

test('a comparison with others has its section and its plot', () => {
  const files = resultsFiles(JSON.stringify({ results: [], peers: [PEERS] }), undefined)
  assert.deepEqual(
    files.map(({ path }) => path),
    ['bench/RESULTS.md', 'bench/plots/peers-backlog-1000.svg'],
  )
  assert.match(files[0]?.content ?? '', /^## Backlog of 1,000 events, beside others$/m)
})

test('a finding of a result that is not there is refused', () => {
  const recorded = JSON.stringify({ results: [GROWTH], peers: [] })
  assert.throws(() => resultsFiles(recorded, '{"growth-gone": "Old."}'), /growth-gone/)
})

test('nothing recorded is no page', () => {
  assert.deepEqual(resultsFiles(undefined, undefined), [])
})
