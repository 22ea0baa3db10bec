import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadLetter } from '../../../src/domain/outcome.ts'
import type { Header, OutputRecord } from '../../../src/domain/record.ts'
import { HEADERS } from '../../../src/sink/headers.ts'
import { JsonEncoder } from '../../../src/sink/json-encoder.ts'
import { OutputBatch } from '../../../src/sink/output-batch.ts'
import { OutputPlan } from '../../../src/sink/plan.ts'
import type { PassOn } from '../../../src/sink/plan.ts'
import { inputRecord } from '../../fixtures/records.ts'
import { ENGAGEMENT_SPEC, IDENTITY } from '../../fixtures/specs.ts'

const TOPICS = {
  features: 'ml-features',
  predictions: 'ml-predictions',
  audit: 'ml-audit-log',
  late: 'ml-late-events',
  deadLetters: 'ml-dead-letters',
}
const FAILED_AT = '2013-01-01T00:00:00.000Z'
const EVENT = { key: 'u1', timeMs: 5, id: 'e1', values: [null, 1] } as const
const LETTER = deadLetter('invalid-event', 'decode', 'field "value" must be a finite double')
const ROW = {
  features: Float64Array.of(3, 10),
  featuresAt: 0,
  scores: Float64Array.of(0.5),
  scoresAt: 0,
}
const SOURCE = [
  { 'millrace.source.topic': 'events' },
  { 'millrace.source.partition': '3' },
  { 'millrace.source.offset': '41' },
  { 'millrace.source.timestamp': '1357000000000' },
]
const IDENTITY_HEADERS = [
  { 'millrace.app.id': 'app' },
  { 'millrace.instance.id': 'app-0' },
  { 'millrace.model.name': 'engagement' },
  { 'millrace.model.version': '1.0.0' },
]

function produced(run: (plan: OutputPlan, batch: OutputBatch) => void, passOn?: PassOn) {
  const plan = new OutputPlan({
    topics: TOPICS,
    encoder: new JsonEncoder({ spec: ENGAGEMENT_SPEC, identity: IDENTITY }),
    identity: {
      appId: 'app',
      instanceId: 'app-0',
      modelName: 'engagement',
      modelVersion: '1.0.0',
    },
    headerStyle: 'millrace',
    passOn,
  })
  plan.setNow(Date.parse(FAILED_AT))
  const batch = new OutputBatch()
  run(plan, batch)
  return Array.from({ length: batch.count }, (_, index) => batch.at(index))
}

/** Headers as they are read: their values are bytes. */
function asRead(headers: readonly Header[]): Header[] {
  return headers.map((header) =>
    Object.fromEntries(Object.entries(header).map(([name, value]) => [name, Buffer.from(value)])),
  )
}

function auditOf(records: readonly OutputRecord[]): Record<string, unknown> {
  const audit = records.find(({ topic }) => topic === TOPICS.audit)
  return JSON.parse(String(audit?.value))
}

test('a prediction is written to features, predictions and audit, all at the input partition', () => {
  const record = inputRecord()
  const records = produced((plan, batch) => {
    plan.predicted({ record, schemaId: 7, event: EVENT }, ROW, batch)
  })
  assert.deepEqual(
    records.map(({ topic, partition, key }) => [topic, partition, String(key)]),
    [
      ['ml-features', 3, 'u1'],
      ['ml-predictions', 3, 'u1'],
      ['ml-audit-log', 3, 'u1'],
    ],
  )
  const { outcome, schema_id: schemaId, features, source_offset: offset } = auditOf(records)
  assert.deepEqual([outcome, schemaId, features, offset], ['predicted', 7, [3, 10], 41])
})

const KEYS = [
  ['u1', 'u1'],
  ['u2', 'u1'],
  ['ü', 'ü'],
  [null, 'u1'],
] as const

for (const [recordKey, entityKey] of KEYS) {
  test(`outputs of record key ${recordKey} and entity key ${entityKey} have the entity key`, () => {
    const record = inputRecord({ key: recordKey === null ? null : Buffer.from(recordKey) })
    const event = { ...EVENT, key: entityKey }
    const records = produced((plan, batch) => {
      plan.predicted({ record, schemaId: 7, event }, ROW, batch)
      plan.late({ record, schemaId: 7, event }, 1, batch)
    })
    const keys = records.map(({ topic, key }) => [topic, key === null ? null : String(key)])
    assert.deepEqual(keys, [
      ['ml-features', entityKey],
      ['ml-predictions', entityKey],
      ['ml-audit-log', entityKey],
      ['ml-late-events', recordKey],
      ['ml-audit-log', entityKey],
    ])
  })
}

