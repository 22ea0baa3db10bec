import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '../../../../src/domain/errors.ts'
import { exportLetters, importLetters } from '../../../../src/tools/dlq/exchange.ts'
import { purge } from '../../../../src/tools/dlq/purge.ts'
import { replay } from '../../../../src/tools/dlq/replay.ts'
import { REPLAY_ALL } from '../../../fakes/replay.ts'
import { FakeBench } from '../../../fakes/workbench.ts'

/** Characters: room for a record of 10 MB. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024
const ALL = { filter: () => true, all: false }
const GOOD = '{"user_id":"u","action":"x","value":2}'

async function exported(from: FakeBench): Promise<string[]> {
  from.printed = ''
  await exportLetters(from, ALL)
  return from.printed.split('\n').slice(0, -1)
}

function bench(): FakeBench {
  const made = new FakeBench()
  const headers = [{ trace: Buffer.from([0, 0xff]) }]
  made.put({ value: Buffer.from([0, 0xff]), key: Buffer.from([0xfe]), headers })
  made.put({ value: null, key: null, partition: 1, reason: 'empty-value' })
  made.put({ value: GOOD })
  return made
}

test('what is exported and imported elsewhere is there to the byte, once', async () => {
  const from = bench()
  const lines = await exported(from)
  const to = new FakeBench()
  to.input = [...lines, '', ...lines]
  assert.equal(await importLetters(to, { json: true }), EXIT.ok)
  assert.deepEqual(JSON.parse(to.printed), { imported: 3, known: 3 })
  const again = await exported(to)
  const bytes = (line: string) => {
    const { letter: _, ...rest } = JSON.parse(line)
    return rest
  }
  assert.deepEqual(again.map(bytes), lines.map(bytes))
})

test('what is on the topic already, replayed or not, is not imported', async () => {
  const made = bench()
  made.input = await exported(made)
  await replay(made, REPLAY_ALL)
  made.printed = ''
  await importLetters(made, { json: false })
  assert.equal(made.printed, '0 letters were imported; 3 were there already\n')
})

test('an export holds what waits, or all', async () => {
  const made = bench()
  await replay(made, REPLAY_ALL)
  assert.equal((await exported(made)).length, 2)
  made.printed = ''
  await exportLetters(made, { ...ALL, all: true })
  assert.equal(made.printed.split('\n').length, 4)
})

test('a line that is no letter of the application is refused by its number', async () => {
  const [line = ''] = await exported(bench())
  const other = new FakeBench()
  other.put({ value: 'x', appId: 'other' })
  const cases: readonly [string, RegExp][] = [
    ['{', /^ServiceError: line 2 must be a line that `millrace dlq export` wrote/],
    ['{}', /line 2 .*partition/s],
    [line.replace(/"partition":\d+/, '"partition":5'), /line 2 has partition 5/],
    [line.replaceAll('millrace.reason', 'x'), /line 2 is no dead letter/],
    [
      line.replace(Buffer.from('app').toString('base64'), Buffer.from('xyz').toString('base64')),
      /line 2 is a letter of "xyz", not of "app"/,
    ],
  ]
  for (const [bad, message] of cases) {
    const to = new FakeBench()
    to.input = ['', bad]
    await assert.rejects(importLetters(to, { json: true }), (error: Error) => {
      assert.match(String(error), message)
      return true
    })
    assert.deepEqual(to.log.records, [])
  }
})

test('a line longer than a letter can be is refused by its number before it is parsed, and nothing is written', async () => {
  const [line = ''] = await exported(bench())
  const to = new FakeBench()
  to.input = [line, line.padEnd(LINE_LENGTH_MAX + 1)]
  await assert.rejects(importLetters(to, { json: true }), {
    code: 'CONFIG_INVALID',
    message: `line 2 must have at most ${LINE_LENGTH_MAX} characters`,
  })
  assert.deepEqual(to.log.records, [])
  to.input = [line.padEnd(LINE_LENGTH_MAX)]
  await importLetters(to, { json: true })
  assert.deepEqual(JSON.parse(to.printed), { imported: 1, known: 0 })
})

const PURGE = { place: { partition: 0, offset: 1 }, yes: false, json: true }

test('a purge says what it would delete and deletes only when somebody agrees', async () => {
  for (const [answer, status, deleted] of [
    [undefined, EXIT.incomplete, 0],
    [false, EXIT.incomplete, 0],
    [true, EXIT.ok, 1],
  ] as const) {
    const made = bench()
    made.answer = answer
    assert.equal(await purge(made, PURGE), status)
    assert.equal(made.deleted.length, deleted)
    assert.match(made.noted, /2 dead letters that wait, the first 0:0/)
    assert.match(made.noted, answer === undefined ? /--yes agrees beforehand/ : /up to offset 1/)
  }
})

test('a purge that is agreed to beforehand deletes up to the letter, and tells replays and others', async () => {
  const made = bench()
  made.put({ value: 'x', appId: 'other' })
  await replay(made, REPLAY_ALL)
  await purge(made, { ...PURGE, place: { partition: 0, offset: 2 }, yes: true })
  assert.deepEqual(made.deleted, [{ partition: 0, offset: 2 }])
  assert.match(made.printed, /\{"waiting":1,"replayed":1,"markers":0,"others":1\}\n$/)
})

test('a purge beyond the end of the partition is refused', async () => {
  const made = bench()
  for (const place of [
    { partition: 0, offset: 2 },
    { partition: 9, offset: 0 },
  ]) {
    await assert.rejects(purge(made, { ...PURGE, place, yes: true }), /ends at offset/)
  }
  assert.deepEqual(made.deleted, [])
})
