import type { Random } from '../../test/simulation/random.ts'

/** Bytes that begin trouble: varints of all sizes, lengths, block counts, tags, JSON's own signs. */
const SPLICES: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  Array<number>(11).fill(0x80),
  [0x01, 0x80, 0x80, 0x80, 0x80, 0x08],
  [0x80, 0x80, 0xf4, 0x01, 0],
  Array<number>(100).fill(0x0b),
  [0x0c],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbf, 0xbd],
  [0, 0, 0, 0, 0, 0, 0xf0, 0x7f],
  [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
  ...['[', '{"a":', '"__proto__":{"a":1},', '1e999', '"constructor":', '\\ud800', 'null', ',']
    .concat(['['.repeat(70), '{"a":'.repeat(70), '9'.repeat(400), '-0', '1e-400'])
    .map((text) => [...Buffer.from(text)]),
]

type Mutation = (bytes: Buffer, random: Random) => Buffer

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.whole(0, 7))),
  (bytes, random) => changed(bytes, random, () => random.whole(0, 255)),
  (bytes, random) => changed(bytes, random, () => random.pick([0, 1, 0x7f, 0x80, 0xff]) ?? 0),
  (bytes, random) => bytes.subarray(0, random.whole(0, bytes.length)),
  (bytes, random) => {
    const from = random.whole(0, bytes.length)
    return spliced(bytes, from, random.whole(from, bytes.length), Buffer.alloc(0))
  },
  (bytes, random) => {
    const from = random.whole(0, bytes.length)
    const slice = bytes.subarray(from, random.whole(from, bytes.length))
    return spliced(bytes, from, from, slice)
  },
  (bytes, random) => {
    const at = random.whole(0, bytes.length)
    const splice = Buffer.from(random.pick(SPLICES) ?? [])
    return spliced(bytes, at, random.chance(0.5) ? at : at + splice.length, splice)
  },
]

/** One to four changes of a body. */
export function mutate(body: Buffer, random: Random): Buffer {
  let bytes = body
  for (let count = random.whole(1, 4); count > 0; count -= 1) {
    bytes = (random.pick(MUTATIONS) ?? ((same) => same))(bytes, random)
  }
  return bytes
}

/** Bytes that look like nothing at all. */
export function noise(random: Random): Buffer {
  const length = random.whole(0, random.chance(0.05) ? 20_000 : 60)
  return Buffer.from(Array.from({ length }, () => random.whole(0, 255)))
}

function changed(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  if (bytes.length === 0) return bytes
  const copy = Buffer.from(bytes)
  const at = random.whole(0, copy.length - 1)
  copy[at] = change(copy[at] ?? 0)
  return copy
}

function spliced(bytes: Buffer, from: number, to: number, between: Buffer): Buffer {
  return Buffer.concat([
    bytes.subarray(0, from),
    between,
    bytes.subarray(Math.min(to, bytes.length)),
  ])
}
