import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '../../../../src/domain/errors.ts'
import type { ModelSpec } from '../../../../src/domain/model-spec.ts'
import { requireNoWindows } from '../../../../src/tools/dlq/predictions-target.ts'
import { replay } from '../../../../src/tools/dlq/replay.ts'
import type { ReplayOptions } from '../../../../src/tools/dlq/replay.ts'
import { good, REPLAY_ALL, run as runReplay } from '../../../fakes/replay.ts'
import { FakeBench } from '../../../fakes/workbench.ts'
import type { NewLetter } from '../../../fakes/workbench.ts'
import { ENGAGEMENT_SPEC, STATELESS_SPEC } from '../../../fixtures/specs.ts'

const ALL: ReplayOptions = { ...REPLAY_ALL, to: 'predictions' }
/** Stream time of partition 0: 2013-01-01, 00:26:40. */
const NEWEST_MS = 1_357_000_000_000
const LATENESS_MS = STATELESS_SPEC.latenessMs
const TRACE = `00-${'4b'.repeat(16)}-${'00f0'.repeat(4)}-01`

const FIVE = [1, 2, 3, 4, 5].map((value): NewLetter => ({ value: good(value) }))

function benchWith(letters: readonly NewLetter[]): FakeBench {
  const bench = new FakeBench()
  bench.spec = STATELESS_SPEC
  for (const letter of letters) bench.put(letter)
  return bench
}

function run(bench: FakeBench, options: Partial<ReplayOptions> = {}) {
  return runReplay(bench, { ...ALL, ...options })
}

/** The amounts that were scored, in order. */
function amounts(bench: FakeBench): unknown[] {
  return bench.written('features').map(({ value }) => value['amount'])
}

test('each letter that would pass gets features, prediction and audit record in one transaction with its marker, and nothing goes to the input', async () => {
  const bench = benchWith(FIVE)
  const { status, report } = await run(bench)
  assert.equal(status, EXIT.ok)
  assert.deepEqual([report.to, report.replayed, report.total['pass']], ['predictions', 5, 5])
  assert.deepEqual(bench.replayed, [])
  assert.deepEqual(amounts(bench), [1, 2, 3, 4, 5])
  const scores = bench.written('predictions').map(({ value }) => value['score'])
  assert.deepEqual(scores, [0.5, 1, 1.5, 2, 2.5])
  const topics = bench.log.records.map(({ topic }) => topic)
  for (const topic of ['ml-features', 'ml-predictions', 'ml-audit-log', 'ml-dead-letters']) {
    assert.equal(topics.filter((each) => each === topic).length, 5, topic)
  }
  assert.equal(topics.length, 20)
})

test('an answer is for the record where it was read: its partition, its key, its offset, its trace', async () => {
  const bench = benchWith([])
  const headers = [{ traceparent: TRACE }, { other: 'x' }, { 'millrace.replays': '1' }]
  const origin = { 'millrace.replay.of': 'events/1/3' }
  const came = { partition: 1, sourceOffset: 41, headers: [...headers, origin] }
  bench.put({ ...came, value: good(3), reason: 'invalid-event', key: Buffer.from('not u') })
  await run(bench)
  const [features] = bench.written('features')
  const [prediction] = bench.written('predictions')
  const [audit] = bench.written('audit')
  const trace = { traceparent: TRACE }
  for (const plain of [features, prediction]) {
    assert.deepEqual([plain?.partition, plain?.key, plain?.headers], [1, 'u', [trace]])
  }
  assert.equal(prediction?.value['event_id'], 'events-1-41')
  assert.deepEqual([audit?.partition, audit?.key], [1, 'u'])
  const { outcome, reason, source_topic: topic, source_offset: offset } = audit?.value ?? {}
  assert.deepEqual([outcome, reason, topic, offset], ['predicted', 'invalid-event', 'events', 41])
  const replays = { 'millrace.replays': '2' }
  assert.deepEqual(audit?.headers, [trace, replays, origin], 'as the replay to the input would say')
})

