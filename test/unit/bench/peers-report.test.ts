import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BacklogRun } from '../../../bench/peers/backlog.ts'
import type { LatencyRun } from '../../../bench/peers/latency.ts'
import { plotSeries } from '../../../bench/peers/plot.ts'
import { problemsOf, ratios, seriesTable } from '../../../bench/peers/report.ts'
import type { Series } from '../../../bench/peers/report.ts'

const WHERE = { machine: 'two cores', date: '2026-01-02', versions: [] } as const
const OUTPUTS = {
  predictions: 1_000,
  features: 1_000,
  audits: 1_000,
  duplicates: 0,
  missing: 0,
  auditDigest: '0000000a',
  featuresDigest: '0000000b',
  scoreSum: 250,
}

function backlogRun(peer: BacklogRun['peer'], eventsPerSecond: number): BacklogRun {
  return {
    peer,
    eventsPerSecond,
    firstRecordSeconds: 1,
    firstCommitSeconds: 1.5,
    cpuSecondsPerMillion: 10,
    brokerCpuSecondsPerMillion: null,
    otherCpuSeconds: 0.1,
    peakResidentMiB: 100,
    busyBeforePercent: 2,
    outputs: OUTPUTS,
    isCorrect: true,
  }
}

function backlog(rounds: readonly BacklogRun[][], events = 1_000): Series {
  return { part: 'backlog', events, ...WHERE, rounds }
}

const LATENCY: LatencyRun = {
  peer: 'millrace',
  p50: 10,
  p95: 20,
  p99: 30,
  max: 40,
  cpuPercent: 5,
  brokerCpuPercent: 6,
  peakResidentMiB: 100,
  busyBeforePercent: 2,
  duplicates: 0,
  missing: 0,
  isCorrect: true,
}

const GOOD = [
  [backlogRun('streams', 1_000), backlogRun('millrace', 3_000)],
  [backlogRun('streams', 2_000), backlogRun('millrace', 4_000)],
]

test('peers are compared within a round, never across rounds', () => {
  assert.deepEqual(ratios(GOOD, 'streams'), [3, 2])
  assert.match(
    seriesTable(backlog(GOOD)),
    /^\| Kafka Streams \| .* \| 2\.50 \(2\.00 to 3\.00\) \|/m,
  )
})

test('a round without one of the two has no ratio', () => {
  assert.deepEqual(ratios([[backlogRun('streams', 1_000)]], 'streams'), [])
})

test('peers that agree have no problems', () => {
  assert.deepEqual(problemsOf(backlog(GOOD)), [])
})

for (const [what, wrong] of [
  ['what was audited', { auditDigest: '0000000c' }],
  ['the features topic', { featuresDigest: '0000000c' }],
  ['the scores', { scoreSum: 250.01 }],
] as const) {
  test(`a peer that differs in ${what} is told`, () => {
    const other = { ...backlogRun('plain', 1_000), outputs: { ...OUTPUTS, ...wrong } }
    const problems = problemsOf(backlog([[backlogRun('streams', 1_000), other]]))
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', /^plain: features or scores are /)
  })
}

test('a digest that is known must be reached, though all peers agree', () => {
  assert.match(problemsOf(backlog(GOOD, 400_000))[0] ?? '', /instead of 557774cf/)
})

test('outputs that are not whole are told, of a latency run too', () => {
  const run = { ...LATENCY, missing: 1, isCorrect: false }
  const series: Series = { part: 'latency', rate: 10, seconds: 1, ...WHERE, rounds: [[run]] }
  assert.deepEqual(problemsOf(series), ['millrace: outputs are missing, or there twice'])
})

test('the plot has a bar of its length for each peer, and its spread', () => {
  const svg = plotSeries(backlog(GOOD))
  const widths = [...svg.matchAll(/class="(ours|theirs)" x="260" y="\d+" width="([\d.]+)"/g)]
  assert.deepEqual(
    widths.map(([, whose, width]) => [whose, Number(width)]),
    [
      ['theirs', 138.8],
      ['ours', 323.8],
    ],
  )
  assert.match(svg, /x1="537\.5" y1="[\d.]+" x2="630"/)
})
