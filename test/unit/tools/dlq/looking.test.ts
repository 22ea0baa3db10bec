import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '../../../../src/domain/errors.ts'
import { list } from '../../../../src/tools/dlq/list.ts'
import type { ListOptions } from '../../../../src/tools/dlq/list.ts'
import { parsePlace } from '../../../../src/tools/dlq/place.ts'
import { show } from '../../../../src/tools/dlq/show.ts'
import { stats } from '../../../../src/tools/dlq/stats.ts'
import type { Statistics } from '../../../../src/tools/dlq/stats.ts'
import { FakeBench } from '../../../fakes/workbench.ts'

const NOON = '2026-01-05T12:00:00.000Z'
const ONE = '2026-01-05T13:00:00.000Z'
const ALL = { filter: () => true }
const PAGE: ListOptions = { ...ALL, json: true, limit: 2, after: undefined, all: false }

/** Three letters in partition 0, of which the second was replayed, and two in partition 1. */
function bench(): FakeBench {
  const made = new FakeBench()
  made.put({ value: '{', failedAt: NOON, schemaId: 7 })
  made.put({ value: 'b', failedAt: NOON, schemaId: 7 })
  made.put({ value: 'c', failedAt: ONE, reason: 'invalid-event', detail: 'line\nbreak' })
  made.put({ value: 'd', partition: 1, failedAt: ONE, sourceOffset: 9 })
  made.put({ value: null, partition: 1, failedAt: ONE, reason: 'empty-value' })
  made.put({ value: 'x', partition: 1, appId: 'other' })
  made.putRecord({ partition: 1, key: null, value: Buffer.from('from elsewhere') })
  const marker = Buffer.from('events/0/1')
  const headers = [{ 'millrace.replayed': marker }]
  made.putRecord({ partition: 0, key: marker, value: marker, headers })
  return made
}

async function page(
  options: Partial<ListOptions>,
): Promise<{ names: string[]; next: string | null }> {
  const made = bench()
  assert.equal(await list(made, { ...PAGE, ...options }), EXIT.ok)
  const { letters, next } = JSON.parse(made.printed)
  return { names: letters.map(({ letter }: { letter: string }) => letter), next }
}

test('a list is paged through in order, each letter that waits once', async () => {
  const first = await page({})
  assert.deepEqual(first, { names: ['0:0', '0:2'], next: '0:2' })
  const second = await page({ after: parsePlace('0:2') })
  assert.deepEqual(second, { names: ['1:0', '1:1'], next: null })
  assert.deepEqual(await page({ after: parsePlace('1:1') }), { names: [], next: null })
})

test('a list shows what was replayed when it is asked for, and what the filter chooses', async () => {
  assert.deepEqual((await page({ all: true, limit: 9 })).names, ['0:0', '0:1', '0:2', '1:0', '1:1'])
  const filter = ({ schemaId }: { schemaId: number | undefined }): boolean => schemaId === 7
  assert.deepEqual((await page({ filter })).names, ['0:0'])
})

test('a list keeps each letter on one line', async () => {
  const made = bench()
  await list(made, { ...PAGE, json: false, limit: 9 })
  assert.match(made.printed, /^0:2 +2026-01-05T13:00:00.000Z +waits +invalid-event .* line·break$/m)
  assert.equal(made.printed.trimEnd().split('\n').length, 5)
})

test('statistics count by reason, schema and time, what waits, and what is left out', async () => {
  const made = bench()
  await stats(made, { ...ALL, format: 'json' })
  const found = JSON.parse(made.printed) as Statistics
  assert.deepEqual([found.letters, found.waiting, found.replayed], [5, 4, 1])
  assert.equal(found.oldestWaiting, NOON)
  assert.equal(found.oldestWaitingAgeSeconds, 0, 'the clock of this test is behind')
  assert.deepEqual(found.byReason[0], {
    value: 'undecodable',
    letters: 3,
    waiting: 2,
    first: NOON,
    last: ONE,
  })
  assert.deepEqual(
    found.bySchema.map(({ value }) => value),
    ['none', '7'],
  )
  assert.deepEqual([found.ofOtherApps, found.foreign], [1, 1])
  assert.equal(found.overTime.length, 13, 'five minutes each, none left out')
  assert.deepEqual(
    found.overTime.map(({ letters }) => letters),
    [2, ...Array.from({ length: 11 }, () => 0), 3],
  )
})

test('statistics as text have a bar for each group, the longest for the most', async () => {
  const made = bench()
  await stats(made, { ...ALL, format: 'text' })
  assert.match(
    made.printed,
    /^5 dead letters: 4 wait, 1 were replayed; the oldest has waited since 2026/,
  )
  assert.match(made.printed, /^undecodable +3 +2 .* █{30}$/m)
  assert.match(made.printed, /^empty-value +1 +1 .* █{10}$/m)
  assert.match(made.printed, /^2026-01-05T12:05:00.000Z +0$/m)
})

