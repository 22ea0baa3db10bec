import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeMetadata,
  NOTHING_TO_REPLAY,
  parseMetadata,
  replayStart,
  StreamClock,
  type StreamPosition,
} from '../../../src/features/stream-time.ts'

const POSITIONS: readonly (readonly [StreamPosition, string])[] = [
  [
    { streamTimeMs: 1700, replayFrom: 42, replayStreamTimeMs: 900 },
    '{"v":1,"t":1700,"r":42,"rt":900}',
  ],
  [{ streamTimeMs: 0, replayFrom: 0, replayStreamTimeMs: undefined }, '{"v":1,"t":0,"r":0}'],
  [
    { streamTimeMs: undefined, replayFrom: NOTHING_TO_REPLAY, replayStreamTimeMs: undefined },
    '{"v":1,"r":9007199254740991}',
  ],
]

for (const [position, text] of POSITIONS) {
  test(`a position travels as ${text} and comes back whole`, () => {
    assert.equal(encodeMetadata(position), text)
    assert.deepEqual(parseMetadata(text), position)
  })
}

test('the metadata of the largest times and offsets stays below its bound', () => {
  const position = {
    streamTimeMs: 8.64e15,
    replayFrom: Number.MAX_SAFE_INTEGER - 1,
    replayStreamTimeMs: 8.64e15,
  }
  const text = encodeMetadata(position)
  assert.ok(text.length <= 200, `${text.length} characters`)
  assert.deepEqual(parseMetadata(text), position)
})

const FOREIGN = [
  '',
  'none',
  '{',
  'null',
  '7',
  '[]',
  '{}',
  '{"v":2,"t":1,"r":1}',
  '{"v":1,"t":1}',
  '{"v":1,"t":1,"r":-1}',
  '{"v":1,"t":1,"r":1.5}',
  '{"v":1,"t":"1","r":1}',
  '{"v":1,"t":null,"r":1}',
  '{"v":1,"t":-1,"r":1}',
  '{"v":1,"t":1,"r":9007199254740992}',
  '{"v":1,"t":1,"r":1,"rt":2}',
  '{"v":1,"r":1}',
  '{"v":1,"t":1,"r":9007199254740991}',
  '{"v":1,"r":9007199254740991,"rt":1}',
  '{"v":1,"t":1700,"r":42,"rt":900'.slice(0, 20),
]

for (const text of FOREIGN) {
  test(`metadata ${JSON.stringify(text)} is not ours, and no error`, () => {
    assert.equal(parseMetadata(text), undefined)
  })
}

test('absent metadata, and metadata longer than ours can be, is not ours', () => {
  assert.equal(parseMetadata(undefined), undefined)
  const spaced = `{"v":1,"t":1,${' '.repeat(180)}"r":1}`
  assert.equal(spaced.length, 199)
  assert.notEqual(parseMetadata(spaced), undefined)
  assert.notEqual(parseMetadata(`${spaced} `), undefined)
  assert.equal(parseMetadata(`${spaced}  `), undefined)
})

test('a replay starts with the stream time that held where it starts', () => {
  const position = { streamTimeMs: 1700, replayFrom: 42, replayStreamTimeMs: 900 }
  assert.deepEqual(replayStart(position), { ...position, streamTimeMs: 900 })
})

test('stream time is the largest time seen, and only a larger one moves it', () => {
  const clock = new StreamClock(100)
  assert.equal(clock.isMovedBy(0), true)
  clock.advance(3, 50)
  assert.deepEqual([clock.isMovedBy(50), clock.isMovedBy(51)], [false, true])
  clock.advance(4, 40)
  assert.deepEqual(clock.position(), {
    streamTimeMs: 50,
    replayFrom: 3,
    replayStreamTimeMs: undefined,
  })
})

test('records are read back from the last offset before which all lies out of reach', () => {
  const clock = new StreamClock(100)
  for (const [offset, timeMs] of [0, 10, 20, 150, 30].entries()) clock.advance(offset, timeMs)
  // Reach begins at 50: the records up to offset 2 lie before it.
  assert.deepEqual(clock.position(), { streamTimeMs: 150, replayFrom: 3, replayStreamTimeMs: 20 })
  clock.advance(5, 250)
  // A record at 150 is within reach, and one at 150 may have been the last before offset 5.
  assert.equal(clock.position().replayFrom, 3)
  clock.advance(6, 251)
  assert.deepEqual(clock.position(), { streamTimeMs: 251, replayFrom: 5, replayStreamTimeMs: 150 })
})

test('a clock that is saved and restored is where it was', () => {
  const clock = new StreamClock(100)
  clock.advance(0, 10)
  const saved = clock.save()
  const before = clock.position()
  clock.advance(1, 500)
  clock.advance(2, 900)
  clock.restore(saved)
  assert.deepEqual(clock.position(), before)
})

test('a clock over a long log keeps few checkpoints', () => {
  const clock = new StreamClock(6400)
  for (let offset = 0; offset < 100_000; offset++) clock.advance(offset, offset)
  assert.ok(clock.save().checkpoints.length <= 66, `${clock.save().checkpoints.length}`)
  const { replayFrom } = clock.position()
  assert.ok(replayFrom <= 99_999 - 6400 && replayFrom > 99_999 - 6400 - 102, `${replayFrom}`)
})
