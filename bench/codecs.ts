import {
  AvroDeserializer,
  JsonDeserializer,
  ProtobufDeserializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import avro from 'avsc'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { compileSchema } from '../src/decode/compile-schema.ts'
import { JsonDecoder } from '../src/decode/json-decoder.ts'
import type { Decoder } from '../src/decode/port.ts'
import { RegistryDecoder } from '../src/decode/registry-codec.ts'
import { neededFields } from '../src/decode/to-event.ts'
import type { EventMapping } from '../src/domain/model-spec.ts'
import type { InputRecord } from '../src/domain/record.ts'
import { systemClock } from '../src/runtime/clock.ts'
import type { Bench } from './bench.ts'
import { Cases } from './result.ts'

const BATCH = 1_000
const ROUND_CPU_MS = 400
const TOPIC = 'bench'
const THEIRS = "the registry client's"

/** Field, type of the model, Avro type, Protobuf type. */
const FIELDS = [
  ['user_id', 'string', 'string', 'string'],
  ['action', 'string', 'string', 'string'],
  ['value', 'double', 'double', 'double'],
  ['happened_at', 'long', 'long', 'int64'],
  ['country', 'string', 'string', 'string'],
  ['returning', 'boolean', 'boolean', 'bool'],
] as const
const AVRO = {
  type: 'record' as const,
  name: 'Event',
  fields: FIELDS.map(([name, , type]) => ({ name, type })),
}
const PROTO = `syntax = "proto3"; message Event {
  ${FIELDS.map(([name, , , type], index) => `${type} ${name} = ${index + 1};`).join('\n  ')}
}`
const JSON_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Event',
  type: 'object',
  properties: Object.fromEntries(
    FIELDS.map(([name, type]) => [
      name,
      { type: { string: 'string', double: 'number', long: 'integer', boolean: 'boolean' }[type] },
    ]),
  ),
}
/** All six fields are read. */
const MAPPING: EventMapping = {
  key: { from: 'field', field: 'user_id' },
  keyName: 'user_id',
  time: { from: 'field', field: 'happened_at', unit: 'ms' },
  id: { from: 'coordinates' },
  fields: FIELDS.map(([name, type]) => ({ name, type, optional: false })),
}

interface Format {
  readonly name: string
  readonly values: readonly Buffer[]
  /** Where the body begins. */
  readonly at: number
  readonly schema: { readonly schema: string; readonly schemaType: string }
  readonly decoder: Decoder
  readonly deserialize: ((value: Buffer) => Promise<unknown>) | undefined
}

interface Contender {
  readonly format: string
  readonly name: string
  /** Decodes one batch. */
  readonly run: () => Promise<void>
}

const ROUNDS = 5

/** Records that a core decodes, format by format. */
export const codecsBench: Bench = {
  summary: 'records a core decodes, format by format, beside the registry client’s own',
  help: `Decodes batches of ${BATCH} events of six fields, format by format, with the registry client's own deserializers
beside them in the same round. Counted in CPU time of the process, garbage collection included, so that
others on the machine change little.
`,
  options: {},
  run: async ({ isQuick, rounds = isQuick ? 1 : ROUNDS, screen }) => {
    const formats = await createFormats()
    const contenders = (await Promise.all(formats.map(contendersOf))).flat()
    const cases = new Cases()
    for (let round = 1; round <= rounds; round += 1) {
      screen.step(`round ${round} of ${rounds}: ${contenders.length} contenders`)
      const rates = new Map<Contender, number>()
      for (const contender of contenders) rates.set(contender, await measure(contender.run))
      for (const [{ format, name }, rate] of rates) {
        const own = [...rates].find(([each]) => each.format === format && each.name === THEIRS)
        const times = own === undefined ? undefined : rate / own[1]
        cases.add(`${format}: ${name}`, { rate, times })
      }
    }
    return [
      {
        id: 'codecs',
        title: 'Decoding',
        how: 'Records that one core decodes a second, events of six fields; all contenders in turn, round by round.',
        figures: {
          rate: { title: 'records a CPU second', digits: 0 },
          times: { title: 'times the registry client’s, same round', digits: 1 },
        },
        drawn: ['rate'],
        cases: cases.all(),
        problems: [],
      },
    ]
  },
}

/** Records a CPU second. */
async function measure(run: () => Promise<void>): Promise<number> {
  await run()
  const from = process.cpuUsage()
  let records = 0
  for (;;) {
    await run()
    records += BATCH
    const { user, system } = process.cpuUsage(from)
    const cpuMs = (user + system) / 1000
    if (cpuMs >= ROUND_CPU_MS) return (records / cpuMs) * 1000
  }
}

