import { createTopics } from '../../scripts/testbed/topics.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import { readCommitted, write } from './kafka.ts'
import type { NewRecord } from './kafka.ts'
import { decodeAll } from './registry.ts'

/** Names of the topics of one test, so that tests never meet. */
export interface Topics {
  readonly input: string
  readonly features: string
  readonly predictions: string
  readonly audit: string
  readonly late: string
  readonly deadLetters: string
}

/** The topics and settings of one test on the real broker and registry. */
export interface Bed {
  readonly brokers: string
  readonly registryUrl: string
  readonly partitions: number
  readonly topics: Topics
  /** What the service is started with. */
  readonly env: Readonly<Record<string, string>>
  write(records: Iterable<NewRecord>): Promise<void>
  read(topic: keyof Topics): Promise<readonly InputRecord[]>
  readJson<Value>(topic: keyof Topics): Promise<Value[]>
  readAvro<Value>(topic: keyof Topics): Promise<Value[]>
}

let beds = 0

/** The address of the broker under test. @throws Error when `scripts/test.ts` did not start one */
export function testbedAddresses(): { readonly brokers: string; readonly registryUrl: string } {
  const { TEST_KAFKA_BROKERS: brokers, TEST_REGISTRY_URL: registryUrl } = process.env
  if (brokers === undefined || registryUrl === undefined) {
    throw new Error('run this with `node scripts/test.ts integration`: it starts a testbed')
  }
  return { brokers, registryUrl }
}

/** Creates the topics of one test. */
export async function createBed(
  options: {
    readonly partitions?: number
    readonly model?: string
    readonly format?: 'json' | 'registry'
    /** `max.message.bytes` of topics that are not to have the broker's own. */
    readonly recordBytesMax?: Partial<Readonly<Record<keyof Topics, number>>>
    readonly addresses?: { readonly brokers: string; readonly registryUrl: string }
  } = {},
): Promise<Bed> {
  const { partitions = 1, model = 'engagement', format = 'registry', recordBytesMax = {} } = options
  const { brokers, registryUrl } = options.addresses ?? testbedAddresses()
  const prefix = `t${process.pid}-${++beds}-${Date.now().toString(36)}`
  const topics: Topics = {
    input: `${prefix}-events`,
    features: `${prefix}-features`,
    predictions: `${prefix}-predictions`,
    audit: `${prefix}-audit`,
    late: `${prefix}-late`,
    deadLetters: `${prefix}-dead-letters`,
  }
  const bounds = new Map<string, number>(Object.entries(recordBytesMax))
  await createTopics(
    brokers,
    Object.entries(topics).map(([kind, name]: [string, string]) => {
      const bytes = bounds.get(kind)
      const config = bytes === undefined ? {} : { 'max.message.bytes': String(bytes) }
      return { name, partitions, config }
    }),
  )
  const read = (topic: keyof Topics) => readCommitted(brokers, topics[topic], partitions)
  return {
    brokers,
    registryUrl,
    partitions,
    topics,
    env: {
      KAFKA_BROKERS: brokers,
      APP_ID: prefix,
      INSTANCE_ID: 'a',
      MODEL_DIR: model.includes('/') ? model : `models/${model}`,
      INPUT_FORMAT: format,
      ...(format === 'registry' && {
        SCHEMA_REGISTRY_URL: registryUrl,
        SCHEMA_AUTO_REGISTER: 'true',
      }),
      INPUT_TOPIC: topics.input,
      FEATURES_TOPIC: topics.features,
      PREDICTIONS_TOPIC: topics.predictions,
      AUDIT_TOPIC: topics.audit,
      LATE_TOPIC: topics.late,
      DEAD_LETTER_TOPIC: topics.deadLetters,
    },
    write: (records) => write(brokers, topics.input, records),
    read,
    readJson: async <Value>(topic: keyof Topics) =>
      (await read(topic)).map(({ value }): Value => JSON.parse(String(value))),
    readAvro: async <Value>(topic: keyof Topics) =>
      decodeAll<Value>(
        registryUrl,
        (await read(topic)).map(({ value }) => value),
      ),
  }
}
