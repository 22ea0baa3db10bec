import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteStore } from '../../src/sink/byte-store.ts'
import type { AuditRow, OutputEncoder, PredictedRow } from '../../src/sink/port.ts'
import { IDENTITY } from '../fixtures/specs.ts'

type Output = 'features' | 'predictions' | 'audit'

/** An encoder of `WIDE_SPEC` and a reader of what it wrote; NaN reads as null. */
export interface EncoderWorld {
  readonly encoder: OutputEncoder
  read(output: Output, value: Buffer): unknown
}

const NOW_MS = Date.UTC(2013, 0, 31, 23, 59, 59, 7)
const HASHES = { model_sha256: IDENTITY.modelSha256, spec_sha256: IDENTITY.specSha256 }
const MODEL = { model_name: 'engagement', model_version: '1.0.0' }

/** The second of two rows, so that positions within the batch matter. */
const ROW: PredictedRow = {
  key: 'ü-1',
  eventId: 'events-3-41',
  eventTimeMs: 1_357_000_000_000,
  features: Float64Array.of(9, 9, 9, 9, 9, 9, 3, 0.1, -5e12, 7, Number.NaN, Number.NaN),
  featuresAt: 6,
  scores: Float64Array.of(9, 9, 0.75, -1.5),
  scoresAt: 2,
}

const PREDICTED: AuditRow = {
  outcome: 'predicted',
  reason: undefined,
  sourceTopic: 'events',
  sourcePartition: 3,
  sourceOffset: 5_000_000_000,
  schemaId: 7,
  key: ROW.key,
  eventId: ROW.eventId,
  eventTimeMs: ROW.eventTimeMs,
  predicted: ROW,
}

const DEAD: AuditRow = {
  ...PREDICTED,
  outcome: 'dead-letter',
  reason: 'undecodable',
  schemaId: undefined,
  key: undefined,
  eventId: undefined,
  eventTimeMs: undefined,
  predicted: undefined,
}

/** What is encoded. */
function written(encode: (into: ByteStore) => void): Buffer {
  const store = new ByteStore()
  encode(store)
  return store.from(0)
}

/** The contract of `OutputEncoder`: every encoder writes the same names and values. */
export function encoderContract(name: string, openWorld: () => EncoderWorld): void {
  const law = (title: string, body: (world: EncoderWorld) => void): void => {
    test(`${name}: ${title}`, () => {
      const world = openWorld()
      world.encoder.setNow(NOW_MS)
      body(world)
    })
  }

  law('a feature row has the key, each feature in order and the time', ({ encoder, read }) => {
    const fields = read(
      'features',
      written((into) => encoder.features(ROW, into)),
    )
    assert.equal(
      JSON.stringify(fields),
      JSON.stringify({
        user_id: 'ü-1',
        event_count_1h: 3,
        avg_value_1h: 0.1,
        total: -5e12,
        total_or_null: 7,
        avg_or_null: null,
        count_or_null: null,
        computed_at: '2013-01-31T23:59:59.007Z',
      }),
    )
  })

  law('a prediction has the event, the scores and the model', ({ encoder, read }) => {
    assert.equal(
      JSON.stringify(
        read(
          'predictions',
          written((into) => encoder.prediction(ROW, into)),
        ),
      ),
      JSON.stringify({
        event_id: 'events-3-41',
        user_id: 'ü-1',
        score: 0.75,
        margin: -1.5,
        ...MODEL,
        event_time: 1_357_000_000_000,
        predicted_at: NOW_MS,
      }),
    )
  })

  law('the audit of a prediction has the row as the model saw it', ({ encoder, read }) => {
    assert.equal(
      JSON.stringify(
        read(
          'audit',
          written((into) => encoder.audit(PREDICTED, into)),
        ),
      ),
      JSON.stringify({
        outcome: 'predicted',
        reason: null,
        source_topic: 'events',
        source_partition: 3,
        source_offset: 5_000_000_000,
        schema_id: 7,
        key: 'ü-1',
        event_id: 'events-3-41',
        event_time: 1_357_000_000_000,
        ...MODEL,
        ...HASHES,
        features: [3, Math.fround(0.1), Math.fround(-5e12), 7, null, null],
        scores: [0.75, -1.5],
        audited_at: NOW_MS,
      }),
    )
  })

  law('the audit of a dead letter has its reason and nothing it cannot know', (world) => {
    const { encoder, read } = world
    assert.equal(
      JSON.stringify(
        read(
          'audit',
          written((into) => encoder.audit(DEAD, into)),
        ),
      ),
      JSON.stringify({
        outcome: 'dead_letter',
        reason: 'undecodable',
        source_topic: 'events',
        source_partition: 3,
        source_offset: 5_000_000_000,
        schema_id: null,
        key: null,
        event_id: null,
        event_time: null,
        ...MODEL,
        ...HASHES,
        features: null,
        scores: null,
        audited_at: NOW_MS,
      }),
    )
  })

  law('a late event is audited as such', ({ encoder, read }) => {
    const row: AuditRow = { ...PREDICTED, outcome: 'late', predicted: undefined }
    assert.equal(
      Object(
        read(
          'audit',
          written((into) => encoder.audit(row, into)),
        ),
      ).outcome,
      'late',
    )
  })

  law('a tombstone that is skipped is audited as such', ({ encoder, read }) => {
    const row: AuditRow = { ...DEAD, outcome: 'skipped', reason: undefined }
    assert.equal(
      Object(
        read(
          'audit',
          written((into) => encoder.audit(row, into)),
        ),
      ).outcome,
      'skipped',
    )
  })

  law('each value has the topic of its own source', ({ encoder, read }) => {
    const topics = ['a', 'b', 'a'].map((sourceTopic) => {
      return Object(
        read(
          'audit',
          written((into) => encoder.audit({ ...DEAD, sourceTopic }, into)),
        ),
      ).source_topic
    })
    assert.deepEqual(topics, ['a', 'b', 'a'])
  })

  law('time moves only when it is set', ({ encoder, read }) => {
    encoder.setNow(NOW_MS + 1)
    assert.equal(
      Object(
        read(
          'predictions',
          written((into) => encoder.prediction(ROW, into)),
        ),
      ).predicted_at,
      NOW_MS + 1,
    )
    const computedAt = Object(
      read(
        'features',
        written((into) => encoder.features(ROW, into)),
      ),
    ).computed_at
    assert.equal(computedAt, '2013-01-31T23:59:59.008Z')
  })
}
