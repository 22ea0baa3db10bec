import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputRecord } from '../../../src/domain/record.ts'
import { OutputBatch } from '../../../src/sink/output-batch.ts'

const KEY = Buffer.from('key')

const RECORDS: readonly OutputRecord[] = [
  { topic: 'a', partition: 0, key: KEY, value: Buffer.from('one') },
  { topic: 'b', partition: 7, key: KEY, value: Buffer.from('two') },
  { topic: 'a', partition: 1, key: null, value: null },
  { topic: 'b', partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(0) },
  {
    topic: 'c',
    partition: 2,
    key: null,
    value: Buffer.from('x'),
    headers: [{ same: Buffer.from('1') }, { same: Buffer.from('ä') }, { empty: Buffer.alloc(0) }],
    timestamp: 1_700_000_000_123,
  },
  { topic: 'c', partition: 2, key: null, value: Buffer.from('y'), timestamp: 5 },
]

test('records come out as they went in', () => {
  const batch = new OutputBatch()
  for (const record of RECORDS) batch.add(record)
  assert.equal(batch.count, RECORDS.length)
  for (const [index, record] of RECORDS.entries()) assert.deepEqual(batch.at(index), record)
})

test('headers that several records share are theirs alone', () => {
  const batch = new OutputBatch()
  const shared = [{ traceparent: Buffer.from('00-a-b-01') }]
  const record = { topic: 'a', partition: 0, key: null, value: null }
  const records: OutputRecord[] = [
    { ...record, headers: shared },
    { ...record, headers: shared, timestamp: 7 },
    { ...record, headers: shared },
    record,
    { ...record, headers: [{ other: Buffer.from('x') }] },
    { ...record, headers: shared },
  ]
  for (const each of records) batch.add(each)
  for (const [index, each] of records.entries()) assert.deepEqual(batch.at(index), each)
  batch.clear()
  batch.add({ ...record, value: Buffer.alloc(100, 1) })
  batch.add({ ...record, headers: shared })
  assert.deepEqual(batch.at(1), { ...record, headers: shared })
})

test('what was added is a copy, and keeps its bytes while the batch grows', () => {
  const batch = new OutputBatch()
  const shared = Buffer.alloc(1_000)
  for (let index = 0; index < 3_000; index += 1) {
    shared.fill(index % 251)
    batch.add({ topic: 'a', partition: index, key: null, value: shared })
  }
  for (let index = 0; index < 3_000; index += 1) {
    const { partition, value } = batch.at(index)
    assert.deepEqual([partition, value?.[0], value?.length], [index, index % 251, 1_000])
  }
})

test('it tells how much goes to each topic, and begins anew when it is cleared', () => {
  const batch = new OutputBatch()
  const volumes = () => {
    const told: unknown[] = []
    batch.eachVolume((...volume) => told.push(volume))
    return told
  }
  for (const record of RECORDS) batch.add(record)
  assert.deepEqual(volumes(), [
    ['a', 2, 3],
    ['b', 2, 3],
    ['c', 2, 2],
  ])
  batch.clear()
  assert.deepEqual([batch.count, volumes()], [0, []])
  batch.add({ topic: 'b', partition: 0, key: KEY, value: Buffer.from('again') })
  assert.deepEqual(volumes(), [['b', 1, 5]])
  assert.deepEqual(batch.at(0).value, Buffer.from('again'))
})

test('a record whose value is encoded in place lies among those that were added', () => {
  const batch = new OutputBatch()
  const headers = [{ trace: Buffer.from('t') }]
  batch.add({ topic: 'a', partition: 0, key: KEY, value: Buffer.from('one') })
  for (const key of ['u1', 'u1', 'ü', 'x'.repeat(100), '', null, KEY]) {
    const store = batch.begin('b', 3, key, headers)
    const value = Buffer.alloc(50_000, String(key ?? '-'))
    store.reserve(value.length)
    store.bytes.set(value, store.size)
    store.size += value.length
    batch.end()
    assert.deepEqual(batch.at(batch.count - 1), {
      topic: 'b',
      partition: 3,
      key: key === null ? null : Buffer.from(key),
      value,
      headers,
    })
  }
  batch.add({ topic: 'a', partition: 0, key: null, value: Buffer.from('last') })
  assert.deepEqual(String(batch.at(0).value), 'one')
  assert.deepEqual(String(batch.at(8).value), 'last')
  const volumes: unknown[] = []
  batch.eachVolume((...volume) => volumes.push(volume))
  assert.deepEqual(volumes, [
    ['a', 2, 7],
    ['b', 7, 350_000],
  ])
})
