import assert from 'node:assert/strict'
import { test } from 'node:test'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { outputSchemas } from '../../../src/sink/output-schemas.ts'
import { protobufNumbers } from '../../../src/sink/protobuf-schema.ts'
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

test('every schema is one that a parser of its format takes', () => {
  for (const { path, content } of schemaFiles([ENGAGEMENT_SPEC, WIDE_SPEC])) {
    if (path.endsWith('.avsc')) {
      assert.equal(avro.Type.forSchema(JSON.parse(content)).typeName, 'record')
    } else if (path.endsWith('.proto')) {
      const root = new protobuf.Root()
      root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {})
      protobuf.parse(content, root).root.resolveAll()
    } else {
      const { title, properties, required } = JSON.parse(content)
      assert.match(title, /^millrace\.\w+\.\w+$/)
      for (const name of required) assert.ok(Object.hasOwn(properties, name), name)
    }
  }
})

test('each model has one file per output topic and format', () => {
  assert.deepEqual(
    schemaFiles([ENGAGEMENT_SPEC]).map(({ path }) => path),
    ['avsc', 'proto', 'schema.json'].flatMap((ending) =>
      ['features', 'predictions', 'audit'].map((topic) => `schemas/engagement/${topic}.${ending}`),
    ),
  )
})

test('one more feature or score at the end changes the number of no Protobuf field', () => {
  const before = protobufNumbers(ENGAGEMENT_SPEC)
  const { features, model } = ENGAGEMENT_SPEC
  const [feature] = features
  const [output] = model.outputs
  assert.ok(feature !== undefined && output !== undefined)
  const after = protobufNumbers({
    ...ENGAGEMENT_SPEC,
    features: [...features, { ...feature, name: 'more' }],
    model: { ...model, outputs: [...model.outputs, { ...output, name: 'more' }] },
  })
  for (const topic of ['features', 'predictions', 'audit'] as const) {
    for (const [name, number] of before[topic]) assert.equal(after[topic].get(name), number, name)
  }
  assert.equal(after.features.get('more'), 5)
  assert.equal(after.predictions.get('more'), 8)
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
