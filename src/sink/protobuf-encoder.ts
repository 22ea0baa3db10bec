import { Buffer } from 'node:buffer'
import { invariant } from '../domain/errors.ts'
import type { FeatureSpec, ModelSpec } from '../domain/model-spec.ts'
import { ByteStore } from './byte-store.ts'
import type { ModelIdentity } from './identity.ts'
import { boundedInt, wireHeader } from './output-buffer.ts'
import type { AuditRow, OutputEncoder, OutputSchemaIds, PredictedRow } from './port.ts'
import { PROTOBUF_OUTCOMES, protobufNumbers } from './protobuf-schema.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Message indexes of the first message, in their short form. */
const FIRST_MESSAGE = Buffer.alloc(1)
const NOTHING = Buffer.alloc(0)
const FLOAT_BYTES = 4
const DOUBLE_BYTES = 8

const OUTCOME_NUMBERS = {
  predicted: PROTOBUF_OUTCOMES.indexOf('OUTCOME_PREDICTED'),
  late: PROTOBUF_OUTCOMES.indexOf('OUTCOME_LATE'),
  'dead-letter': PROTOBUF_OUTCOMES.indexOf('OUTCOME_DEAD_LETTER'),
  skipped: PROTOBUF_OUTCOMES.indexOf('OUTCOME_SKIPPED'),
} as const

/**
 * Encodes output records as Protobuf in the registry's wire format, with the numbers of
 * `protobufNumbers`; what is the same in every record is encoded once. As proto3 has it, what equals
 * its default is left out, unless the field can tell that it is not set.
 */
export class ProtobufEncoder implements OutputEncoder {
  readonly #writer = new ProtobufWriter()
  readonly #columns: readonly FeatureSpec[]
  readonly #outputs: number
  readonly #headers: { readonly [Topic in keyof OutputSchemaIds]: Buffer }
  readonly #numbers: ReturnType<typeof resolveNumbers>
  /** Model name and version, as they follow each other in predictions. */
  readonly #model: Buffer
  /** Model name, version and both digests, as they follow each other in audits. */
  readonly #provenance: Buffer
  #computedAt: Buffer = Buffer.alloc(0)
  #nowMs = 0

