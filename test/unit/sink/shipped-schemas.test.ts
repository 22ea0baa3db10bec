import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FLIGHT_SCHEMA } from '../../../scripts/flights/record.ts'
import { compileAvro } from '../../../src/decode/avro-codec.ts'
import { neededFields } from '../../../src/decode/to-event.ts'
import { parseModelSpec } from '../../../src/features/spec.ts'

const ROOT = new URL('../../../', import.meta.url)

for (const model of ['engagement', 'flight-delay']) {
  test(`the event schema of ${model} has every field its model reads`, () => {
    const path = `models/${model}/model.yaml`
    const { event } = parseModelSpec(readFileSync(new URL(path, ROOT), 'utf8'), path)
    const wanted = neededFields(event)
    const schema = readFileSync(new URL(`schemas/${model}/event.avsc`, ROOT), 'utf8')
    const { offers } = compileAvro(schema, [], wanted)
    assert.ok(offers.every((offer) => offer.size > 0))
  })
}

test('flights are replayed with the schema that is shipped', () => {
  const schema = readFileSync(new URL('schemas/flight-delay/event.avsc', ROOT), 'utf8')
  assert.deepEqual(JSON.parse(schema), FLIGHT_SCHEMA)
})
