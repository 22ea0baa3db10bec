import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { ByteStore } from '../../../src/sink/byte-store.ts'
import { ProtobufWriter } from '../../../src/sink/protobuf-writer.ts'

const { root } = protobuf.parse(
  `syntax = "proto3";
   message Time { int64 seconds = 1; int32 nanos = 2; }
   message All { int64 long = 1; double double = 2; string text = 3; Time time = 2000; int32 int = 17; }`,
)
const type = root.lookupType('All')

function written(write: (writer: ProtobufWriter) => void): Buffer {
  const store = new ByteStore()
  const writer = new ProtobufWriter()
  writer.begin(store, Buffer.alloc(0))
  write(writer)
  writer.end()
  return store.from(0)
}

test('fields are written as protobufjs writes them', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 3000 }))
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer(), fc.double(), text, (long, int, double, some) => {
      fc.pre(some.isWellFormed())
      const bytes = written((writer) => {
        writer.writeLongField(1, long)
        writer.writeDoubleField(2, double)
        writer.writeStringField(3, some)
        writer.writeLongField(17, int)
      })
      assert.deepEqual(bytes, Buffer.from(type.encode({ long, double, text: some, int }).finish()))
    }),
  )
})

for (const timeMs of [0, 1, 999, 1000, 1_357_000_000_123, 8.64e15]) {
  test(`the time ${timeMs} is read back`, () => {
    const bytes = written((writer) => writer.writeTimestampField(2000, timeMs))
    const { time } = type.toObject(type.decode(bytes), { longs: Number, defaults: true })
    assert.equal(time.seconds * 1000 + time.nanos / 1e6, timeMs)
  })
}

for (const [value, bound] of [
  [2 ** 70, 2n ** 63n - 1n],
  [-(2 ** 70), -(2n ** 63n)],
] as const) {
  test(`${value} is written as its bound`, () => {
    const { long } = type.toObject(
      type.decode(written((writer) => writer.writeLongField(1, value))),
      {
        longs: String,
      },
    )
    assert.equal(long, String(bound))
  })
}