test('a second replay writes nothing, whichever way it and the first one go', async () => {
  for (const [first, second] of [
    ['predictions', 'predictions'],
    ['predictions', 'input'],
    ['input', 'predictions'],
  ] as const) {
    const bench = benchWith(FIVE)
    await run(bench, { to: first })
    const written = bench.log.records.length
    const { status, report } = await run(bench, { to: second })
    assert.equal(status, EXIT.ok)
    assert.deepEqual([report.replayed, report.replayedBefore], [0, 5], `${first}, ${second}`)
    assert.equal(bench.log.records.length, written)
  }
})

for (const call of ['begin', 'produce', 'commit'] as const) {
  test(`a run that ends at ${call} has written nothing; the next one answers all once`, async () => {
    const bench = benchWith(FIVE)
    bench.faults = [{ call, code: 'TRANSACTION_ABORTABLE' }]
    await assert.rejects(run(bench), /as the test says/)
    assert.deepEqual(bench.log.records, [])
    bench.faults = []
    await run(bench)
    assert.deepEqual(amounts(bench), [1, 2, 3, 4, 5])
  })
}

test('what the model turns down again stays a letter, with why; the rest is answered', async () => {
  const turnedDown = { reason: 'unscorable', stage: 'inference' } as const
  const bench = benchWith([1, 2, 3].map((value) => ({ value: good(value), ...turnedDown })))
  bench.model = ([amount = 0]) => (amount === 2 ? 'no two' : [amount === 3 ? Infinity : amount])
  const { status, report } = await run(bench)
  assert.equal(status, EXIT.incomplete)
  assert.deepEqual([report.total['unsure'], report.total['pass'], report.total['fail']], [0, 1, 2])
  assert.deepEqual(
    report.failures.map(({ becomes, detail }) => [becomes, detail]),
    [
      ['unscorable', 'the model refused it: no two'],
      ['non-finite-score', 'score 0 must be a finite number, got Infinity'],
    ],
  )
  assert.deepEqual(amounts(bench), [1])
  bench.model = ([amount = 0]) => [amount]
  const mended = await run(bench)
  assert.deepEqual([mended.status, mended.report.replayedBefore], [EXIT.ok, 1])
  assert.deepEqual(amounts(bench), [1, 2, 3])
})

test('what cannot be decoded stays, and does not move the rows of what can', async () => {
  const bench = benchWith([{ value: '{' }, { value: good(1) }, { value: '[]' }, { value: good(2) }])
  const { status, report } = await run(bench)
  assert.deepEqual([status, report.total['fail']], [EXIT.incomplete, 2])
  const pairs = bench.written('predictions').map(({ value }) => [value['event_id'], value['score']])
  assert.deepEqual(pairs, [
    ['events-0-1', 0.5],
    ['events-0-3', 1],
  ])
})

test('a dry run scores, and writes nothing', async () => {
  const bench = benchWith([
    ...FIVE,
    { value: good(6), reason: 'unscorable', stage: 'inference' },
    { value: good(7) },
  ])
  bench.model = ([amount = 0]) => (amount === 7 ? 'too many' : [amount])
  const { status, report } = await run(bench, { isDryRun: true })
  assert.equal(status, EXIT.incomplete)
  assert.deepEqual([report.total['pass'], report.total['unsure'], report.total['fail']], [6, 0, 1])
  assert.deepEqual(bench.log.records, [])
  assert.equal(bench.log.epoch, 0, 'no other run is fenced')
})

test('a model with windows is refused by the names of its windowed features, before anybody is fenced', async () => {
  const bench = benchWith(FIVE)
  bench.spec = ENGAGEMENT_SPEC
  await assert.rejects(run(bench), {
    code: 'CONFIG_INVALID',
    message:
      /engagement 1\.0\.0 has "event_count_1h", "avg_value_1h": their state belongs to the running service, .* replay --to input/,
  })
  assert.equal(bench.log.epoch, 0)
  assert.deepEqual(bench.log.records, [])
})

