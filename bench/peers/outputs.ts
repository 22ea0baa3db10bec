import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import kafka from '@confluentinc/kafka-javascript'
import avsc from 'avsc'
import { fromCallback } from '../../src/runtime/callback.ts'
import { incremental } from '../../src/source/group-client.ts'
import { consumeBlock } from '../../src/source/message-block.ts'
import { PARTITIONS } from '../cluster.ts'
import { sequenceOf } from '../events.ts'
import { RecordReader } from '../registry.ts'
import type { RunPlan } from './contestants.ts'

/** The columns of a feature row, in the order in which the model takes them. */
const COLUMNS = [
  'event_count_1h',
  'avg_value_1h',
  'sum_value_1h',
  'max_value_1h',
  'event_count_5m',
  'avg_value_5m',
  'seconds_since_previous',
] as const
const WIRE_HEADER_BYTES = 5
const END_OF_PARTITION = -191
const READ_RECORDS_MAX = 10_000
const SILENCE_MAX_MS = 60_000

/** What a read-committed reader finds of a run. */
export interface Outputs {
  readonly predictions: number
  readonly features: number
  readonly audits: number
  /** Events with more than one prediction. */
  readonly duplicates: number
  /** Events without a prediction. */
  readonly missing: number
  /** Of each event's id and its row in float32 as audited; the order does not matter. */
  readonly auditDigest: string
  /** Of each row on the features topic in float32, with its key; the order does not matter. */
  readonly featuresDigest: string
  readonly scoreSum: number
}

/** Where outputs are. */
type OutputTopics = Pick<RunPlan, 'brokers' | 'registryUrl' | 'features' | 'predictions' | 'audit'>

/** How a peer's records are read. */
interface Decoders {
  prediction(value: Buffer): Readonly<Record<string, unknown>>
  features(value: Buffer): Readonly<Record<string, unknown>>
  /** @returns the event's id and the checksum of its row */
  audit(value: Buffer): { readonly id: string; readonly hash: string }
}

/** Reads all that a run has written, in our own form or in that of the peers. */
export async function readOutputs(
  plan: OutputTopics,
  { isOurs, events }: { readonly isOurs: boolean; readonly events: number },
): Promise<Outputs> {
  const { brokers } = plan
  const counts = new Uint8Array(events)
  let scoreSum = 0
  let auditDigest = 0
  let featuresDigest = 0
  const decoders = isOurs ? await ourDecoders(plan) : theirDecoders()
  const predictions = await readAll(brokers, plan.predictions, (value) => {
    const { event_id: id, score } = decoders.prediction(value)
    const sequence = sequenceOf(String(id))
    counts[sequence] = (counts[sequence] ?? 0) + 1
    scoreSum += Number(score)
  })
  const audits = await readAll(brokers, plan.audit, (value) => {
    const { id, hash } = decoders.audit(value)
    auditDigest ^= crc32(id + hash)
  })
  const features = await readAll(brokers, plan.features, (value) => {
    const record = decoders.features(value)
    const row = COLUMNS.map((column) => Number(record[column]))
    featuresDigest = (featuresDigest + crc32(String(record['user_id']) + rowHash(row))) >>> 0
  })
  return {
    predictions,
    features,
    audits,
    scoreSum,
    duplicates: counts.filter((count) => count > 1).length,
    missing: counts.filter((count) => count === 0).length,
    auditDigest: hexadecimal(auditDigest),
    featuresDigest: hexadecimal(featuresDigest),
  }
}

/** Counts what a peer has written that writes bytes without meaning. */
export function countOutputs({ brokers, predictions }: OutputTopics): Promise<number> {
  return readAll(brokers, predictions, () => undefined)
}

/** Checksum of a row's float32 bytes, as the peers audit it. */
function rowHash(row: readonly number[]): string {
  return hexadecimal(crc32(Buffer.from(Float32Array.from(row).buffer)))
}

function hexadecimal(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}

function theirDecoders(): Decoders {
  const read = (schema: string): ((value: Buffer) => Record<string, unknown>) => {
    const text = readFileSync(join(import.meta.dirname, 'schemas', `${schema}.avsc`), 'utf8')
    const type = avsc.Type.forSchema(JSON.parse(text) as avsc.Schema)
    return (value) => type.fromBuffer(value.subarray(WIRE_HEADER_BYTES)) as Record<string, unknown>
  }
  return {
    prediction: read('prediction'),
    features: read('features'),
    audit: (value) => {
      const audit = JSON.parse(String(value)) as { event_id: string; features_hash: string }
      return { id: audit.event_id, hash: audit.features_hash }
    },
  }
}

/** Our own records have their schemas in the registry. */
async function ourDecoders({ registryUrl, ...topics }: OutputTopics): Promise<Decoders> {
  const reader = new RecordReader(registryUrl)
  for (const topic of [topics.predictions, topics.features, topics.audit]) {
    await reader.learnSubject(`${topic}-value`)
  }
  const read = (value: Buffer): Readonly<Record<string, unknown>> => reader.recordOf(value)
  return {
    prediction: read,
    features: read,
    audit: (value) => {
      const { event_id: id, features } = read(value)
      return { id: String(id), hash: rowHash(features as number[]) }
    },
  }
}

/** Hands over every committed value of a topic. @returns how many @throws Error when the end is not reached */
async function readAll(
  brokers: string,
  topic: string,
  visit: (value: Buffer) => void,
): Promise<number> {
  const consumer = new kafka.RdKafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': 'peer-check',
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'enable.partition.eof': true,
    },
    {},
  )
  await fromCallback((done) => consumer.connect({ topic, allTopics: false, timeout: 10_000 }, done))
  const all = Array.from({ length: PARTITIONS }, (_, partition) => ({
    topic,
    partition,
    offset: 0,
  }))
  consumer.assign(all)
  const handle = incremental(consumer).getClient()
  const ended = new Set<number>()
  let values = 0
  let heardAt = performance.now()
  while (ended.size < PARTITIONS) {
    const block = await consumeBlock(handle, READ_RECORDS_MAX, { firstMs: 50, lingerMs: 1 })
    if (block.count > 0) heardAt = performance.now()
    if (performance.now() - heardAt > SILENCE_MAX_MS) {
      throw new Error(`the end of ${topic} was not reached`)
    }
    for (let index = 0; index < block.count; index++) {
      const value = block.value(index)
      const error = block.error(index)
      if (error === END_OF_PARTITION) ended.add(block.partition(index))
      else if (error !== 0) throw new Error(`${topic}: ${block.problem(index).message}`)
      else if (value === null) throw new Error(`${topic}: a record without a value`)
      else {
        visit(value)
        values += 1
      }
    }
  }
  await fromCallback((done) => consumer.disconnect(done))
  return values
}
