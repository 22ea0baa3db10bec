import { Buffer } from 'node:buffer'
import type { ModelSpec } from '../domain/model-spec.ts'
import type { ByteStore } from './byte-store.ts'
import type { ModelIdentity } from './identity.ts'
import { JsonWriter } from './json-writer.ts'
import { wireHeader } from './output-buffer.ts'
import { AUDIT_OUTCOMES } from './output-schemas.ts'
import type { AuditRow, OutputEncoder, OutputSchemaIds, PredictedRow } from './port.ts'

const [PREDICTED, LATE, DEAD_LETTER, SKIPPED] = AUDIT_OUTCOMES
const OUTCOME_NAMES = {
  predicted: PREDICTED,
  late: LATE,
  'dead-letter': DEAD_LETTER,
  skipped: SKIPPED,
} as const

const COMMA = Buffer.from(',')
const LIST = Buffer.from('[')
const LIST_END = Buffer.from(']')
const END = Buffer.from('}')

/**
 * Encodes output records as JSON: the names and order of the Avro schemas, NaN and infinity as null.
 * With schema ids values are in the registry's wire format, otherwise they are plain JSON. Names, and
 * what is the same in every record, are encoded once.
 */
export class JsonEncoder implements OutputEncoder {
  readonly #writer = new JsonWriter()
  readonly #outputs: number
  readonly #columns: number
  readonly #headers: { readonly [Topic in keyof OutputSchemaIds]: Buffer }
  /** `"name":` of each feature and each score, with a comma before it. */
  readonly #featureNames: readonly Buffer[]
  readonly #scoreNames: readonly Buffer[]
  readonly #names: ReturnType<typeof encodeNames>
  readonly #keyName: Buffer
  #nowMs = 0
  #computedAt: Buffer = Buffer.alloc(0)

  constructor(options: {
    readonly spec: ModelSpec
    readonly identity: ModelIdentity
    readonly schemaIds?: OutputSchemaIds
  }) {
    const { spec, identity, schemaIds } = options
    const begin = (id: number | undefined, text: string): Buffer =>
      Buffer.concat([id === undefined ? Buffer.alloc(0) : wireHeader(id), Buffer.from(text)])
    const key = JSON.stringify(spec.event.keyName)
    this.#headers = {
      features: begin(schemaIds?.features, `{${key}:`),
      predictions: begin(schemaIds?.predictions, '{"event_id":'),
      audit: begin(schemaIds?.audit, '{"outcome":'),
    }
    this.#columns = spec.features.length
    this.#outputs = spec.model.outputs.length
    this.#featureNames = spec.features.map(({ name }) => member(name))
    this.#scoreNames = spec.model.outputs.map(({ name }) => member(name))
    this.#keyName = member(spec.event.keyName)
    this.#names = encodeNames(identity)
  }

  setNow(nowMs: number): void {
    this.#nowMs = nowMs
    this.#computedAt = Buffer.from(`,"computed_at":"${new Date(nowMs).toISOString()}"}`)
  }

  features(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    writer.begin(into, this.#headers.features)
    writer.writeText(row.key)
    let at = row.featuresAt
    for (const name of this.#featureNames) {
      writer.writeRaw(name)
      writer.writeNumber(row.features[at++] ?? Number.NaN)
    }
    writer.writeRaw(this.#computedAt)
    writer.end()
  }

  prediction(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    const { modelThenEventTime, predictedAt } = this.#names
    writer.begin(into, this.#headers.predictions)
    writer.writeText(row.eventId)
    writer.writeRaw(this.#keyName)
    writer.writeText(row.key)
    let at = row.scoresAt
    for (const name of this.#scoreNames) {
      writer.writeRaw(name)
      writer.writeNumber(row.scores[at++] ?? Number.NaN)
    }
    writer.writeRaw(modelThenEventTime)
    writer.writeNumber(row.eventTimeMs)
    writer.writeRaw(predictedAt)
    writer.writeNumber(this.#nowMs)
    writer.writeRaw(END)
    writer.end()
  }

  audit(row: AuditRow, into: ByteStore): void {
    const writer = this.#writer
    const names = this.#names
    writer.begin(into, this.#headers.audit)
    writer.writeText(OUTCOME_NAMES[row.outcome])
    this.#writeText(names.reason, row.reason)
    this.#writeText(names.sourceTopic, row.sourceTopic)
    this.#writeNumber(names.sourcePartition, row.sourcePartition)
    this.#writeNumber(names.sourceOffset, row.sourceOffset)
    this.#writeNumber(names.schemaId, row.schemaId)
    this.#writeText(names.key, row.key)
    this.#writeText(names.eventId, row.eventId)
    this.#writeNumber(names.eventTime, row.eventTimeMs)
    writer.writeRaw(names.provenance)
    this.#writeScored(row.predicted)
    this.#writeNumber(names.auditedAt, this.#nowMs)
    writer.writeRaw(END)
    writer.end()
  }

  #writeScored(row: PredictedRow | undefined): void {
    const writer = this.#writer
    const { features, scores } = this.#names
    writer.writeRaw(features)
    if (row === undefined) writer.writeNull()
    else {
      writer.writeRaw(LIST)
      for (let column = 0; column < this.#columns; column += 1) {
        if (column > 0) writer.writeRaw(COMMA)
        writer.writeNumber(Math.fround(row.features[row.featuresAt + column] ?? Number.NaN))
      }
      writer.writeRaw(LIST_END)
    }
    writer.writeRaw(scores)
    if (row === undefined) writer.writeNull()
    else {
      writer.writeRaw(LIST)
      for (let output = 0; output < this.#outputs; output += 1) {
        if (output > 0) writer.writeRaw(COMMA)
        writer.writeNumber(row.scores[row.scoresAt + output] ?? Number.NaN)
      }
      writer.writeRaw(LIST_END)
    }
  }

  #writeText(name: Buffer, value: string | undefined): void {
    this.#writer.writeRaw(name)
    if (value === undefined) this.#writer.writeNull()
    else this.#writer.writeText(value)
  }

  #writeNumber(name: Buffer, value: number | undefined): void {
    this.#writer.writeRaw(name)
    this.#writer.writeNumber(value ?? Number.NaN)
  }
}

/** A member's name and what stands around it. */
function member(name: string): Buffer {
  return Buffer.from(`,${JSON.stringify(name)}:`)
}

function encodeNames({ name, version, modelSha256, specSha256 }: ModelIdentity) {
  const model = `,"model_name":${JSON.stringify(name)},"model_version":${JSON.stringify(version)}`
  return {
    modelThenEventTime: Buffer.from(`${model},"event_time":`),
    predictedAt: member('predicted_at'),
    reason: member('reason'),
    sourceTopic: member('source_topic'),
    sourcePartition: member('source_partition'),
    sourceOffset: member('source_offset'),
    schemaId: member('schema_id'),
    key: member('key'),
    eventId: member('event_id'),
    eventTime: member('event_time'),
    provenance: Buffer.from(
      `${model},"model_sha256":"${modelSha256}","spec_sha256":"${specSha256}"`,
    ),
    features: member('features'),
    scores: member('scores'),
    auditedAt: member('audited_at'),
  }
}
