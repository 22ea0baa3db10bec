import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartitionTable } from '../../../src/loop/partitions.ts'

function tableAt(start: number, replayUntil: number) {
  const table = new PartitionTable()
  table.open({ partition: 0, start, replayUntil, committed: undefined })
  const entry = table.get(0)
  assert(entry !== undefined)
  return { table, entry }
}

test('only partitions that moved are committed', () => {
  const { table, entry } = tableAt(10, 10)
  table.open({ partition: 1, start: 5, replayUntil: 5, committed: undefined })
  entry.position = 12
  assert.deepEqual(
    table.advanced().map(({ partition, position }) => [partition, position]),
    [[0, 12]],
  )
})

test('replayed records are never committed again', () => {
  const { table, entry } = tableAt(10, 20)
  entry.position = 20
  assert.deepEqual([table.advanced(), table.isReplaying()], [[], false])
  table.accept()
  assert.equal(entry.committedOffset, 20)
})

test('what is read back is counted until the unit is kept, and what is answered is not', () => {
  const { table, entry } = tableAt(10, 20)
  assert.equal(table.replayed(), 0)
  entry.position = 17
  assert.equal(table.replayed(), 7)
  table.accept()
  assert.equal(table.replayed(), 0)
  entry.position = 25
  assert.equal(table.replayed(), 3)
  table.accept()
  entry.position = 30
  assert.equal(table.replayed(), 0)
})

test('a rewind goes back to where the unit began, not further', () => {
  const { table, entry } = tableAt(10, 10)
  entry.position = 12
  table.accept()
  entry.position = 15
  assert.deepEqual(table.rewind(new Set()), [{ partition: 0, offset: 12 }])
  assert.equal(entry.position, 12)
})

test('a partition whose records were read ahead and dropped is read again, though it did not move', () => {
  const { table } = tableAt(10, 10)
  assert.deepEqual(table.rewind(new Set([0, 7])), [{ partition: 0, offset: 10 }])
})

test('a partition that did not move is not rewound', () => {
  const { table } = tableAt(10, 10)
  assert.deepEqual(table.rewind(new Set()), [])
})

test('a partition assigned twice is a broken invariant', () => {
  const { table } = tableAt(10, 10)
  assert.throws(
    () => table.open({ partition: 0, start: 1, replayUntil: 1, committed: undefined }),
    {
      code: 'INVARIANT_BROKEN',
    },
  )
})
