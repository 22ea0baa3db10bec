import assert from 'node:assert/strict'
import avro from 'avsc'
import { AvroEncoder } from '../../src/sink/avro-encoder.ts'
import { JsonEncoder } from '../../src/sink/json-encoder.ts'
import { outputSchemas } from '../../src/sink/output-schemas.ts'
import { IDENTITY, WIDE_SPEC } from '../fixtures/specs.ts'
import { encoderContract } from './encoder-suite.ts'

const SCHEMA_IDS = { features: 11, predictions: 0x01020304, audit: 13 }

encoderContract('JSON', () => ({
  encoder: new JsonEncoder({ spec: WIDE_SPEC, identity: IDENTITY }),
  read: (_output, value) => JSON.parse(value.toString('utf8')),
}))

// Read by avsc from the schemas that are registered: an independent reader.
encoderContract('Avro', () => {
  const schemas = outputSchemas(WIDE_SPEC)
  return {
    encoder: new AvroEncoder({ spec: WIDE_SPEC, identity: IDENTITY, schemaIds: SCHEMA_IDS }),
    read: (output, value) => {
      assert.equal(value.readUInt8(0), 0)
      assert.equal(value.readInt32BE(1), SCHEMA_IDS[output])
      const type = avro.Type.forSchema(JSON.parse(JSON.stringify(schemas[output])), {
        wrapUnions: 'never',
      })
      return type.fromBuffer(value.subarray(5))
    },
  }
})
