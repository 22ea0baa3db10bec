import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replayStart, StreamClock } from '../../../src/features/stream-time.ts'

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
