import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockRecord, consumeBlock } from '../../../src/source/message-block.ts'
import { blockOf } from '../../fixtures/message-block.ts'
import type { Written } from '../../fixtures/message-block.ts'

const EOF = -191

const recordOf = (message: Written): BlockRecord => new BlockRecord(blockOf([message]), 0)

test('null, empty and filled keys and values are told apart', () => {
  const block = blockOf([
    { offset: 0, key: null, value: null },
    { offset: 1, key: '', value: '' },
    { offset: 2, key: 'k', value: 'v' },
  ])
  const parts = [0, 1, 2].map((index) => {
    const { key, value } = new BlockRecord(block, index)
    return [key?.toString(), value?.toString()]
  })
  assert.deepEqual(parts, [
    [undefined, undefined],
    ['', ''],
    ['k', 'v'],
  ])
})

test('positions beyond 32 bits are exact', () => {
  const offset = 2 ** 40 + 1
  const record = recordOf({ offset, timestamp: 1_760_000_000_123, partition: 7 })
  const { topic, partition, timestamp } = record
  assert.deepEqual(
    { topic, partition, offset: record.offset, timestamp },
    { topic: 'events', partition: 7, offset, timestamp: 1_760_000_000_123 },
  )
})

test('headers keep their order, names that come twice, and names that objects know', () => {
  const headers = [
    ['b', '1'],
    ['a', ''],
    ['b', 'ü'],
    ['__proto__', 'x'],
  ] as const
  const read = recordOf({ offset: 0, value: 'v', headers }).headers ?? []
  assert.deepEqual(
    read.map((header) => Object.entries(header).map(([name, bytes]) => [name, String(bytes)])),
    headers.map((header) => [header]),
  )
})

test('a null header reads as empty, and one behind it as it is', () => {
  const headers = [
    ['a', null],
    ['b', '2'],
  ] as const
  const read = recordOf({ offset: 0, headers }).headers ?? []
  assert.deepEqual(
    read.map((header) => Object.values(header).map(String)),
    [[''], ['2']],
  )
  assert.equal(recordOf({ offset: 0 }).headers, undefined)
})

test('what is no message says what it is', () => {
  const block = blockOf([{ error: EOF, partition: 3, offset: 12, value: 'reached the end' }])
  assert.deepEqual(block.problem(0), { code: EOF, message: 'reached the end' })
  assert.deepEqual([block.partition(0), block.offset(0)], [3, 12])
})

test('a view shows one message after the other, absent parts as empty', () => {
  const block = blockOf([
    { offset: 5, partition: 1, key: 'key', value: 'value' },
    { offset: 6, partition: 2, key: null, value: null },
  ])
  const none = Buffer.alloc(0)
  const at = { keyAt: 0, keyEnd: 0, valueAt: 0, valueEnd: 0 }
  const view = { partition: -1, offset: -1, key: none, value: none, ...at }
  const shown = [0, 1].map((index) => {
    block.show(index, view)
    const key = view.key.toString('utf8', view.keyAt, view.keyEnd)
    return [
      view.partition,
      view.offset,
      key,
      view.value.toString('utf8', view.valueAt, view.valueEnd),
    ]
  })
  assert.deepEqual(shown, [
    [1, 5, 'key', 'value'],
    [2, 6, '', ''],
  ])
})

test('a call that brings nothing brings an empty block, a call that fails its error', async () => {
  const wait = { firstMs: 1, lingerMs: 0 }
  const silent = await consumeBlock(
    { consumeBatch: (...[, , , done]) => done(null, 0, null, []) },
    5,
    wait,
  )
  assert.equal(silent.count, 0)
  const error = { code: -172, message: 'not connected' }
  const failing = { consumeBatch: (...[, , , done]: Consume) => done(error, 0, null, []) }
  await assert.rejects(consumeBlock(failing, 5, wait), error)
})

type Consume = Parameters<Parameters<typeof consumeBlock>[0]['consumeBatch']>