test('a dead letter keeps its bytes and headers, and says why and where from', () => {
  const headers = [
    { trace: Buffer.from([1, 0xff]) },
    { 'millrace.reason': 'earlier' },
    { trace: '' },
  ]
  const record = inputRecord({ key: Buffer.from([0xff]), value: Buffer.from([0, 1]), headers })
  const records = produced((plan, batch) => {
    plan.deadLetter({ record, schemaId: 7, event: undefined }, LETTER, batch)
  })
  assert.deepEqual(records[0], {
    topic: 'ml-dead-letters',
    partition: 3,
    key: Buffer.from([0xff]),
    value: Buffer.from([0, 1]),
    headers: asRead([
      ...headers,
      { 'millrace.reason': 'invalid-event' },
      { 'millrace.stage': 'decode' },
      { 'millrace.detail': 'field "value" must be a finite double' },
      ...SOURCE,
      { 'millrace.schema.id': '7' },
      { 'millrace.attempt': '1' },
      ...IDENTITY_HEADERS,
      { 'millrace.failed.at': FAILED_AT },
    ]),
  })
  assert.deepEqual(records[1]?.key, Buffer.from([0xff]))
  const { outcome, reason, key, event_id: eventId } = auditOf(records)
  assert.deepEqual([outcome, reason, key, eventId], ['dead_letter', 'invalid-event', null, null])
})

test('the audit record of a later answer says what the record was, and of which replay it is; nothing else does', () => {
  const record = inputRecord()
  const answered = { record, schemaId: 7, event: EVENT }
  const headers = [{ 'millrace.replays': '1' }]
  const formerly = { reason: 'invalid-event', headers }
  const trace = [{ traceparent: 't' }]
  const [features, prediction, audit, tombstone, next] = produced(
    (plan, batch) => {
      plan.predicted({ ...answered, formerly }, ROW, batch)
      plan.skipped({ ...answered, event: undefined, formerly }, batch)
      plan.skipped(answered, batch)
    },
    () => trace,
  )
  assert.deepEqual(features?.headers, asRead(trace))
  assert.deepEqual(prediction?.headers, asRead(trace))
  const saying = ({ value }: OutputRecord): unknown[] => {
    const { outcome, reason } = JSON.parse(String(value))
    return [outcome, reason]
  }
  assert.ok(audit !== undefined && tombstone !== undefined && next !== undefined)
  assert.deepEqual(saying(audit), ['predicted', 'invalid-event'])
  assert.deepEqual(saying(tombstone), ['skipped', 'invalid-event'])
  assert.deepEqual(saying(next), ['skipped', null])
  assert.deepEqual(audit.headers, asRead([...trace, ...headers]))
  assert.deepEqual(tombstone.headers, asRead([...trace, ...headers]))
  assert.deepEqual(next.headers, asRead(trace))
})

test('a late event keeps its bytes, says by how much, and is audited with its event', () => {
  const record = inputRecord({ key: null, value: Buffer.from('v') })
  const records = produced((plan, batch) => {
    plan.late({ record, schemaId: undefined, event: EVENT }, 250, batch)
  })
  assert.deepEqual(records[0], {
    topic: 'ml-late-events',
    partition: 3,
    key: null,
    value: Buffer.from('v'),
    headers: asRead([
      { 'millrace.reason': 'late' },
      { 'millrace.late.by.ms': '250' },
      ...SOURCE,
      { 'millrace.attempt': '1' },
      ...IDENTITY_HEADERS,
      { 'millrace.failed.at': FAILED_AT },
    ]),
  })
  assert.equal(String(records[1]?.key), 'u1')
  const { outcome, event_id: eventId, event_time: time } = auditOf(records)
  assert.deepEqual([outcome, eventId, time], ['late', 'e1', 5])
})

