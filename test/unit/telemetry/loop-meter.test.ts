import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoopMeter } from '../../../src/telemetry/loop-meter.ts'
import { SampleTable } from '../../../src/telemetry/sample-table.ts'
import type { CounterName } from '../../../src/telemetry/series.ts'
import { NOW_MS, unitOf } from '../../fixtures/snapshot.ts'

const TOPICS = { input: 'events', outputs: ['features', 'audit'] }

function setUp(): { meter: LoopMeter; table: SampleTable; total: (name: CounterName) => number } {
  const table = new SampleTable()
  const total = (name: CounterName): number =>
    table.samples(name).reduce((sum, { value }) => sum + value, 0)
  return { meter: new LoopMeter(table, TOPICS), table, total }
}

const MIXED = unitOf({
  records: 4,
  predicted: 2,
  late: 1,
  deadLetters: new Map([['undecodable', 1]]),
  outputs: new Map([['audit', { records: 4, bytes: 400 }]]),
  recordTimestampsMs: Float64Array.of(NOW_MS - 100, NOW_MS - 200, -1, NOW_MS + 50, 5),
  eventTimesMs: Float64Array.of(NOW_MS - 9_000, NOW_MS - 2_000, NOW_MS - 1_000),
  scores: Float64Array.of(0.3, 0.5, 99),
  received: [
    { atMs: NOW_MS - 40, records: 3 },
    { atMs: NOW_MS - 10, records: 1 },
  ],
})

test('the outcomes of a unit add up to its records', () => {
  const { meter, total } = setUp()
  meter.unitCommitted(MIXED)
  meter.unitCommitted(MIXED)
  assert.equal(total('millrace_outcomes_total'), 8)
  assert.equal(total('millrace_records_processed_total'), 8)
  assert.equal(total('millrace_dead_letters_total'), 2)
  assert.equal(total('millrace_late_total'), 2)
  assert.equal(total('millrace_records_written_total'), 8)
  assert.equal(total('millrace_written_bytes_total'), 800)
})

test('latency is counted per record, without unknown timestamps and never below zero', () => {
  const { meter, table } = setUp()
  meter.unitCommitted(MIXED)
  const event = table.histogram('millrace_event_to_commit_latency_seconds', {})
  const record = table.histogram('millrace_record_to_commit_latency_seconds', {})
  const received = table.histogram('millrace_received_to_commit_latency_seconds', {})
  assert.deepEqual([event.count, event.sum], [2, 11])
  assert.deepEqual([record.count, record.sum.toFixed(6)], [3, '0.300000'])
  assert.deepEqual([received.count, received.sum.toFixed(6)], [4, '0.130000'])
})

test('skipped tombstones are an outcome of their own', () => {
  const { meter, table } = setUp()
  meter.unitCommitted(
    unitOf({ records: 3, skipped: 3, recordTimestampsMs: Float64Array.of(1, 1, 1) }),
  )
  const skipped = table
    .samples('millrace_outcomes_total')
    .find((each) => each.labels['outcome'] === 'skipped')
  assert.equal(skipped?.value, 3)
})

test('only the entries of the unit are read: what an older unit left behind is not counted', () => {
  const { meter, table } = setUp()
  meter.unitCommitted(MIXED)
  const scores = table.histogram('millrace_prediction_score', {})
  assert.deepEqual([scores.count, scores.sum], [2, 0.8])
})

test('freshness follows the newest event of the last unit that predicted', () => {
  const { meter } = setUp()
  assert.equal(meter.newestEventMs, undefined)
  meter.unitCommitted(MIXED)
  meter.unitCommitted(unitOf({ records: 1, late: 1, recordTimestampsMs: Float64Array.of(NOW_MS) }))
  assert.equal(meter.newestEventMs, NOW_MS - 2_000)
})

test('an abort counts as a transaction and changes no outcome', () => {
  const { meter, table, total } = setUp()
  meter.unitAborted()
  assert.equal(total('millrace_outcomes_total'), 0)
  assert.deepEqual(
    table.samples('millrace_transactions_total').map(({ labels, value }) => [labels, value]),
    [
      [{ result: 'committed' }, 0],
      [{ result: 'aborted' }, 1],
    ],
  )
})

test('stages and inference batches fill their histograms', () => {
  const { meter, table } = setUp()
  meter.stage('decode', 4)
  meter.inferenceBatch(500)
  meter.received('events', 10, 1_000)
  assert.equal(table.histogram('millrace_stage_duration_seconds', { stage: 'decode' }).sum, 0.004)
  assert.equal(table.histogram('millrace_inference_batch_rows', {}).sum, 500)
  assert.equal(table.samples('millrace_received_bytes_total')[0]?.value, 1_000)
})

test('former owners are counted by what was done about them, both from 0', () => {
  const { meter, table } = setUp()
  meter.formerOwner('refused')
  assert.deepEqual(
    table.samples('millrace_former_owners_total').map(({ labels, value }) => [labels, value]),
    [
      [{ result: 'fenced' }, 0],
      [{ result: 'refused' }, 1],
    ],
  )
})
