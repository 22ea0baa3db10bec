import { Buffer } from 'node:buffer'
import { invariant } from '../domain/errors.ts'
import type { FeatureSpec, ModelSpec } from '../domain/model-spec.ts'
import { AvroWriter } from './avro-writer.ts'
import { ByteStore } from './byte-store.ts'
import { boundedInt, wireHeader } from './output-buffer.ts'
import type { ModelIdentity } from './identity.ts'
import type { AuditRow, OutputEncoder, OutputSchemaIds, PredictedRow } from './port.ts'

/** Union indexes of the optional fields, all `["null", type]`. */
const NULL = 0
const PRESENT = 1
const NOTHING = Buffer.alloc(0)

const OUTCOME_INDEX = { predicted: 0, late: 1, 'dead-letter': 2, skipped: 3 } as const

/**
 * Encodes output records as Avro in the registry's wire format. Its field order is that of
 * `outputSchemas`; what is the same in every record is encoded once.
 */
export class AvroEncoder implements OutputEncoder {
  readonly #writer = new AvroWriter()
  readonly #columns: readonly FeatureSpec[]
  readonly #outputs: number
  readonly #headers: { readonly [Topic in keyof OutputSchemaIds]: Buffer }
  /** Model name and version, as they follow each other in predictions. */
  readonly #model: Buffer
  /** Model name, version and both digests, as they follow each other in audits. */
  readonly #provenance: Buffer
  #sourceTopic = ''
  #sourceTopicBytes = encodeStrings([''])
  #nowMs = 0
  #computedAt = encodeStrings([''])

  constructor(options: {
    readonly spec: ModelSpec
    readonly identity: ModelIdentity
    readonly schemaIds: OutputSchemaIds
  }) {
    const { spec, identity, schemaIds } = options
    this.#columns = spec.features
    this.#outputs = spec.model.outputs.length
    this.#headers = {
      features: wireHeader(schemaIds.features),
      predictions: wireHeader(schemaIds.predictions),
      audit: wireHeader(schemaIds.audit),
    }
    const { name, version, modelSha256, specSha256 } = identity
    this.#model = encodeStrings([name, version])
    this.#provenance = encodeStrings([name, version, modelSha256, specSha256])
  }

  setNow(nowMs: number): void {
    this.#nowMs = nowMs
    this.#computedAt = encodeStrings([new Date(nowMs).toISOString()])
  }

  features(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    writer.begin(into, this.#headers.features)
    writer.writeString(row.key)
    let at = row.featuresAt
    for (const column of this.#columns) this.#writeFeature(column, row.features[at++] ?? Number.NaN)
    writer.writeRaw(this.#computedAt)
    writer.end()
  }

  prediction(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    writer.begin(into, this.#headers.predictions)
    writer.writeString(row.eventId)
    writer.writeString(row.key)
    for (let output = 0; output < this.#outputs; output += 1) {
      writer.writeDouble(row.scores[row.scoresAt + output] ?? Number.NaN)
    }
    writer.writeRaw(this.#model)
    writer.writeLong(row.eventTimeMs)
    writer.writeLong(this.#nowMs)
    writer.end()
  }

  audit(row: AuditRow, into: ByteStore): void {
    const writer = this.#writer
    writer.begin(into, this.#headers.audit)
    writer.writeSmall(OUTCOME_INDEX[row.outcome])
    this.#writeOptionalString(row.reason)
    this.#writeSourceTopic(row.sourceTopic)
    writer.writeLong(row.sourcePartition)
    writer.writeLong(row.sourceOffset)
    this.#writeOptionalLong(row.schemaId)
    this.#writeOptionalString(row.key)
    this.#writeOptionalString(row.eventId)
    this.#writeOptionalLong(row.eventTimeMs)
    writer.writeRaw(this.#provenance)
    this.#writeScored(row.predicted)
    writer.writeLong(this.#nowMs)
    writer.end()
  }

  #writeFeature({ name, type, nullable }: FeatureSpec, value: number): void {
    const writer = this.#writer
    if (nullable) {
      writer.writeSmall(Number.isNaN(value) ? NULL : PRESENT)
      if (Number.isNaN(value)) return
    }
    if (type === 'double') {
      writer.writeDouble(value)
      return
    }
    invariant(!Number.isNaN(value), `feature ${name} is not nullable, got NaN`)
    writer.writeLong(type === 'int' ? boundedInt(value) : Math.trunc(value))
  }

  #writeScored(row: PredictedRow | undefined): void {
    const writer = this.#writer
    if (row === undefined) {
      writer.writeSmall(NULL)
      writer.writeSmall(NULL)
      return
    }
    writer.writeSmall(PRESENT)
    const columns = this.#columns.length
    if (columns > 0) writer.writeLong(columns)
    for (let column = 0; column < columns; column += 1) {
      writer.writeFloat(row.features[row.featuresAt + column] ?? Number.NaN)
    }
    writer.writeSmall(0)
    writer.writeSmall(PRESENT)
    if (this.#outputs > 0) writer.writeLong(this.#outputs)
    for (let output = 0; output < this.#outputs; output += 1) {
      writer.writeDouble(row.scores[row.scoresAt + output] ?? Number.NaN)
    }
    writer.writeSmall(0)
  }

  #writeSourceTopic(topic: string): void {
    if (topic !== this.#sourceTopic) {
      this.#sourceTopic = topic
      this.#sourceTopicBytes = encodeStrings([topic])
    }
    this.#writer.writeRaw(this.#sourceTopicBytes)
  }

  #writeOptionalString(value: string | undefined): void {
    this.#writer.writeSmall(value === undefined ? NULL : PRESENT)
    if (value !== undefined) this.#writer.writeString(value)
  }

  #writeOptionalLong(value: number | undefined): void {
    this.#writer.writeSmall(value === undefined ? NULL : PRESENT)
    if (value !== undefined) this.#writer.writeLong(value)
  }
}

function encodeStrings(texts: readonly string[]): Buffer {
  const store = new ByteStore()
  const writer = new AvroWriter()
  writer.begin(store, NOTHING)
  for (const text of texts) writer.writeString(text)
  writer.end()
  return Buffer.from(store.from(0))
}
