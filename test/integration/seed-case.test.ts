import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createBed } from '../harness/bed.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const EVENT_SCHEMA: object = JSON.parse(
  readFileSync(new URL('../../schemas/engagement/event.avsc', import.meta.url), 'utf8'),
)
const FIRST_MS = Date.UTC(2026, 0, 5, 12)
const VALUES = [10, 5, 15]
const EVENTS = VALUES.map((value) => ({ user_id: 'u1', action: 'click', value }))

interface MLFeature {
  readonly user_id: string
  readonly event_count_1h: number
  readonly avg_value_1h: number
  readonly computed_at: string
}

function checkFeatures(rows: readonly MLFeature[]): void {
  assert.deepEqual(
    rows.map(({ computed_at: _, ...rest }) => rest),
    [
      { user_id: 'u1', event_count_1h: 1, avg_value_1h: 10 },
      { user_id: 'u1', event_count_1h: 2, avg_value_1h: 7.5 },
      { user_id: 'u1', event_count_1h: 3, avg_value_1h: 10 },
    ],
  )
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), ['user_id', 'event_count_1h', 'avg_value_1h', 'computed_at'])
    assert.equal(new Date(row.computed_at).toISOString(), row.computed_at)
  }
}

test('three events of u1 give count 3 and average 10, as plain JSON without a time', async (t) => {
  const bed = await createBed({ format: 'json' })
  const service = new ServiceProcess(t, bed.env)
  await bed.write(
    EVENTS.map((event, index) => ({
      partition: 0,
      key: null,
      value: Buffer.from(JSON.stringify(event)),
      timestampMs: FIRST_MS + index * 60_000,
    })),
  )
  await service.statusIs('3 predictions', ({ totals }) => totals.predicted === 3)
  await service.stop()
  checkFeatures(await bed.readJson('features'))
  const predictions = await bed.readJson<{ event_id: string; event_time: number; score: number }>(
    'predictions',
  )
  assert.deepEqual(
    predictions.map(({ event_id, event_time }) => [event_id, event_time]),
    [0, 1, 2].map((offset) => [`${bed.topics.input}-0-${offset}`, FIRST_MS + offset * 60_000]),
  )
  for (const { score } of predictions) assert.ok(score > 0 && score < 1, `score ${score}`)
  const audits = await bed.readJson<{ outcome: string; source_offset: number }>('audit')
  assert.deepEqual(
    audits.map(({ outcome, source_offset }) => [outcome, source_offset]),
    [0, 1, 2].map((offset) => ['predicted', offset]),
  )
})

test('three events of u1 give count 3 and average 10, as Avro', async (t) => {
  const bed = await createBed({ format: 'registry' })
  const service = new ServiceProcess(t, bed.env)
  const encode = wireEncoder(
    await register(bed.registryUrl, bed.topics.input, EVENT_SCHEMA),
    EVENT_SCHEMA,
  )
  await bed.write(
    EVENTS.map((event, index) => ({
      partition: 0,
      key: 'u1',
      value: encode(event),
      timestampMs: FIRST_MS + index * 60_000,
    })),
  )
  await service.statusIs('3 predictions', ({ totals }) => totals.predicted === 3)
  await service.stop()
  checkFeatures(await bed.readAvro('features'))
  const keys = (await bed.read('features')).map(({ key }) => String(key))
  assert.deepEqual(keys, ['u1', 'u1', 'u1'])
  assert.equal((await bed.readAvro('predictions')).length, 3)
  assert.equal((await bed.readAvro('audit')).length, 3)
})
