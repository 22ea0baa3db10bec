import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PartitionProgress } from '../../../src/loop/partitions.ts'
import { recoveryOf } from '../../../src/loop/recover.ts'

function moved(partition: number, from: number, to: number): PartitionProgress {
  return {
    partition,
    position: to,
    unitStart: from,
    committedOffset: from,
    replayFrom: from,
    replayUntil: from,
    committed: undefined,
    changelogFrom: undefined,
  }
}

function stored(partition: number, offset: number | undefined) {
  return { partition, offset, metadata: undefined }
}

const UNIT = [moved(0, 10, 20), moved(1, 5, 9)]

test('offsets of the unit: it was committed', () => {
  assert.equal(recoveryOf(UNIT, [stored(0, 20), stored(1, 9)]), 'committed')
})

test('offsets from before the unit, or none ever: it was aborted', () => {
  assert.equal(recoveryOf(UNIT, [stored(0, 10), stored(1, 5)]), 'aborted')
  assert.equal(recoveryOf([moved(0, 0, 3)], [stored(0, undefined)]), 'aborted')
})

test('any other offset: somebody else has been at work', () => {
  assert.equal(recoveryOf(UNIT, [stored(0, 20), stored(1, 5)]), 'restored')
  assert.equal(recoveryOf(UNIT, [stored(0, 15), stored(1, 9)]), 'restored')
  assert.equal(recoveryOf(UNIT, [stored(0, 30), stored(1, 30)]), 'restored')
})

test('a unit that had nothing to commit was not committed', () => {
  assert.equal(recoveryOf([], []), 'aborted')
})
