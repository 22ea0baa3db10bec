import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '../../../../src/domain/errors.ts'
import { OutputBatch } from '../../../../src/sink/output-batch.ts'
import { replay } from '../../../../src/tools/dlq/replay.ts'
import type { ReplayOptions } from '../../../../src/tools/dlq/replay.ts'
import { good, REPLAY_ALL, run as runReplay } from '../../../fakes/replay.ts'
import { FakeBench } from '../../../fakes/workbench.ts'
import type { NewLetter } from '../../../fakes/workbench.ts'

const NEWEST_MS = 1_357_000_000_000

function benchWith(letters: readonly NewLetter[]): FakeBench {
  const bench = new FakeBench()
  for (const letter of letters) bench.put(letter)
  return bench
}

function run(bench: FakeBench, options: Partial<ReplayOptions> = {}) {
  return runReplay(bench, { ...REPLAY_ALL, ...options })
}

const FIVE = [1, 2, 3, 4, 5].map((value): NewLetter => ({ value: good(value) }))

test('each letter that would pass is written to the input topic, and a second replay writes none', async () => {
  const bench = benchWith(FIVE)
  const first = await run(bench)
  assert.equal(first.status, EXIT.ok)
  assert.equal(first.report.replayed, 5)
  assert.deepEqual(bench.replayed, [1, 2, 3, 4, 5].map(good))
  const second = await run(bench)
  assert.equal(second.status, EXIT.ok)
  assert.deepEqual([second.report.replayed, second.report.replayedBefore], [0, 5])
  assert.equal(bench.replayed.length, 5)
})

test('a dry run writes nothing and says the same', async () => {
  const bench = benchWith(FIVE)
  const { status, report } = await run(bench, { isDryRun: true })
  assert.equal(status, EXIT.ok)
  assert.deepEqual([report.total['letters'], report.total['pass'], report.replayed], [5, 5, 0])
  assert.deepEqual(bench.log.records, [])
  assert.equal(bench.log.epoch, 0, 'no other run is fenced')
})

test('letters of every partition are found, beyond offsets without a record', async () => {
  const bench = benchWith([{ value: good(1) }])
  bench.putGap(0)
  bench.putGap(1)
  bench.put({ value: good(2), partition: 1 })
  bench.put({ value: good(3) })
  bench.putGap(0)
  await run(bench)
  assert.deepEqual(bench.replayed, [1, 3, 2].map(good))
})

test('what would fail again stays, with why', async () => {
  const bench = benchWith([
    { value: good(1) },
    { value: '{"user_id":"u","action":"x","value":"1"}', reason: 'undecodable' },
    { value: '{', reason: 'undecodable' },
  ])
  const { status, report } = await run(bench)
  assert.equal(status, EXIT.incomplete)
  assert.deepEqual(bench.replayed, [good(1)])
  assert.deepEqual(
    report.failures.map(({ reason, becomes, letters, example }) => [
      reason,
      becomes,
      letters,
      example,
    ]),
    [
      ['undecodable', 'invalid-event', 1, '0:1'],
      ['undecodable', 'undecodable', 1, '0:2'],
    ],
  )
})

test('what is late by now stays unless asked for; what is behind but in time is told', async () => {
  const letters = [
    { value: good(1), timestamp: NEWEST_MS - 60_001 },
    { value: good(2), timestamp: NEWEST_MS - 60_000 },
    { value: good(3), timestamp: 5, partition: 1 },
  ]
  const bench = benchWith(letters)
  const kept = await run(bench)
  assert.equal(kept.status, EXIT.incomplete)
  assert.deepEqual([kept.report.total['late'], kept.report.behind], [1, 1])
  assert.deepEqual(bench.replayed, [2, 3].map(good))
  const sent = await run(bench, { includeLate: true })
  assert.equal(sent.status, EXIT.ok)
  assert.deepEqual(bench.replayed, [2, 3, 1].map(good))
})

test('what the model turned down is replayed, and called unsure', async () => {
  const bench = benchWith([{ value: good(1), reason: 'unscorable', stage: 'inference' }])
  const { status, report } = await run(bench)
  assert.equal(status, EXIT.ok)
  assert.deepEqual([report.total['unsure'], bench.replayed.length], [1, 1])
})

