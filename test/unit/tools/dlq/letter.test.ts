import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadLetter } from '../../../../src/domain/outcome.ts'
import type { InputRecord } from '../../../../src/domain/record.ts'
import { deadLetterHeaders, REPLAY_HEADERS } from '../../../../src/sink/headers.ts'
import { CoordinateSet, parseCoordinates } from '../../../../src/tools/dlq/coordinates.ts'
import { markerOf, readEntry, replayOf } from '../../../../src/tools/dlq/letter.ts'
import type { Letter } from '../../../../src/tools/dlq/letter.ts'
import { inputRecord } from '../../../fixtures/records.ts'

const IDENTITY = { appId: 'app', instanceId: 'a', modelName: 'm', modelVersion: '1.0.0' }
const WHY = deadLetter('invalid-event', 'decode', 'field "value" must be a finite double')

/** The record as it lies on the dead-letter topic. */
function turnedDown(record: InputRecord, schemaId?: number): InputRecord {
  const provenance = {
    record,
    schemaId,
    identity: IDENTITY,
    failedAt: '2026-01-05T12:00:00.000Z',
  }
  const headers = deadLetterHeaders(provenance, WHY, 'connect')
  return { ...record, topic: 'ml-dead-letters', offset: 7, timestamp: 1, headers }
}

function letterOf(record: InputRecord): Letter {
  const entry = readEntry(record)
  assert.equal(entry.kind, 'letter')
  return entry.letter
}

test('a dead letter tells what the service wrote of it', () => {
  const letter = letterOf(turnedDown(inputRecord(), 7))
  const { record: _, ...told } = letter
  assert.deepEqual(told, {
    source: { topic: 'events', partition: 3, offset: 41 },
    origin: { topic: 'events', partition: 3, offset: 41 },
    timestampMs: 1_357_000_000_000,
    reason: 'invalid-event',
    stage: 'decode',
    detail: 'field "value" must be a finite double',
    failedAtMs: Date.UTC(2026, 0, 5, 12),
    schemaId: 7,
    appId: 'app',
    model: { name: 'm', version: '1.0.0' },
    replays: 0,
    headers: [],
  })
})

test('a replay is the record as it came, to the byte, and says how often and of what', () => {
  const headers = [
    { trace: Buffer.from([1, 0xff]) },
    { 'millrace.reason': 'earlier' },
    { trace: '' },
  ]
  const record = inputRecord({ key: Buffer.from([0xff]), value: Buffer.from([0, 1]), headers })
  assert.deepEqual(replayOf(letterOf(turnedDown(record))), {
    topic: 'events',
    partition: 3,
    key: Buffer.from([0xff]),
    value: Buffer.from([0, 1]),
    timestamp: 1_357_000_000_000,
    headers: [...headers, { 'millrace.replays': '1' }, { 'millrace.replay.of': 'events/3/41' }],
  })
})

test('a replay of a replay counts on, and keeps where it began', () => {
  const first = replayOf(letterOf(turnedDown(inputRecord({ headers: [{ a: 'b' }] }))))
  const again = inputRecord({ offset: 90, headers: first.headers ?? [] })
  const letter = letterOf(turnedDown(again))
  assert.deepEqual(letter.source, { topic: 'events', partition: 3, offset: 90 })
  assert.deepEqual(replayOf(letter).headers, [
    { a: 'b' },
    { 'millrace.replays': '2' },
    { 'millrace.replay.of': 'events/3/41' },
  ])
})

test('a record without a timestamp is replayed without one', () => {
  const replay = replayOf(letterOf(turnedDown(inputRecord({ timestamp: -1 }))))
  assert.equal('timestamp' in replay, false)
})

test('the marker lies in the partition of the letter and names the record that was replayed', () => {
  const marker = markerOf(letterOf(turnedDown(inputRecord())))
  assert.deepEqual([marker.topic, marker.partition], ['ml-dead-letters', 3])
  assert.ok(marker.key !== null && marker.value !== null, 'a compacted topic would drop it')
  const entry = readEntry({ ...marker, offset: 8, timestamp: 1 })
  assert.deepEqual(entry, {
    kind: 'replayed',
    source: { topic: 'events', partition: 3, offset: 41 },
  })
})

test('a record that came with the header of a marker is no marker when it becomes a dead letter', () => {
  const forged = [{ 'millrace.replayed': 'events/3/40' }, { 'millrace.replays': '-9' }]
  const letter = letterOf(turnedDown(inputRecord({ headers: forged })))
  assert.equal(letter.source.offset, 41)
  assert.equal(letter.replays, 0)
})

test('what Millrace did not write, or damaged headers, is no dead letter', () => {
  assert.deepEqual(readEntry(inputRecord()), { kind: 'other' })
  const good = turnedDown(inputRecord())
  for (const name of ['source.offset', 'failed.at', 'source.timestamp', 'reason']) {
    const headers = good.headers?.filter((header) => !(`millrace.${name}` in header)) ?? []
    assert.deepEqual(readEntry({ ...good, headers }), { kind: 'other' }, name)
  }
})

test('the headers of a replay are those that are documented', () => {
  const names = replayOf(letterOf(turnedDown(inputRecord()))).headers?.flatMap(Object.keys)
  assert.deepEqual(names, Object.keys(REPLAY_HEADERS))
})

test('coordinates are read back as they were written, and nothing else is', () => {
  assert.deepEqual(parseCoordinates('a.b/3/41'), { topic: 'a.b', partition: 3, offset: 41 })
  for (const text of ['', 'a', 'a/1', '/1/2', 'a/b/1/2', 'a/-1/2', 'a/1/2 ']) {
    assert.equal(parseCoordinates(text), undefined, text)
  }
})

test('a set of coordinates tells topics, partitions and offsets apart', () => {
  const set = new CoordinateSet()
  set.add({ topic: 'a', partition: 1, offset: 12 })
  assert.ok(set.has({ topic: 'a', partition: 1, offset: 12 }))
  assert.ok(!set.has({ topic: 'a', partition: 11, offset: 2 }))
  assert.ok(!set.has({ topic: 'b', partition: 1, offset: 12 }))
  assert.ok(!set.has({ topic: 'a', partition: 1, offset: 13 }))
})
