import type { Random } from '../../test/simulation/random.ts'
import type { RandomSchema } from './random-avro.ts'

/** Wire types by the types that are written so; messages have that of their edition. */
const WIRES: Readonly<Record<string, number>> = {
  int32: 0,
  int64: 0,
  uint64: 0,
  sint64: 0,
  bool: 0,
  K: 0,
  fixed64: 1,
  double: 1,
  string: 2,
  bytes: 2,
  sfixed32: 5,
  float: 5,
}
const MESSAGES = ['M', 'M', ...['Timestamp', 'Int64Value', 'StringValue', 'BoolValue'].map(known)]
const HEADS = {
  proto2: 'syntax = "proto2";',
  proto3: 'syntax = "proto3";',
  edition: 'edition = "2023";',
  delimited: 'edition = "2023"; option features.message_encoding = DELIMITED;',
} as const
const IMPORTS = ['timestamp', 'wrappers'].map((name) => `import "google/protobuf/${name}.proto";`)
const FIELDS_MAX = 12
const LENGTH_MAX = 120

type Kind = keyof typeof HEADS

interface Field {
  readonly text: string
  readonly number: number
  readonly wire: number
}

/**
 * A small Protobuf schema of proto2, proto3 or an edition, whose fields have the names that the model looks for, in
 * any type and number: values, messages that hold each other, groups, maps, members of a `oneof`.
 */
export function randomProto(random: Random): RandomSchema {
  const kind = random.pick(['proto2', 'proto3', 'edition', 'delimited'] as const) ?? 'proto3'
  const own = (type: string, name: string, number: number): Field =>
    plain(kind, { type, name, number })
  const event = [
    own(random.chance(0.8) ? 'string' : 'M', 'user', 1),
    own(random.chance(0.8) ? 'int64' : known('Timestamp'), 'at', 2),
    own('M', 'payload', 3),
    own('sint64', 'size', 4),
    ...['flag', 'x', 'y'].map((name, index) => anyField(kind, { name, number: index + 5 }, random)),
  ]
  const m = [
    own(random.pick(['string', 'string', 'K', 'bytes']) ?? 'string', 'kind', 1),
    ...['amount', 'tags', 'next'].map((name, index) =>
      anyField(kind, { name, number: index + 2 }, random),
    ),
  ]
  const schema = [
    HEADS[kind],
    ...IMPORTS,
    `message Event { ${event.map(({ text }) => text).join(' ')} }`,
    `message M { ${m.map(({ text }) => text).join(' ')} }`,
    'enum K { ZERO = 0; ONE = 1; }',
  ].join('\n')
  return { schema, body: (bodies) => Buffer.from([0, ...message(bodies, { event, m }, 0)]) }
}

function known(name: string): string {
  return `google.protobuf.${name}`
}

function plain(
  kind: Kind,
  { type, name, number }: { readonly type: string; readonly name: string; readonly number: number },
): Field {
  const label = kind === 'proto2' ? 'optional ' : ''
  const wire = WIRES[type] ?? (kind === 'delimited' ? 3 : 2)
  return { text: `${label}${type} ${name} = ${number};`, number, wire }
}

function anyField(
  kind: Kind,
  { name, number }: { readonly name: string; readonly number: number },
  random: Random,
): Field {
  const types = random.chance(0.7) ? Object.keys(WIRES) : MESSAGES
  const type = random.pick(types) ?? 'int32'
  const own = plain(kind, { type, name, number })
  const form = random.next()
  if (form < 0.1) return { ...own, text: `repeated ${type} ${name} = ${number};` }
  if (form < 0.3) return { text: `map<string, ${type}> ${name} = ${number};`, number, wire: 2 }
  if (form < 0.4) {
    const members = `${type} ${name} = ${number}; int32 o${number} = ${number + 20};`
    return { ...own, text: `oneof one${number} { ${members} }` }
  }
  if (form < 0.5 && kind === 'proto2') {
    const text = `optional group G${number} = ${number} { optional int32 ${name} = 1; }`
    return { text, number, wire: 3 }
  }
  return own
}

/** Fields as they are declared, mostly; messages, groups and entries of maps within each other. */
function message(
  random: Random,
  types: { readonly event: readonly Field[]; readonly m: readonly Field[] },
  depth: number,
): number[] {
  // What the model cannot do without, mostly.
  const kind = [0x0a, 1, 0x62]
  const payload = types.event[2]?.wire === 3 ? [0x1b, ...kind, 0x1c] : [0x1a, kind.length, ...kind]
  const all = [0x0a, 1, 0x75, 0x10, 5, 0x20, 4, ...payload]
  const needed = depth === 0 && random.chance(0.9) ? all : []
  const fields = Array.from({ length: random.whole(0, FIELDS_MAX) }, () => {
    const field = random.pick(depth === 0 ? types.event : types.m)
    const number = field?.number ?? 1
    const wire = random.chance(0.03) ? random.whole(0, 5) : (field?.wire ?? 0)
    const tag = number * 8 + wire
    if (wire === 0) return [tag, random.whole(0, 127)]
    if (wire === 1) return [tag, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
    if (wire === 5) return [tag, 0, 0, 0x80, 0x3f]
    const inner = depth > 3 ? [] : message(random, types, depth + 1)
    if (wire === 3) return [tag, ...inner, tag + 1]
    if (wire === 4) return [tag]
    const entry = [0x0a, 1, 0x61, ...(random.chance(0.7) ? [0x12, 2, 0x62, 0x63] : [])]
    const form = random.next()
    const bytes =
      form < 0.3 ? entry : form < 0.6 ? [0x61, 0x62] : inner.length > LENGTH_MAX ? [] : inner
    return [tag, bytes.length, ...bytes]
  })
  return [...needed, ...fields.flat()]
}