test('what was replayed too often, or came from another topic, stays', async () => {
  const bench = benchWith([
    { value: good(1), headers: [{ 'millrace.replays': '2' }] },
    { value: good(2), headers: [{ 'millrace.replays': '1' }] },
    { value: good(3), sourceTopic: 'elsewhere' },
  ])
  const { status, report } = await run(bench)
  assert.equal(status, EXIT.incomplete)
  assert.deepEqual(bench.replayed, [good(2)])
  assert.deepEqual([report.total['exhausted'], report.total['elsewhere']], [1, 1])
})

test('letters of other applications are left to those', async () => {
  const bench = benchWith([{ value: good(1), appId: 'other' }])
  const { report } = await run(bench)
  assert.equal(report.total['letters'], 0)
  assert.deepEqual(bench.log.records, [])
})

test('a letter that lies on the topic twice is replayed once', async () => {
  const bench = benchWith([
    { value: good(1), sourceOffset: 9 },
    { value: good(1), sourceOffset: 9 },
  ])
  const { report } = await run(bench)
  assert.deepEqual([report.replayed, report.replayedBefore], [1, 1])
})

test('a filter and a limit choose; what is left can be replayed later', async () => {
  const bench = benchWith(FIVE)
  const odd = (offset: number): boolean => offset % 2 === 1
  await run(bench, { filter: ({ source }) => odd(source.offset) })
  assert.deepEqual(bench.replayed, [2, 4].map(good))
  const { status, report } = await run(bench, { limit: 2 })
  assert.equal(status, EXIT.ok)
  assert.equal(report.replayed, 2)
  await run(bench)
  assert.deepEqual(bench.replayed, [2, 4, 1, 3, 5].map(good))
})

for (const call of ['begin', 'produce', 'commit'] as const) {
  test(`a run that ends at ${call} leaves nothing of its transaction; the next brings all back once`, async () => {
    const bench = benchWith(FIVE)
    bench.faults = [{ call, code: 'TRANSACTION_ABORTABLE' }]
    await assert.rejects(run(bench), /TRANSACTION_ABORTABLE|as the test says/)
    assert.deepEqual(bench.log.records, [])
    bench.faults = []
    await run(bench)
    assert.deepEqual(bench.replayed.toSorted(), [1, 2, 3, 4, 5].map(good))
  })
}

test('a run that another one has taken over writes nothing more, and nothing is doubled', async () => {
  const bench = benchWith(FIVE)
  const zombie = await bench.producer()
  await zombie.beginTransaction()
  const batch = new OutputBatch()
  batch.add({ topic: 'events', partition: 0, key: null, value: Buffer.from(good(1)) })
  await zombie.produce(batch, 0)
  await run(bench)
  await assert.rejects(zombie.commitTransaction(), /fenced/)
  assert.deepEqual(bench.replayed, [1, 2, 3, 4, 5].map(good))
})

test('the rate holds over the whole run', async () => {
  const bench = benchWith(FIVE)
  const startedAtMs = bench.clock.now()
  await run(bench, { rate: 2 })
  assert.equal(
    bench.clock.now() - startedAtMs,
    1_500,
    'two at once, one after 1 s, two after 1.5 s',
  )
  assert.equal(bench.replayed.length, 5)
})

test('a run that is asked to stop finishes its transaction, and the next goes on', async () => {
  const bench = benchWith(FIVE)
  bench.stopAfter = 2
  const { status, report } = await run(bench, { rate: 2 })
  assert.equal(status, EXIT.incomplete)
  assert.equal(report.replayed, 2)
  assert.match(bench.noted, /stopped as asked/)
  bench.stopAfter = Infinity
  await run(bench)
  assert.deepEqual(bench.replayed, [1, 2, 3, 4, 5].map(good))
})

test('the text has a row per reason and says the share that would pass', async () => {
  const bench = benchWith([...FIVE, { value: '{', reason: 'not-wire-format' }])
  await replay(bench, { ...REPLAY_ALL, json: false, isDryRun: true })
  assert.match(bench.printed, /^REASON +LETTERS +PASS +UP TO MODEL +LATE +SKIPPED +FAIL/)
  assert.match(bench.printed, /^undecodable +5 +5 /m)
  assert.match(bench.printed, /1 of not-wire-format fail again with undecodable, e\.g\. 0:5: /)
  assert.match(bench.printed, /\n83 % of 6 letters would pass; nothing was written\n$/)
})