  constructor(options: {
    readonly spec: ModelSpec
    readonly identity: ModelIdentity
    readonly schemaIds: OutputSchemaIds
  }) {
    const { spec, identity, schemaIds } = options
    const { features, predictions, audit } = schemaIds
    this.#columns = spec.features
    this.#outputs = spec.model.outputs.length
    this.#headers = {
      features: Buffer.concat([wireHeader(features), FIRST_MESSAGE]),
      predictions: Buffer.concat([wireHeader(predictions), FIRST_MESSAGE]),
      audit: Buffer.concat([wireHeader(audit), FIRST_MESSAGE]),
    }
    this.#numbers = resolveNumbers(spec)
    const { name, version, modelSha256, specSha256 } = identity
    const { predictions: p, audit: a } = this.#numbers
    this.#model = encodeStrings(p.model, [name, version])
    this.#provenance = encodeStrings(a.model, [name, version, modelSha256, specSha256])
  }

  setNow(nowMs: number): void {
    this.#nowMs = nowMs
    const { computedAt } = this.#numbers.features
    this.#computedAt = encodeStrings(computedAt, [new Date(nowMs).toISOString()])
  }

  features(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    const { key, first } = this.#numbers.features
    writer.begin(into, this.#headers.features)
    writer.writeStringField(key, row.key)
    writer.writeRaw(this.#computedAt)
    for (let column = 0; column < this.#columns.length; column += 1) {
      const value = row.features[row.featuresAt + column] ?? Number.NaN
      const feature = this.#columns[column]
      if (feature !== undefined) this.#writeFeature(feature, first + column, value)
    }
    writer.end()
  }

  prediction(row: PredictedRow, into: ByteStore): void {
    const writer = this.#writer
    const { eventId, key, eventTime, predictedAt, first } = this.#numbers.predictions
    writer.begin(into, this.#headers.predictions)
    writer.writeStringField(eventId, row.eventId)
    writer.writeStringField(key, row.key)
    writer.writeRaw(this.#model)
    writer.writeTimestampField(eventTime, row.eventTimeMs)
    writer.writeTimestampField(predictedAt, this.#nowMs)
    for (let output = 0; output < this.#outputs; output += 1) {
      const score = row.scores[row.scoresAt + output] ?? Number.NaN
      if (!Object.is(score, 0)) writer.writeDoubleField(first + output, score)
    }
    writer.end()
  }

  audit(row: AuditRow, into: ByteStore): void {
    const writer = this.#writer
    const numbers = this.#numbers.audit
    writer.begin(into, this.#headers.audit)
    writer.writeLongField(numbers.outcome, OUTCOME_NUMBERS[row.outcome])
    if (row.reason !== undefined) writer.writeStringField(numbers.reason, row.reason)
    writer.writeStringField(numbers.sourceTopic, row.sourceTopic)
    if (row.sourcePartition !== 0) {
      writer.writeLongField(numbers.sourcePartition, row.sourcePartition)
    }
    if (row.sourceOffset !== 0) writer.writeLongField(numbers.sourceOffset, row.sourceOffset)
    if (row.schemaId !== undefined) writer.writeLongField(numbers.schemaId, row.schemaId)
    if (row.key !== undefined) writer.writeStringField(numbers.key, row.key)
    if (row.eventId !== undefined) writer.writeStringField(numbers.eventId, row.eventId)
    if (row.eventTimeMs !== undefined) {
      writer.writeTimestampField(numbers.eventTime, row.eventTimeMs)
    }
    writer.writeRaw(this.#provenance)
    if (row.predicted !== undefined) this.#writeScored(row.predicted)
    writer.writeTimestampField(numbers.auditedAt, this.#nowMs)
    writer.end()
  }

  #writeFeature({ name, type, nullable }: FeatureSpec, number: number, value: number): void {
    if (nullable ? Number.isNaN(value) : Object.is(value, 0)) return
    if (type === 'double') {
      this.#writer.writeDoubleField(number, value)
      return
    }
    invariant(!Number.isNaN(value), `feature ${name} is not nullable, got NaN`)
    const whole = type === 'int' ? boundedInt(value) : Math.trunc(value)
    if (nullable || whole !== 0) this.#writer.writeLongField(number, whole)
  }

  /** Features and scores, packed; lists without entries are left out. */
  #writeScored(row: PredictedRow): void {
    const writer = this.#writer
    const { features, scores } = this.#numbers.audit
    const columns = this.#columns.length
    if (columns > 0) writer.beginField(features, columns * FLOAT_BYTES)
    for (let column = 0; column < columns; column += 1) {
      writer.writeFloat(row.features[row.featuresAt + column] ?? Number.NaN)
    }
    if (this.#outputs > 0) writer.beginField(scores, this.#outputs * DOUBLE_BYTES)
    for (let output = 0; output < this.#outputs; output += 1) {
      writer.writeDouble(row.scores[row.scoresAt + output] ?? Number.NaN)
    }
  }
}

/** The numbers of all fields; features, scores and what is told of the model follow each other. */
function resolveNumbers(spec: ModelSpec) {
  const numbers = protobufNumbers(spec)
  const of = (topic: keyof typeof numbers) => (name: string) => numbers[topic].get(name) ?? 0
  const [features, predictions, audit] = [of('features'), of('predictions'), of('audit')]
  const { keyName } = spec.event
  return {
    features: {
      key: features(keyName),
      computedAt: features('computed_at'),
      first: features(spec.features[0]?.name ?? ''),
    },
    predictions: {
      eventId: predictions('event_id'),
      key: predictions(keyName),
      model: predictions('model_name'),
      eventTime: predictions('event_time'),
      predictedAt: predictions('predicted_at'),
      first: predictions(spec.model.outputs[0]?.name ?? ''),
    },
    audit: {
      outcome: audit('outcome'),
      reason: audit('reason'),
      sourceTopic: audit('source_topic'),
      sourcePartition: audit('source_partition'),
      sourceOffset: audit('source_offset'),
      schemaId: audit('schema_id'),
      key: audit('key'),
      eventId: audit('event_id'),
      eventTime: audit('event_time'),
      model: audit('model_name'),
      features: audit('features'),
      scores: audit('scores'),
      auditedAt: audit('audited_at'),
    },
  }
}

/** Texts whose fields follow each other. */
function encodeStrings(first: number, texts: readonly string[]): Buffer {
  const store = new ByteStore()
  const writer = new ProtobufWriter()
  writer.begin(store, NOTHING)
  texts.forEach((text, index) => writer.writeStringField(first + index, text))
  writer.end()
  return Buffer.from(store.from(0))
}
