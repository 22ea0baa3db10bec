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

/** What stands in the store already: values are encoded behind it, and must not depend on where they begin. */
const BEFORE = Buffer.from('before')

/** Encodes a row behind other bytes, in a store that has no room left, and reads it back. */
class RoundTrip {
  readonly #world: EncoderWorld

  constructor(world: EncoderWorld) {
    this.#world = world
  }

  setNow(nowMs: number): void {
    this.#world.encoder.setNow(nowMs)
  }

  features(row: PredictedRow): unknown {
    return this.#read('features', (into) => this.#world.encoder.features(row, into))
  }

  prediction(row: PredictedRow): unknown {
    return this.#read('predictions', (into) => this.#world.encoder.prediction(row, into))
  }

  audit(row: AuditRow): unknown {
    return this.#read('audit', (into) => this.#world.encoder.audit(row, into))
  }

  #read(output: Output, encode: (into: ByteStore) => void): unknown {
    const store = new ByteStore(BEFORE.length)
    store.size = BEFORE.copy(store.bytes)
    encode(store)
    assert.deepEqual(store.bytes.subarray(0, BEFORE.length), BEFORE)
    return this.#world.read(output, store.from(BEFORE.length))
  }
}

/** The contract of `OutputEncoder`: every encoder writes the same names and values. */
export function encoderContract(name: string, openWorld: () => EncoderWorld): void {
  const law = (title: string, body: (trip: RoundTrip) => void): void => {
    test(`${name}: ${title}`, () => {
      const trip = new RoundTrip(openWorld())
      trip.setNow(NOW_MS)
      body(trip)
    })
  }

  law('a feature row has the key, each feature in order and the time', (trip) => {
    const fields = trip.features(ROW)
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

  law('a prediction has the event, the scores and the model', (trip) => {
    assert.equal(
      JSON.stringify(trip.prediction(ROW)),
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

  law('the audit of a prediction has the row as the model saw it', (trip) => {
    assert.equal(
      JSON.stringify(trip.audit(PREDICTED)),
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

  law('the audit of a dead letter has its reason and nothing it cannot know', (trip) => {
    assert.equal(
      JSON.stringify(trip.audit(DEAD)),
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

  law('a late event is audited as such', (trip) => {
    const row: AuditRow = { ...PREDICTED, outcome: 'late', predicted: undefined }
    assert.equal(Object(trip.audit(row)).outcome, 'late')
  })

  law('a tombstone that is skipped is audited as such', (trip) => {
    const row: AuditRow = { ...DEAD, outcome: 'skipped', reason: undefined }
    assert.equal(Object(trip.audit(row)).outcome, 'skipped')
  })

  law('each value has the topic of its own source', (trip) => {
    const topics = ['a', 'b', 'a'].map((sourceTopic) => {
      return Object(trip.audit({ ...DEAD, sourceTopic })).source_topic
    })
    assert.deepEqual(topics, ['a', 'b', 'a'])
  })

  law('time moves only when it is set', (trip) => {
    trip.setNow(NOW_MS + 1)
    assert.equal(Object(trip.prediction(ROW)).predicted_at, NOW_MS + 1)
    const computedAt = Object(trip.features(ROW)).computed_at
    assert.equal(computedAt, '2013-01-31T23:59:59.008Z')
  })
}
