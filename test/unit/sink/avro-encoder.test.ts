import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import { AvroEncoder } from '../../../src/sink/avro-encoder.ts'
import { ByteStore } from '../../../src/sink/byte-store.ts'
import { outputSchemas } from '../../../src/sink/output-schemas.ts'
import { ENGAGEMENT_SPEC, IDENTITY } from '../../fixtures/specs.ts'

function featuresOf(count: number, average: number): unknown {
  const encoder = new AvroEncoder({
    spec: ENGAGEMENT_SPEC,
    identity: IDENTITY,
    schemaIds: { features: 1, predictions: 2, audit: 3 },
  })
  encoder.setNow(0)
  const store = new ByteStore()
  const row = {
    key: 'u1',
    eventId: 'e',
    eventTimeMs: 0,
    features: Float64Array.of(count, average),
    featuresAt: 0,
    scores: Float64Array.of(),
    scoresAt: 0,
  }
  encoder.features(row, store)
  const schema = JSON.parse(JSON.stringify(outputSchemas(ENGAGEMENT_SPEC).features))
  return avro.Type.forSchema(schema).fromBuffer(store.from(5))
}

test('the seed case reads count 3 and average 10', () => {
  const { computed_at: computedAt, ...features } = Object(featuresOf(3, 10))
  assert.deepEqual(features, { user_id: 'u1', event_count_1h: 3, avg_value_1h: 10 })
  assert.equal(computedAt, '1970-01-01T00:00:00.000Z')
})

test('a figure beyond its column is written as the bound', () => {
  assert.equal(Object(featuresOf(1e12, 0)).event_count_1h, 2 ** 31 - 1)
  assert.equal(Object(featuresOf(-1e12, 0)).event_count_1h, -(2 ** 31))
})

test('a null in a column that has none is our mistake', () => {
  assert.throws(() => featuresOf(Number.NaN, 0), {
    code: 'INVARIANT_BROKEN',
    message: 'feature event_count_1h is not nullable, got NaN',
  })
})
