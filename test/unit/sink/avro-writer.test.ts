import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import fc from 'fast-check'
import { AvroCursor } from '../../../src/decode/avro-cursor.ts'
import { ByteStore } from '../../../src/sink/byte-store.ts'
import { AvroWriter } from '../../../src/sink/avro-writer.ts'

function written(write: (writer: AvroWriter) => void): Buffer {
  const store = new ByteStore()
  const writer = new AvroWriter()
  writer.begin(store, Buffer.alloc(0))
  write(writer)
  writer.end()
  return store.from(0)
}

const longs = fc.oneof(
  fc.integer(),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.integer({ min: -200, max: 200 }),
)

test('longs are written as avsc writes them', () => {
  const type = avro.Type.forSchema('long')
  fc.assert(
    fc.property(longs, (value) => {
      assert.deepEqual(
        written((writer) => writer.writeLong(value)),
        type.toBuffer(value),
      )
    }),
  )
})

for (const power of [29, 30, 31, 32, 52, 53, 61, 62]) {
  for (const value of [2 ** power - 1, 2 ** power, -(2 ** power), -(2 ** power) - 1]) {
    test(`the long ${value} is read back`, () => {
      const cursor = new AvroCursor()
      const bytes = written((writer) => writer.writeLong(value))
      cursor.reset(bytes, 0, bytes.length)
      assert.equal(Number(cursor.readLong()), value)
      assert.equal(cursor.left, 0)
    })
  }
}

for (const [value, bound] of [
  [2 ** 63, [0xfe, ...Array(8).fill(0xff), 0x01]],
  [1e300, [0xfe, ...Array(8).fill(0xff), 0x01]],
  [-(2 ** 63), [0xff, ...Array(8).fill(0xff), 0x01]],
  [-1e300, [0xff, ...Array(8).fill(0xff), 0x01]],
] as const) {
  test(`the long ${value} is written as the bound of its range`, () => {
    assert.deepEqual([...written((writer) => writer.writeLong(value))], bound)
  })
}

test('texts are written as avsc writes them', () => {
  const type = avro.Type.forSchema('string')
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 70 }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      assert.deepEqual(
        written((writer) => writer.writeString(text)),
        type.toBuffer(text),
      )
    }),
  )
})

test('floating-point numbers are written as avsc writes them', () => {
  const types = [avro.Type.forSchema('double'), avro.Type.forSchema('float')]
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.deepEqual(
        written((writer) => {
          writer.writeDouble(value)
          writer.writeFloat(value)
        }),
        Buffer.concat(types.map((type) => type.toBuffer(value))),
      )
    }),
  )
})

test('a value larger than the buffer makes it grow and stays whole', () => {
  const text = 'é'.repeat(100_000)
  const bytes = written((writer) => {
    for (let count = 0; count < 5000; count += 1) writer.writeDouble(count)
    writer.writeString(text)
    writer.writeRaw(Buffer.from('end'))
  })
  assert.equal(bytes.readDoubleLE(4999 * 8), 4999)
  assert.ok(
    bytes
      .subarray(40_000)
      .equals(
        Buffer.concat([written((writer) => writer.writeLong(200_000)), Buffer.from(`${text}end`)]),
      ),
  )
})

test('a value follows what the store holds, begins with its header, and keeps its place as the store grows', () => {
  const store = new ByteStore(4)
  const writer = new AvroWriter()
  writer.begin(store, Buffer.from('first'))
  writer.end()
  store.reserve(1)
  store.bytes[store.size++] = 7
  writer.begin(store, Buffer.from('h'))
  writer.writeString('something longer than there was room for')
  writer.writeDouble(1.5)
  writer.end()
  const text = '\x50something longer than there was room for'
  const double = Buffer.alloc(8)
  double.writeDoubleLE(1.5)
  assert.deepEqual(store.from(0), Buffer.concat([Buffer.from(`first\x07h${text}`), double]))
})

test('one writer serves several stores in turn', () => {
  const stores = [new ByteStore(), new ByteStore()]
  const writer = new AvroWriter()
  for (const value of [0, 1, 2, 3]) {
    const store = stores[value % 2]
    assert.ok(store !== undefined)
    writer.begin(store, Buffer.alloc(0))
    writer.writeDouble(value)
    writer.end()
  }
  assert.deepEqual(
    stores.map((store) => [store.bytes.readDoubleLE(0), store.bytes.readDoubleLE(8), store.size]),
    [
      [0, 2, 16],
      [1, 3, 16],
    ],
  )
})
