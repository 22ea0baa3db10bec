import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMetadata } from '../../../src/features/stream-time.ts'
import { locate } from '../../../src/loop/locate.ts'

const METADATA = encodeMetadata({ streamTimeMs: 5_000, replayFrom: 40, replayStreamTimeMs: 1_000 })

test('a partition nobody committed is read from the start of its log', () => {
  const stored = { partition: 1, offset: undefined, metadata: undefined }
  const found = locate('events', stored, { first: 7, end: 90 })
  assert.deepEqual([found.start, found.replayUntil, found.restored], [7, 7, undefined])
})

test('a committed partition is read back from where its windows may still reach', () => {
  const stored = { partition: 1, offset: 60, metadata: METADATA }
  const found = locate('events', stored, { first: 0, end: 90 })
  assert.deepEqual([found.start, found.replayUntil], [40, 60])
  assert.equal(found.restored?.streamTimeMs, 1_000)
  assert.equal(found.committed?.streamTimeMs, 5_000)
})

test('without a usable stream position the whole log is read back', () => {
  const stored = { partition: 1, offset: 60, metadata: 'written by something else' }
  const found = locate('events', stored, { first: 0, end: 90 })
  assert.deepEqual([found.start, found.replayUntil, found.restored], [0, 60, undefined])
})

for (const { name, stored, bounds } of [
  {
    name: 'records that were never processed are gone',
    stored: { partition: 0, offset: 60, metadata: METADATA },
    bounds: { first: 61, end: 90 },
  },
  {
    name: 'records that state is rebuilt from are gone',
    stored: { partition: 0, offset: 60, metadata: METADATA },
    bounds: { first: 41, end: 90 },
  },
  {
    name: 'nothing says how far back state reaches and the log has lost its start',
    stored: { partition: 0, offset: 60, metadata: undefined },
    bounds: { first: 1, end: 90 },
  },
  {
    name: 'the committed offset lies beyond the log',
    stored: { partition: 0, offset: 60, metadata: METADATA },
    bounds: { first: 0, end: 59 },
  },
]) {
  test(`a start is refused when ${name}`, () => {
    assert.throws(() => locate('events', stored, bounds), { code: 'STATE_GAP' })
  })
}

test('a log that lost its start is fine when nothing before the committed offset is needed', () => {
  const metadata = encodeMetadata({
    streamTimeMs: 5_000,
    replayFrom: 60,
    replayStreamTimeMs: 5_000,
  })
  const found = locate('events', { partition: 0, offset: 60, metadata }, { first: 60, end: 90 })
  assert.deepEqual([found.start, found.replayUntil], [60, 60])
})
