import assert from 'node:assert/strict'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { AvroEncoder } from '../../src/sink/avro-encoder.ts'
import { JsonEncoder } from '../../src/sink/json-encoder.ts'
import { outputSchemas } from '../../src/sink/output-schemas.ts'
import { ProtobufEncoder } from '../../src/sink/protobuf-encoder.ts'
import { registeredSchemas } from '../../src/sink/schema-body.ts'
import { IDENTITY, WIDE_SPEC } from '../fixtures/specs.ts'
import { encoderContract } from './encoder-suite.ts'

const SCHEMA_IDS = { features: 11, predictions: 0x01020304, audit: 13 }
const OPTIONS = { spec: WIDE_SPEC, identity: IDENTITY }

encoderContract('JSON', () => ({
  encoder: new JsonEncoder(OPTIONS),
  read: (_output, value) => JSON.parse(value.toString('utf8')),
}))

encoderContract('JSON Schema', () => ({
  encoder: new JsonEncoder({ ...OPTIONS, schemaIds: SCHEMA_IDS }),
  read: (output, value) => JSON.parse(bodyOf(output, value).toString('utf8')),
}))

// Read by avsc from the schemas that are registered: an independent reader.
encoderContract('Avro', () => {
  const schemas = outputSchemas(WIDE_SPEC)
  return {
    encoder: new AvroEncoder({ ...OPTIONS, schemaIds: SCHEMA_IDS }),
    read: (output, value) => {
      const type = avro.Type.forSchema(JSON.parse(JSON.stringify(schemas[output])), {
        wrapUnions: 'never',
      })
      return type.fromBuffer(bodyOf(output, value))
    },
  }
})

// Read by protobufjs from the schemas that are registered, then put into the words of the others.
encoderContract('Protobuf', () => {
  const schemas = registeredSchemas(WIDE_SPEC, 'protobuf')
  return {
    encoder: new ProtobufEncoder({ ...OPTIONS, schemaIds: SCHEMA_IDS }),
    read: (output, value) => {
      const { name, body } = schemas[output]
      const root = new protobuf.Root()
      root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {})
      const type = protobuf.parse(body.schema, root, { keepCase: true }).root.lookupType(name)
      const bytes = bodyOf(output, value)
      assert.equal(bytes[0], 0, 'the message indexes of the first message')
      const read = type.toObject(type.decode(bytes.subarray(1)), { longs: Number, enums: String })
      return asOthers(
        outputSchemas(WIDE_SPEC)[output].fields.map((field) => field.name),
        read,
      )
    },
  }
})

function bodyOf(output: keyof typeof SCHEMA_IDS, value: Buffer): Buffer {
  assert.equal(value.readUInt8(0), 0)
  assert.equal(value.readInt32BE(1), SCHEMA_IDS[output])
  return value.subarray(5)
}

/** Fields in the order of the definition; what is not set is null, or the zero that is left out. */
function asOthers(names: readonly string[], read: Record<string, unknown>): object {
  const isNumber = new Set(['event_count_1h', 'total', 'score', 'margin', 'source_partition'])
  return Object.fromEntries(
    names.map((name) => {
      const value = read[name]
      if (value === undefined) return [name, isNumber.has(name) ? 0 : null]
      if (name === 'outcome') return [name, String(value).replace('OUTCOME_', '').toLowerCase()]
      const { seconds, nanos = 0 } = Object(value)
      return [name, seconds === undefined ? value : seconds * 1000 + nanos / 1e6]
    }),
  )
}