test('statistics for Prometheus have every reason, and an oldest one only while one waits', async () => {
  const made = bench()
  await stats(made, { ...ALL, format: 'prometheus' })
  assert.match(made.printed, /^millrace_dlq_waiting_records\{app="app",reason="undecodable"\} 2$/m)
  assert.match(made.printed, /^millrace_dlq_waiting_records\{app="app",reason="unscorable"\} 0$/m)
  const seconds = Date.parse(NOON) / 1000
  const oldest = `millrace_dlq_oldest_waiting_timestamp_seconds{app="app"} ${seconds}\n`
  assert.ok(made.printed.endsWith(oldest))
  const empty = new FakeBench()
  await stats(empty, { ...ALL, format: 'prometheus' })
  assert.doesNotMatch(empty.printed, /^millrace_dlq_oldest/m)
})

test('statistics of an empty queue say so', async () => {
  const made = new FakeBench()
  await stats(made, { ...ALL, format: 'text' })
  assert.equal(made.printed, '0 dead letters: 0 wait, 0 were replayed\n')
})

test('a letter is shown with why it would fail again and where its bytes are wrong', async () => {
  const made = bench()
  assert.equal(await show(made, { place: parsePlace('0:0'), json: false }), EXIT.ok)
  assert.match(made.printed, /^reason +undecodable, at decode$/m)
  assert.match(made.printed, /^read from +events\/0\/0, timestamp 2013-01-01/m)
  assert.match(made.printed, /^now +it would fail again: undecodable: value must be JSON/m)
  assert.match(made.printed, /^000000 {2}7b\[--\] +\{$/m)
})

test('a letter that decodes and breaks a rule is shown with its fields', async () => {
  const made = new FakeBench()
  made.put({ value: '{"user_id":"u","value":"2"}', reason: 'invalid-event' })
  await show(made, { place: parsePlace('0:0'), json: false })
  assert.match(made.printed, /^field user_id +"u"$/m)
  assert.match(made.printed, /^field value +"2"$/m)
  assert.doesNotMatch(made.printed, /^event|\[/m)
})

test('a letter that would pass now is shown with its event', async () => {
  const made = new FakeBench()
  made.put({ value: '{"user_id":"u","action":"x","value":2}', headers: [{ trace: 't' }] })
  await show(made, { place: parsePlace('0:0'), json: false })
  assert.match(made.printed, /^header trace +"t"$/m)
  assert.match(made.printed, /^now +it would pass$/m)
  assert.match(made.printed, /^event +key "u", time 2013-/m)
  assert.match(made.printed, /^field action +"x"$/m)
  assert.match(made.printed, /^field value +2$/m)
})

test('a letter of a topic that is not the input is shown, and not judged', async () => {
  const made = new FakeBench()
  made.put({ value: 'x', sourceTopic: 'elsewhere' })
  await show(made, { place: parsePlace('0:0'), json: true })
  assert.equal(JSON.parse(made.printed).now, null)
})

test('where no letter of the application lies, none is shown', async () => {
  for (const name of ['0:3', '1:2', '1:3', '0:9', '7:0']) {
    const made = bench()
    assert.equal(await show(made, { place: parsePlace(name), json: false }), EXIT.incomplete, name)
    assert.equal(made.printed, '')
  }
})

test('what a terminal would obey is not printed, wherever a letter holds it', async () => {
  const made = new FakeBench()
  const value = '{"user_id": \u001b[2J\u001b]0;pwn\u0007}'
  made.put({
    value,
    key: Buffer.from('k\u009b31m'),
    headers: [{ 'h\u001b[31m\nstate  replayed': 'v\u009b' }],
  })
  await show(made, { place: parsePlace('0:0'), json: false })
  await list(made, { ...ALL, limit: 10, after: undefined, all: true, json: false })
  // oxlint-disable-next-line no-control-regex -- those are what must not be there
  assert.doesNotMatch(made.printed.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f]/)
  assert.equal(made.printed.match(/^state +/gm)?.length, 1, 'no row of its own making')
})

test('a number that JSON does not have is shown as what it is', async () => {
  const made = new FakeBench()
  made.put({ value: '{"user_id":"u","value":1e999}', reason: 'invalid-event' })
  await show(made, { place: parsePlace('0:0'), json: false })
  assert.match(made.printed, /^field value +Infinity$/m)
  await show(made, { place: parsePlace('0:0'), json: true })
  assert.match(made.printed, /"value": "Infinity"/)
})