test('a replayed record that is turned down again says which time it is', () => {
  const replays: [string, string][] = [
    ['2', '3'],
    ['-1', '1'],
    ['many', '1'],
  ]
  for (const [count, attempt] of replays) {
    const headers = [{ 'millrace.replays': '7' }, { 'millrace.replays': Buffer.from(count) }]
    const [letter] = produced((plan, batch) => {
      const record = inputRecord({ headers })
      plan.deadLetter({ record, schemaId: undefined, event: undefined }, LETTER, batch)
    })
    const found = letter?.headers?.find((header) => 'millrace.attempt' in header)
    assert.deepEqual(found, { 'millrace.attempt': Buffer.from(attempt) })
  }
})

test('a tombstone stays a tombstone in the dead letters', () => {
  const records = produced((plan, batch) => {
    const answered = { record: inputRecord(), schemaId: undefined, event: undefined }
    plan.deadLetter(answered, LETTER, batch)
  })
  assert.equal(records[0]?.value, null)
})

test('a tombstone that is skipped is audited and nothing else', () => {
  const records = produced((plan, batch) => {
    plan.skipped({ record: inputRecord(), schemaId: undefined, event: undefined }, batch)
  })
  assert.equal(records.length, 1)
  const { outcome, reason, source_offset: offset } = auditOf(records)
  assert.deepEqual([outcome, reason, offset], ['skipped', null, 41])
})

test('every header that is written is documented, and the other way round', () => {
  const record = inputRecord()
  const written = produced((plan, batch) => {
    plan.deadLetter({ record, schemaId: 7, event: undefined }, LETTER, batch)
    plan.late({ record, schemaId: 7, event: EVENT }, 1, batch)
  }).flatMap(({ headers }) => (headers ?? []).flatMap((header) => Object.keys(header)))
  assert.deepEqual([...new Set(written)].sort(), Object.keys(HEADERS).sort())
})

test('headers that go on are on all that is written for a record, and on nothing else', () => {
  const on = asRead([{ traceparent: 'x' }])
  const own = asRead([{ own: 'y' }])
  const answered = { record: inputRecord({ headers: [...on, ...own] }), schemaId: 7 }
  const taken: number[] = []
  const records = produced(
    (plan, batch) => {
      plan.predicted({ ...answered, event: EVENT }, ROW, batch)
      plan.skipped({ ...answered, event: undefined }, batch)
      plan.deadLetter({ ...answered, event: undefined }, LETTER, batch)
      plan.late({ ...answered, event: EVENT }, 5, batch)
    },
    ({ offset }) => {
      taken.push(offset)
      return taken.length === 2 ? undefined : on
    },
  )
  assert.deepEqual(
    records.map(({ topic, headers = [] }) => [topic, headers.slice(0, 2)]),
    [
      ['ml-features', on],
      ['ml-predictions', on],
      ['ml-audit-log', on],
      ['ml-audit-log', []],
      ['ml-dead-letters', [...on, ...own]],
      ['ml-audit-log', on],
      ['ml-late-events', [...on, ...own]],
      ['ml-audit-log', on],
    ],
  )
  assert.deepEqual(taken, [41, 41, 41, 41], 'each record is looked at once')
})

test('an audit record has nothing of the one before it', () => {
  const record = inputRecord()
  const scored = { record, schemaId: 7, event: EVENT }
  const unknown = { record, schemaId: undefined, event: undefined }
  const audits = produced((plan, batch) => {
    plan.predicted(scored, ROW, batch)
    plan.deadLetter(unknown, LETTER, batch)
    plan.predicted(scored, ROW, batch)
    plan.skipped(unknown, batch)
  }).flatMap(({ topic, value }) => (topic === TOPICS.audit ? [JSON.parse(String(value))] : []))
  const full = ['predicted', null, 7, 'u1', 'e1', 5, [3, 10], [0.5]]
  const empty = [null, null, null, null, null, null]
  assert.deepEqual(
    audits.map((audit) => [
      audit.outcome,
      audit.reason,
      audit.schema_id,
      audit.key,
      audit.event_id,
      audit.event_time,
      audit.features,
      audit.scores,
    ]),
    [full, ['dead_letter', 'invalid-event', ...empty], full, ['skipped', null, ...empty]],
  )
})
