/**
 * How many records one core decodes, format by format, with the registry client's own deserializers
 * beside it in the same run: see `--help`.
 *
 * Counted in CPU seconds of the process, garbage collection included, so that others on the machine
 * change little. Contenders take turns, and the best of their rounds counts.
 */
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

const HELP = `Usage: node bench/codecs.ts [--rounds N] [--json]

  --rounds N   rounds of each contender (default 5)
  --json       the figures as JSON
`
const BATCH = 1_000
const ROUND_CPU_MS = 400
const TOPIC = 'bench'

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
  perSecond: number
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--rounds')
  const rounds = at < 0 ? 5 : Number(args[at + 1])
  const known = args.every((each, index) => /^--(json|rounds)$/.test(each) || index === at + 1)
  if (!known || !(rounds >= 1 && rounds <= 100)) {
    process.stdout.write(HELP)
    return args.includes('--help') ? 0 : 2
  }
  const formats = await createFormats()
  const contenders = formats.flatMap(contendersOf)
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      contender.perSecond = Math.max(contender.perSecond, await measure(contender.run))
    }
  }
  const figures = contenders.map(({ format, name, perSecond }) => {
    const sizeBytes = formats.find((each) => each.name === format)?.values[0]?.length ?? 0
    return { format, name, perSecond: Math.round(perSecond), sizeBytes }
  })
  process.stdout.write(args.includes('--json') ? `${JSON.stringify(figures)}\n` : table(figures))
  return 0
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

function contendersOf({ name, values, at, schema, decoder, deserialize }: Format): Contender[] {
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
  const codecOf = (fields: typeof needed) => {
    const codec = compileSchema({ schema, references: [] }, fields)
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
    perSecond: 0,
  })
  return [
    contender('record to event, 6 fields', async () => {
      const decoded = await decoder.decode(records)
      for (const { result } of decoded) if (result.kind !== 'event') throw new Error(result.kind)
    }),
    contender('codec, 6 fields', codecOf(needed)),
    contender('codec, 2 of 6 fields', codecOf(needed.slice(2, 4))),
    ...(deserialize === undefined
      ? []
      : [
          contender("the registry client's", async () => {
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

interface Figure {
  readonly format: string
  readonly name: string
  readonly perSecond: number
  readonly sizeBytes: number
}

function table(figures: readonly Figure[]): string {
  const head = ['format', 'what', 'records a CPU second', 'against the client']
  const rows = figures.map(({ format, name, perSecond }) => {
    const own = figures.find((each) => each.format === format && each.name.includes('registry'))
    const times = own === undefined ? '' : `${(perSecond / own.perSecond).toFixed(1)} x`
    return [format, name, perSecond.toLocaleString('en'), times]
  })
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${[head, ...rows].map(line).join('\n')}\n`
}
