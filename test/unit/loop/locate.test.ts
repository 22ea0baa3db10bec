import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMetadata } from '../../../src/features/offset-metadata.ts'
import type { OffsetMetadata } from '../../../src/features/offset-metadata.ts'
import { locate } from '../../../src/loop/locate.ts'
import type { Located } from '../../../src/loop/locate.ts'

const LAYOUT = { hash: 1, text: 'these windows' }
const OTHER = { hash: 2, text: 'other windows' }
const POSITION = { streamTimeMs: 5_000, replayFrom: 40, replayStreamTimeMs: 1_000 }

function metadataOf(but: Partial<OffsetMetadata> = {}): string {
  return encodeMetadata({ position: POSITION, layout: LAYOUT, changelog: undefined, ...but })
}

/** A partition committed up to offset 60 of a log of 90, but for what is said. */
function known(but: Partial<Located> = {}): Located {
  return {
    topic: 'events',
    stored: { partition: 1, offset: 60, metadata: metadataOf() },
    bounds: { first: 0, end: 90 },
    layout: LAYOUT,
    reachMs: 4_000,
    policy: { onMismatch: 'refuse', onGap: 'refuse' },
    ...but,
  }
}

function stored(metadata: string | undefined, offset: number | undefined = 60): Located['stored'] {
  return { partition: 1, offset, metadata }
}

const ON_CHANGELOG = stored(metadataOf({ changelog: { from: 8, tiles: 3 } }))

test('a partition nobody committed is read from the start of its log', () => {
  const fresh = { partition: 1, offset: undefined, metadata: undefined }
  const found = locate(known({ stored: fresh, bounds: { first: 7, end: 90 } }))
  assert.deepEqual([found.start, found.replayUntil, found.restored], [7, 7, undefined])
  assert.equal(found.lostBefore, 7)
})

test('of a partition that was committed before, nothing is lost before its first start', () => {
  const accept = { onMismatch: 'refuse', onGap: 'accept' } as const
  for (const but of [
    {},
    { stored: ON_CHANGELOG },
    { bounds: { first: 61, end: 90 }, policy: accept },
  ]) {
    assert.equal(locate(known(but)).lostBefore, undefined)
  }
})

test('a partition with a changelog starts where it was committed, at its stream time', () => {
  const found = locate(known({ stored: ON_CHANGELOG, bounds: { first: 60, end: 90 } }))
  assert.deepEqual([found.start, found.replayUntil], [60, 60])
  assert.deepEqual([found.restored, found.changelog], [POSITION, { from: 8, tiles: 3 }])
})

test('a changelog that turned out to be unusable gives way to the input log', () => {
  const found = locate(known({ stored: ON_CHANGELOG, changelogProblem: 'it is short of a tile' }))
  assert.deepEqual([found.start, found.replayUntil, found.changelog], [40, 60, undefined])
  assert.equal(found.restored?.streamTimeMs, 1_000)
})

test('a committed partition without a changelog is read back from where its windows may still reach', () => {
  const found = locate(known())
  assert.deepEqual([found.start, found.replayUntil], [40, 60])
  assert.equal(found.restored?.streamTimeMs, 1_000)
  assert.equal(found.committed?.streamTimeMs, 5_000)
})

test('without a usable stream position the whole log is read back', () => {
  const found = locate(known({ stored: stored('written by something else') }))
  assert.deepEqual([found.start, found.replayUntil, found.restored], [0, 60, undefined])
})

const GAPS: readonly { name: string; but: Partial<Located> }[] = [
  {
    name: 'records that were never processed are gone',
    but: { bounds: { first: 61, end: 90 } },
  },
  {
    name: 'records that were never processed are gone, though the changelog is there',
    but: { stored: ON_CHANGELOG, bounds: { first: 61, end: 90 } },
  },
  {
    name: 'the changelog is unusable, and records that state is rebuilt from are gone',
    but: { stored: ON_CHANGELOG, bounds: { first: 41, end: 90 }, changelogProblem: 'short' },
  },
  {
    name: 'nothing says how far back state reaches and the log has lost its start',
    but: { stored: stored(undefined), bounds: { first: 1, end: 90 } },
  },
]

