import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import { outputSchemas } from '../../../src/sink/output-schemas.ts'
import { schemaFiles } from '../../../src/sink/schema-files.ts'
import { ENGAGEMENT_SPEC, WIDE_SPEC } from '../../fixtures/specs.ts'

test('the features of the engagement model are exactly those of the seed case', () => {
  const { name, fields } = outputSchemas(ENGAGEMENT_SPEC).features
  assert.equal(name, 'MLFeature')
  assert.deepEqual(
    fields.map((field) => [field.name, field.type]),
    [
      ['user_id', 'string'],
      ['event_count_1h', 'int'],
      ['avg_value_1h', 'double'],
      ['computed_at', 'string'],
    ],
  )
})

test('a nullable feature is a union with null, and null by default', () => {
  const field = outputSchemas(WIDE_SPEC).features.fields.find(({ name }) => name === 'avg_or_null')
  assert.deepEqual(field, { name: 'avg_or_null', type: ['null', 'double'], default: null })
})

test('each model has a namespace of its own', () => {
  assert.equal(outputSchemas(WIDE_SPEC).audit.namespace, 'millrace.wide_model')
  assert.equal(outputSchemas(ENGAGEMENT_SPEC).audit.namespace, 'millrace.engagement')
})

test('every schema is one that an Avro parser takes', () => {
  for (const { content } of schemaFiles([ENGAGEMENT_SPEC, WIDE_SPEC])) {
    assert.equal(avro.Type.forSchema(JSON.parse(content)).typeName, 'record')
  }
})

test('each model has one file per output topic', () => {
  assert.deepEqual(
    schemaFiles([ENGAGEMENT_SPEC]).map(({ path }) => path),
    ['features', 'predictions', 'audit'].map((topic) => `schemas/engagement/${topic}.avsc`),
  )
})

const NAMES = [
  [{ keyName: 'computed_at' }, '"computed_at" must be used once in record MLFeature'],
  [{ keyName: 'event_id' }, '"event_id" must be used once in record Prediction'],
  [
    { keyName: 'user-id' },
    '"user-id" in record MLFeature must be letters, digits and _, no digit first',
  ],
] as const

for (const [change, message] of NAMES) {
  test(`a model is refused when ${message}`, () => {
    const spec = { ...ENGAGEMENT_SPEC, event: { ...ENGAGEMENT_SPEC.event, ...change } }
    assert.throws(() => outputSchemas(spec), { code: 'MODEL_INVALID', message })
  })
}
