import type { Header, InputRecord } from '../../src/domain/record.ts'
import { Random } from '../../test/simulation/random.ts'
import { bomb } from './bombs.ts'
import { randomEvent } from './formats.ts'
import type { FuzzEvent, FuzzFormat } from './formats.ts'
import { mutate, noise } from './mutations.ts'
import { guidOf, madeUp, madeUpId } from './registry.ts'

/** One record that a seed makes. */
export interface Case {
  readonly seed: number
  readonly format: string
  readonly record: InputRecord
  /** Whether it is JSON without a registry. */
  readonly isPlain: boolean
  /** What a sound value says, so that it must become; `undefined`: it may be anything. */
  readonly sound: FuzzEvent | undefined
}

/** A body, and how it is named in the registry. */
interface Body {
  readonly id: number
  /** Protobuf's message indexes; empty in other formats. */
  readonly prefix: Buffer
  readonly bytes: Buffer
}

/** Ms since the epoch. */
const TIMES_THAT_ARE_NONE = [-1, -86_400_000, 8_640_000_000_000_001]

/** The record that a seed makes. */
export function caseOf(seed: number, formats: readonly FuzzFormat[]): Case {
  const random = new Random(seed)
  if (random.chance(0.12)) return madeUpCase(seed, random)
  const format = random.pick(formats)
  if (format === undefined) throw new Error('there must be a format')
  const kind = random.next()
  const isSound = kind < 0.05
  // What decodes, and cannot be: hardly any mutation of bytes makes it.
  const isUntrue = !isSound && kind < 0.08
  const event = {
    ...randomEvent(random),
    ...(isUntrue && { at: random.pick(TIMES_THAT_ARE_NONE) ?? -1 }),
  }
  const prefix = Buffer.from(format.prefix)
  const valid = Buffer.from(format.encode(event))
  const bytes =
    isSound || isUntrue
      ? valid
      : kind < 0.8
        ? mutate(valid, random)
        : kind < 0.9
          ? bomb(format.family, random)
          : noise(random)
  const isPlain = format.id < 0
  const id = !isSound && random.chance(0.02) ? random.whole(-5, 9) : format.id
  const named = isPlain ? { value: bytes, headers: [] } : nameIn({ id, prefix, bytes }, random)
  const record = recordOf(seed, { ...named, isSound }, random)
  return { seed, format: format.name, record, isPlain, sound: isSound ? event : undefined }
}

/** A value of a schema that is made up: sound as it is, cut short, or changed. */
function madeUpCase(seed: number, random: Random): Case {
  const id = madeUpId(seed)
  const { schemaType, body } = madeUp(id)
  const valid = body(random)
  const isProto = schemaType === 'PROTOBUF'
  const prefix = isProto ? valid.subarray(0, 1) : Buffer.alloc(0)
  const whole = isProto ? valid.subarray(1) : valid
  const kind = random.next()
  const cut = whole.subarray(0, random.whole(0, whole.length))
  const bytes = kind < 0.3 ? whole : kind < 0.6 ? cut : mutate(whole, random)
  const named = nameIn({ id, prefix, bytes }, random)
  const record = recordOf(seed, { ...named, isSound: true }, random)
  const format = `made-up-${schemaType.toLowerCase()}`
  return { seed, format, record, isPlain: false, sound: undefined }
}

/** A value that begins with its schema id, or has it in a header, as a number or a GUID. */
function nameIn(
  { id, prefix, bytes }: Body,
  random: Random,
): { readonly value: Buffer; readonly headers: readonly Header[] } {
  const start = Buffer.alloc(5)
  start.writeInt32BE(id, 1)
  const form = random.next()
  if (form < 0.9) return { value: Buffer.concat([start, prefix, bytes]), headers: [] }
  const name = form < 0.95 ? Buffer.concat([Buffer.from([1]), guidOf(id)]) : start
  return { value: bytes, headers: [{ __value_schema_id: Buffer.concat([name, prefix]) }] }
}

function recordOf(
  offset: number,
  given: { readonly value: Buffer; readonly headers: readonly Header[]; readonly isSound: boolean },
  random: Random,
): InputRecord {
  const { isSound } = given
  const value = !isSound && random.chance(0.02) ? oddValue(given.value, random) : given.value
  const more = isSound || random.chance(0.9) ? [] : oddHeaders(random)
  const headers = [...given.headers, ...more]
  const key = random.chance(0.1) ? null : random.chance(0.1) ? noise(random) : Buffer.from('u1')
  const timestamp = random.chance(0.05) ? -1 : random.whole(0, 1_000_000) * 1e9
  return { topic: 'events', partition: 0, offset, timestamp, key, value, headers }
}

function oddValue(value: Buffer, random: Random): Buffer | null {
  return random.pick([null, Buffer.alloc(0), value.subarray(0, 4), mutate(value, random)]) ?? null
}

function oddHeaders(random: Random): Header[] {
  const count = random.chance(0.02) ? 5_000 : random.whole(1, 5)
  const names = ['trace', '__value_schema_id', '__key_schema_id', '__proto__', 'constructor']
  return Array.from({ length: count }, () => ({
    [random.chance(0.1) ? (random.pick(names) ?? 'x') : 'trace']: noise(random).subarray(0, 30),
  }))
}