async function contendersOf(format: Format): Promise<readonly Contender[]> {
  const { name, values, at, schema, decoder, deserialize } = format
  const records = values.map(
    (value, offset): InputRecord => ({
      topic: TOPIC,
      partition: 0,
      offset,
      timestamp: 1_700_000_000_000,
      key: null,
      value,
    }),
  )
  const needed = neededFields(MAPPING)
  const codecOf = async (fields: typeof needed) => {
    const codec = await compileSchema({ schema, references: [] }, fields)
    const into: unknown[] = fields.map(() => undefined)
    return async () => {
      for (const value of values) {
        const problem = codec.decode(value, at, value.length, into)
        if (problem !== undefined) throw new Error(problem.detail)
      }
    }
  }
  const contender = (what: string, run: () => Promise<void>): Contender => ({
    format: name,
    name: what,
    run,
  })
  return [
    contender('record to event, 6 fields', async () => {
      const decoded = await decoder.decode(records)
      for (const { result } of decoded) if (result.kind !== 'event') throw new Error(result.kind)
    }),
    contender('codec, 6 fields', await codecOf(needed)),
    contender('codec, 2 of 6 fields', await codecOf(needed.slice(2, 4))),
    ...(deserialize === undefined
      ? []
      : [
          contender(THEIRS, async () => {
            for (const value of values) await deserialize(value)
          }),
        ]),
  ]
}

async function createFormats(): Promise<readonly Format[]> {
  const events = Array.from({ length: BATCH }, (_, index) => ({
    user_id: `user-${index * 7919}`,
    action: ['view', 'click', 'purchase'][index % 3] ?? '',
    value: index * 1.25,
    happened_at: 1_700_000_000_000 + index,
    country: ['DE', 'FR', 'US'][index % 3] ?? '',
    returning: index % 2 === 0,
  }))
  const type = avro.Type.forSchema(AVRO)
  const { root } = protobuf.parse(PROTO, { keepCase: true })
  const message = root.lookupType('Event')
  const encodeProto = (event: object): Uint8Array =>
    message.encode(message.fromObject(event)).finish()
  const text = { schema: PROTO, schemaType: 'PROTOBUF' }
  const json = { schema: JSON.stringify(JSON_SCHEMA), schemaType: 'JSON' }
  return [
    await createFormat('avro', { schema: JSON.stringify(AVRO), schemaType: 'AVRO' }, (id) =>
      events.map((event) => wire(id, type.toBuffer(event))),
    ),
    await createFormat('protobuf', text, (id) =>
      events.map((event) => wire(id, Buffer.from([0]), encodeProto(event))),
    ),
    await createFormat('json-schema', json, (id) =>
      events.map((event) => wire(id, Buffer.from(JSON.stringify(event)))),
    ),
    {
      name: 'json',
      values: events.map((event) => Buffer.from(JSON.stringify(event))),
      at: 0,
      schema: { schema: 'true', schemaType: 'JSON' },
      decoder: new JsonDecoder(MAPPING),
      deserialize: undefined,
    },
  ]
}

async function createFormat(
  name: string,
  schema: Format['schema'],
  encode: (id: number) => readonly Buffer[],
): Promise<Format> {
  const client = SchemaRegistryClient.newClient({ baseURLs: ['mock://bench'] })
  // The client takes Protobuf schemas as descriptors only.
  const held = name === 'protobuf' ? { ...schema, schema: descriptorOf() } : schema
  const id = await client.register(`${TOPIC}-value`, held, false)
  const deserializer =
    name === 'avro'
      ? new AvroDeserializer(client, SerdeType.VALUE, {})
      : name === 'protobuf'
        ? new ProtobufDeserializer(client, SerdeType.VALUE, {})
        : new JsonDeserializer(client, SerdeType.VALUE, {})
  const values = encode(id)
  return {
    name,
    values,
    at: 5,
    schema,
    decoder: new RegistryDecoder({
      client: {
        getBySubjectAndId: async () => schema,
        getByGuid: async () => schema,
        getSchemaMetadata: async () => schema,
        getVersion: async () => 1,
        clearCaches: () => undefined,
      },
      mapping: MAPPING,
      clock: systemClock,
    }),
    deserialize: (value) => deserializer.deserialize(TOPIC, value, {}),
  }
}

function descriptorOf(): string {
  const types = { string: 9, double: 1, int64: 3, bool: 8 } as const
  const field = FIELDS.map(([name, , , type], index) => ({
    name,
    number: index + 1,
    label: 1,
    type: types[type],
  }))
  const file = { name: 'event.proto', syntax: 'proto3', messageType: [{ name: 'Event', field }] }
  return Buffer.from(descriptor.FileDescriptorProto.encode(file).finish()).toString('base64')
}

function wire(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, ...parts])
}
