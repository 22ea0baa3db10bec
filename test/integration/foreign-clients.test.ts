import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { whenCommitted } from '../harness/answers.ts'
import { runConsoleConsumer, runKcat, runPythonClient } from '../harness/foreign.ts'
import type { ForeignTopic } from '../harness/foreign.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const ROOT = new URL('../../', import.meta.url)
const FORMATS = { avro: 'avsc', protobuf: 'proto', 'json-schema': 'schema.json' } as const
const RECORDS = { features: 'MLFeature', predictions: 'Prediction', audit: 'Audit' } as const
const OUTPUTS = ['features', 'predictions', 'audit'] as const

/** Written by Confluent's Python serializers, each in its own format, mixed on one topic. */
const WRITTEN = [
  {
    format: 'avro',
    record: 'Event',
    schema: readFileSync(new URL('schemas/engagement/event.avsc', ROOT), 'utf8'),
    events: [{ user_id: 'u1', action: 'click', value: 10 }],
  },
  {
    format: 'protobuf',
    record: 'Event',
    schema: `syntax = "proto3"; package shop; message Other { string x = 1; }
      message Event { string user_id = 1; string action = 2; double value = 3; }`,
    events: [{ user_id: 'u1', action: 'click', value: 5 }],
  },
  {
    format: 'json-schema',
    record: 'Event',
    schema: JSON.stringify({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Event',
      type: 'object',
      properties: {
        user_id: { type: 'string' },
        action: { type: 'string' },
        value: { type: 'number' },
      },
    }),
    events: [{ user_id: 'u1', action: 'click', value: 15 }],
  },
] as const

const ROWS = [
  { user_id: 'u1', event_count_1h: 1, avg_value_1h: 10 },
  { user_id: 'u1', event_count_1h: 2, avg_value_1h: 7.5 },
  { user_id: 'u1', event_count_1h: 3, avg_value_1h: 10 },
]

async function answer(t: TestContext, bed: Bed, env: Record<string, string>): Promise<void> {
  const write = WRITTEN.map((each) => ({ ...each, topic: bed.topics.input }))
  await runPythonClient({ brokers: bed.brokers, registry: bed.registryUrl, write, read: [] })
  const service = new ServiceProcess(t, { ...bed.env, ...env })
  await whenCommitted(service, new Map([[0, 3]]))
  await service.stop()
}

function topicsOf(bed: Bed, format: keyof typeof FORMATS): readonly ForeignTopic[] {
  return OUTPUTS.map((output) => ({
    topic: bed.topics[output],
    format,
    schema: readFileSync(new URL(`schemas/engagement/${output}.${FORMATS[format]}`, ROOT), 'utf8'),
    record: `millrace.engagement.${RECORDS[output]}`,
  }))
}

for (const format of ['avro', 'protobuf', 'json-schema'] as const) {
  test(`events of three formats on one topic are answered in ${format}, as Confluent's Python client reads it`, async (t) => {
    const bed = await createBed()
    await answer(t, bed, { OUTPUT_FORMAT: format })
    const read = topicsOf(bed, format)
    const task = { brokers: bed.brokers, registry: bed.registryUrl, write: [], read }
    const [features = [], predictions = [], audits = []] = await runPythonClient(task)
    assert.deepEqual(
      features.map(({ computed_at: at, ...row }) => {
        assert.equal(new Date(String(at)).toISOString(), at)
        return row
      }),
      ROWS,
    )
    const scores = predictions.map(({ score }) => score)
    assert.ok(scores.length === 3 && scores.every((score) => Number(score) > 0), String(scores))
    const now = Date.now()
    for (const { event_time: time, predicted_at: at, model_version: version } of predictions) {
      assert.ok(Math.abs(now - Number(time)) < 600_000 && Math.abs(now - Number(at)) < 600_000)
      assert.equal(version, '1.0.0')
    }
    assert.deepEqual(
      audits.map((audit) => [
        String(audit['outcome']).replace('OUTCOME_', '').toLowerCase(),
        audit['reason'],
        audit['source_offset'],
        audit['key'],
        audit['features'],
        audit['scores'],
      ]),
      ROWS.map(({ event_count_1h: count, avg_value_1h: average }, offset) => [
        'predicted',
        null,
        offset,
        'u1',
        [count, average],
        [scores[offset]],
      ]),
    )
  })
}

test("plain JSON is a line a record to Kafka's console consumer, and to kcat where there is one", async (t) => {
  const bed = await createBed()
  await answer(t, bed, { OUTPUT_FORMAT: 'json' })
  const lines = await runConsoleConsumer(bed.brokers, bed.topics.features, ROWS.length)
  const rows = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ computed_at: _, ...row }) => row),
    ROWS,
  )
  const printed = await runKcat(bed.brokers, bed.topics.features)
  t.diagnostic(printed === undefined ? 'kcat is not installed: not read by it' : 'read by kcat')
  if (printed !== undefined) assert.deepEqual(printed, lines)
})
