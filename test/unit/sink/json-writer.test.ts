import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteStore } from '../../../src/sink/byte-store.ts'
import { JsonWriter } from '../../../src/sink/json-writer.ts'

function written(write: (writer: JsonWriter) => void): string {
  const store = new ByteStore()
  const writer = new JsonWriter()
  writer.begin(store, Buffer.alloc(0))
  write(writer)
  writer.end()
  return store.from(0).toString()
}

test('texts and numbers are written as JSON.stringify does', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 5000 }))
  fc.assert(
    fc.property(text, fc.double(), fc.maxSafeInteger(), (some, double, integer) => {
      assert.equal(
        written((writer) => writer.writeText(some)),
        JSON.stringify(some),
      )
      assert.equal(
        written((writer) => writer.writeNumber(double)),
        JSON.stringify(double),
      )
      assert.equal(
        written((writer) => writer.writeNumber(integer)),
        JSON.stringify(integer),
      )
    }),
  )
})

test('damaged UTF-16 and control characters are escaped', () => {
  for (const text of ['\ud800', 'a\u0000b', '"\\', '\u007f', '\u2028', '']) {
    assert.equal(
      written((writer) => writer.writeText(text)),
      JSON.stringify(text),
    )
  }
})
