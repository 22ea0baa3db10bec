import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteStore } from '../../../src/sink/byte-store.ts'
import { ProtobufEncoder } from '../../../src/sink/protobuf-encoder.ts'
import type { PredictedRow } from '../../../src/sink/port.ts'
import { ENGAGEMENT_SPEC, IDENTITY } from '../../fixtures/specs.ts'

const SCHEMA_IDS = { features: 11, predictions: 12, audit: 13 }
const [COUNT] = ENGAGEMENT_SPEC.features

function encoderOf(nullable: boolean): ProtobufEncoder {
  assert.ok(COUNT !== undefined)
  const columns = Array.from({ length: 20 }, (_, index) => ({
    ...COUNT,
    name: `column_${index}`,
    nullable,
  }))
  const spec = { ...ENGAGEMENT_SPEC, features: columns }
  const encoder = new ProtobufEncoder({ spec, identity: IDENTITY, schemaIds: SCHEMA_IDS })
  encoder.setNow(0)
  return encoder
}

function rowOf(value: number): PredictedRow {
  return {
    key: 'u1',
    eventId: 'e1',
    eventTimeMs: 0,
    features: new Float64Array(20).fill(value),
    featuresAt: 0,
    scores: new Float64Array(1),
    scoresAt: 0,
  }
}

test('zeros take no bytes, unless they must be told from null', () => {
  const sizeOf = (nullable: boolean, value: number): number => {
    const store = new ByteStore()
    encoderOf(nullable).features(rowOf(value), store)
    return store.size
  }
  const empty = sizeOf(true, Number.NaN)
  assert.equal(sizeOf(false, 0), empty)
  // A tag and a byte each; tags from number 16 on take two bytes: the features' numbers are 3 to 22.
  assert.equal(sizeOf(true, 0), empty + 13 * 2 + 7 * 3)
})

test('a required integer that is NaN is a bug, and is not written as something else', () => {
  assert.throws(() => encoderOf(false).features(rowOf(Number.NaN), new ByteStore()), {
    code: 'INVARIANT_BROKEN',
  })
})
