import { Buffer } from 'node:buffer'
import type { ModelSpec } from '../domain/model-spec.ts'
import type { ModelIdentity } from './identity.ts'
import { AUDIT_OUTCOMES } from './output-schemas.ts'
import type { AuditRow, OutputEncoder, PredictedRow } from './port.ts'

const [PREDICTED, LATE, DEAD_LETTER] = AUDIT_OUTCOMES
const OUTCOME_NAMES = { predicted: PREDICTED, late: LATE, 'dead-letter': DEAD_LETTER } as const

/** Encodes output records as plain JSON: the names and order of the Avro schemas, NaN as null. */
export class JsonEncoder implements OutputEncoder {
  readonly #spec: ModelSpec
  readonly #identity: ModelIdentity
  #nowMs = 0
  #computedAt = ''

  constructor(options: { readonly spec: ModelSpec; readonly identity: ModelIdentity }) {
    this.#spec = options.spec
    this.#identity = options.identity
  }

  setNow(nowMs: number): void {
    this.#nowMs = nowMs
    this.#computedAt = new Date(nowMs).toISOString()
  }

  features(row: PredictedRow): Buffer {
    const { event, features } = this.#spec
    const fields: Record<string, unknown> = { [event.keyName]: row.key }
    let at = row.featuresAt
    for (const { name } of features) fields[name] = row.features[at++]
    fields['computed_at'] = this.#computedAt
    return toBytes(fields)
  }

  prediction(row: PredictedRow): Buffer {
    const { event, model } = this.#spec
    const fields: Record<string, unknown> = { event_id: row.eventId, [event.keyName]: row.key }
    let at = row.scoresAt
    for (const { name } of model.outputs) fields[name] = row.scores[at++]
    fields['model_name'] = this.#identity.name
    fields['model_version'] = this.#identity.version
    fields['event_time'] = row.eventTimeMs
    fields['predicted_at'] = this.#nowMs
    return toBytes(fields)
  }

  audit(row: AuditRow): Buffer {
    const { name, version, modelSha256, specSha256 } = this.#identity
    return toBytes({
      outcome: OUTCOME_NAMES[row.outcome],
      reason: row.reason ?? null,
      source_topic: row.sourceTopic,
      source_partition: row.sourcePartition,
      source_offset: row.sourceOffset,
      schema_id: row.schemaId ?? null,
      key: row.key ?? null,
      event_id: row.eventId ?? null,
      event_time: row.eventTimeMs ?? null,
      model_name: name,
      model_version: version,
      model_sha256: modelSha256,
      spec_sha256: specSha256,
      features: row.predicted === undefined ? null : this.#seenByModel(row.predicted),
      scores: row.predicted === undefined ? null : this.#scores(row.predicted),
      audited_at: this.#nowMs,
    })
  }

  #seenByModel({ features, featuresAt }: PredictedRow): number[] {
    const end = featuresAt + this.#spec.features.length
    return Array.from(features.subarray(featuresAt, end), Math.fround)
  }

  #scores({ scores, scoresAt }: PredictedRow): number[] {
    return Array.from(scores.subarray(scoresAt, scoresAt + this.#spec.model.outputs.length))
  }
}

function toBytes(fields: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(JSON.stringify(fields))
}