test('a refusal names few features of many, and those with windows alone', () => {
  const [windowed] = ENGAGEMENT_SPEC.features
  assert.ok(windowed !== undefined)
  const many = Array.from({ length: 7 }, (_, index) => ({ ...windowed, name: `w${index}` }))
  const spec: ModelSpec = { ...STATELESS_SPEC, features: [...STATELESS_SPEC.features, ...many] }
  assert.throws(() => requireNoWindows(spec), /has "w0", "w1", "w2", "w3", "w4" and 2 more: /)
})

test('what was never decoded and is late by now stays unless asked for, and is scored then; what the model had was in time', async () => {
  const longAgo = NEWEST_MS - LATENESS_MS - 1
  const bench = benchWith([
    { value: good(1), timestamp: longAgo },
    { value: good(2), timestamp: longAgo, reason: 'unscorable', stage: 'inference' },
    { value: good(3), timestamp: NEWEST_MS - LATENESS_MS },
    { value: good(4), timestamp: 5, partition: 1 },
  ])
  const kept = await run(bench)
  assert.equal(kept.status, EXIT.incomplete)
  assert.deepEqual([kept.report.total['late'], kept.report.behind], [1, 0])
  assert.deepEqual(amounts(bench), [2, 3, 4])
  await replay(bench, { ...ALL, json: false })
  assert.match(bench.printed, /1 are late by now, by up to 1 ms: they were not decoded when they/)
  assert.doesNotMatch(bench.printed, /windows|late topic|not answered yet/)
  const sent = await run(bench, { includeLate: true })
  assert.equal(sent.status, EXIT.ok)
  assert.deepEqual(amounts(bench), [2, 3, 4, 1])
})

test('an event too far ahead of its record stays, late or not', async () => {
  const spec: ModelSpec = {
    ...STATELESS_SPEC,
    event: { ...STATELESS_SPEC.event, time: { from: 'field', field: 'at', unit: 'ms' } },
  }
  const at = (timeMs: number): string =>
    JSON.stringify({ user_id: 'u', action: 'a', value: 1, at: timeMs })
  const bench = benchWith([
    { value: at(NEWEST_MS - LATENESS_MS - 1), timestamp: 1 },
    { value: at(NEWEST_MS), timestamp: 1 },
    { value: at(NEWEST_MS), timestamp: NEWEST_MS },
  ])
  bench.spec = spec
  const { report } = await run(bench, { includeLate: true })
  assert.deepEqual([report.total['fail'], report.replayed], [2, 1])
  assert.equal(report.failures[0]?.becomes, 'future-event-time')
})

test('a tombstone that is passed over by now is audited so, and nothing else', async () => {
  const bench = benchWith([{ value: null, reason: 'empty-value' }])
  bench.tombstones = 'skip'
  const { status } = await run(bench)
  assert.equal(status, EXIT.ok)
  assert.equal(bench.log.records.length, 2)
  const [audit] = bench.written('audit')
  assert.deepEqual(
    [audit?.value['outcome'], audit?.value['reason'], audit?.key],
    ['skipped', 'empty-value', 'k'],
  )
})

test('what came back too often by way of the input is answered here: it cannot come back again', async () => {
  const bench = benchWith([{ value: good(1), headers: [{ 'millrace.replays': '2' }] }])
  assert.equal((await run(bench, { to: 'input', isDryRun: true })).report.total['exhausted'], 1)
  assert.equal((await run(bench)).status, EXIT.ok)
  assert.deepEqual(amounts(bench), [1])
})

test('a limit and a rate hold, and letters of more than one transaction keep their own scores', async () => {
  const bench = benchWith(FIVE)
  const startedAtMs = bench.clock.now()
  await run(bench, { rate: 2, limit: 3 })
  assert.equal(bench.clock.now() - startedAtMs, 1_000)
  await run(bench)
  const pairs = bench.written('predictions').map(({ value }) => [value['event_id'], value['score']])
  assert.deepEqual(
    pairs,
    [1, 2, 3, 4, 5].map((amount) => [`events-0-${amount - 1}`, amount / 2]),
  )
})