for (const { name, but } of GAPS) {
  test(`a start is refused when ${name}`, () => {
    assert.throws(() => locate(known(but)), { code: 'STATE_GAP', message: /STATE_ON_GAP=accept/ })
  })

  test(`it is accepted and told, if so configured, that ${name}`, () => {
    const found = locate(known({ ...but, policy: { onMismatch: 'refuse', onGap: 'accept' } }))
    assert.match(found.gap ?? '', /events-1/)
    assert.equal(found.start, Math.max(60, but.bounds?.first ?? 0))
    assert.equal(found.replayUntil, found.start)
  })
}

test('a committed offset past the end of the log is refused whatever is accepted', () => {
  const policy = { onMismatch: 'rebuild', onGap: 'accept' } as const
  const beyond = known({ bounds: { first: 0, end: 59 }, policy })
  assert.throws(() => locate(beyond), { code: 'STATE_GAP', message: /past the end of the log/ })
})

test('a log that lost its start is fine when nothing before the committed offset is needed', () => {
  const position = { streamTimeMs: 5_000, replayFrom: 60, replayStreamTimeMs: 5_000 }
  const but = { stored: stored(metadataOf({ position })), bounds: { first: 60, end: 90 } }
  const found = locate(known(but))
  assert.deepEqual([found.start, found.replayUntil], [60, 60])
})

const FOREIGN = stored(metadataOf({ layout: OTHER, changelog: { from: 8, tiles: 3 } }))
const REBUILD = { onMismatch: 'rebuild', onGap: 'refuse' } as const

test('state of another specification is refused, telling both and what to do', () => {
  const message = /\[other windows\].*\[these windows\].*STATE_ON_MISMATCH=rebuild/
  assert.throws(() => locate(known({ stored: FOREIGN })), { code: 'STATE_MISMATCH', message })
})

test('a rebuild reads back from where the former windows reached, if the new ones reach no further', () => {
  const found = locate(known({ stored: FOREIGN, policy: REBUILD }))
  assert.deepEqual([found.start, found.replayUntil, found.changelog], [40, 60, undefined])
  assert.equal(found.restored?.streamTimeMs, 1_000)
})

test('a rebuild for windows that reach further reads all of the log', () => {
  const found = locate(known({ stored: FOREIGN, policy: REBUILD, reachMs: 4_001 }))
  assert.deepEqual([found.start, found.replayUntil, found.restored], [0, 60, undefined])
})

test('a rebuild for windows that reach further is refused when the log has lost its start', () => {
  const but = { stored: FOREIGN, policy: REBUILD, reachMs: 4_001, bounds: { first: 1, end: 90 } }
  assert.throws(() => locate(known(but)), { code: 'STATE_GAP' })
})

test('a rebuild passes over no record that is gone unanswered, unless that is accepted', () => {
  const position = { streamTimeMs: undefined, replayFrom: Number.MAX_SAFE_INTEGER }
  // Nothing was in the windows, so there is nothing to read back that could be missed.
  const empty = { position: { ...position, replayStreamTimeMs: undefined }, layout: OTHER }
  for (const foreign of [FOREIGN, stored(metadataOf(empty))]) {
    const but = { stored: foreign, bounds: { first: 70, end: 90 } }
    const message = /10 records from committed offset 60 on are gone unanswered/
    assert.throws(() => locate(known({ ...but, policy: REBUILD })), { code: 'STATE_GAP', message })
    const found = locate(known({ ...but, policy: { ...REBUILD, onGap: 'accept' } }))
    assert.match(found.gap ?? '', message)
    assert.deepEqual([found.start, found.replayUntil], [70, 70])
  }
})
