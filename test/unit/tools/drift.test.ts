import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportJson } from '../../../src/drift/report-json.ts'
import type { DriftReport } from '../../../src/drift/report.ts'
import { driftCommand } from '../../../src/tools/drift.ts'
import { countsOf, STEADY, watchOf } from '../../fixtures/drift.ts'

const DAY_MS = 86_400_000
const SHIFTED = countsOf([10, 0, 0, 0, 60, 30], [60, 39, 1], [0, 0, 50, 50, 0])

function reportOf(counts: Float64Array): DriftReport {
  const watch = watchOf()
  watch.committed({ counts, records: 100, fromMs: 0, toMs: DAY_MS, committedAtMs: 0 })
  return watch.report()
}

/** A fleet by address. */
function fleet(reports: Readonly<Record<string, unknown>>) {
  return async (address: string): Promise<string> => {
    if (!(address in reports)) throw new Error('connection refused')
    return JSON.stringify({ instanceId: 'a', drift: reports[address] })
  }
}

const FLEET = fleet({
  'http://a:8080/status.json': reportJson(reportOf(STEADY)),
  'http://b:8080/status.json': reportJson(reportOf(SHIFTED)),
})

test('a steady instance ends with 0 and a table of its features and scores', async () => {
  const { output, status } = await driftCommand(['--from', 'http://a:8080'], FLEET)
  assert.equal(status, 0)
  const [head = '', , titles = '', ...rows] = output.trimEnd().split('\n')
  assert.match(head, /^100 events of 1 instances, 1970-01-01T00:00:00\.000Z to 1970-01-02/)
  assert.match(titles, /psi +bound +js +ks/)
  assert.deepEqual(
    rows.map((row) => row.replaceAll(/ {2,}/g, '|').split('|').at(-1)),
    ['steady', 'steady', 'steady'],
  )
  assert.match(rows[0] ?? '', /^size .* 10\.00 % \(10\.00 %\) +0\.00 %/)
  assert.match(rows[2] ?? '', /^score score /)
})

test('a fleet is judged by the sum of its counts, and drift ends with 7', async () => {
  const options = ['--from', 'http://a:8080,http://b:8080', '--json']
  const { output, status } = await driftCommand(options, FLEET)
  assert.equal(status, 7)
  const { window, series } = JSON.parse(output)
  assert.equal(window.records, 200)
  assert.deepEqual(
    series[0].cells.map(({ count }: { count: number }) => count),
    [20, 0, 30, 30, 90, 30],
  )
  const twice = await driftCommand(['--from', 'http://a:8080', '--from', 'http://b:8080'], FLEET)
  assert.equal(twice.status, 7)
})

test('an instance that does not answer ends with 4, by its address', async () => {
  const { output, status } = await driftCommand(['--from', 'http://a:8080,http://c:1'], FLEET)
  assert.deepEqual(
    [output, status],
    ['http://c:1/status.json did not answer: connection refused\n', 4],
  )
})

test('an instance without a reference, another reference and wrong options are refused', async () => {
  const other = { ...reportOf(STEADY), reference: 'cd34' }
  const odd = fleet({
    'http://a:8080/status.json': reportJson(reportOf(STEADY)),
    'http://b:8080/status.json': reportJson(other),
    'http://c:8080/status.json': undefined,
    'http://d:8080/status.json': { reference: 7 },
  })
  for (const [options, code, message] of [
    [['--from', 'http://c:8080'], 'CONFIG_INVALID', /no reference\.json/],
    [['--from', 'http://d:8080'], 'CONFIG_INVALID', /does not tell of drift/],
    [['--from', 'http://a:8080,http://b:8080'], 'MODEL_MISMATCH', /ab12 and cd34/],
    [['--from', 'nowhere'], 'CONFIG_INVALID', /Invalid URL.*--help/],
    [['--from', ''], 'CONFIG_INVALID', /must name an instance/],
    [['--form', 'x'], 'CONFIG_INVALID', /--form/],
  ] as const) {
    await assert.rejects(driftCommand(options, odd), { code, message })
  }
})

test('help tells the exit statuses', async () => {
  for (const options of [[], ['--help']]) {
    const { output, status } = await driftCommand(options, FLEET)
    assert.equal(status, 0)
    assert.match(output, /^Usage: millrace drift --from URL/)
    assert.match(output, / {2}7 {2}a feature or score has drifted/)
  }
})
