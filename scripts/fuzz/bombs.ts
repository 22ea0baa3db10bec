import type { Random } from '../../test/simulation/random.ts'

type Bomb = (random: Random) => Buffer

const MANY = [0x80, 0x80, 0xf4, 0x01]
const VARINT_MAX = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]

/** Few bytes that claim much, and many bytes that mean little; by the format they are meant for. */
const BOMBS: Readonly<Record<string, readonly Bomb[]>> = {
  avro: [
    // array<null> that claims millions of items, again and again.
    () => Buffer.from([...MANY, ...MANY, ...MANY, 0]),
    () => Buffer.from([...VARINT_MAX, 0]),
    () => Buffer.from([0, 2, 0, 0, ...VARINT_MAX, 2, 0x61]),
    // The payload within itself without end.
    (random) => Buffer.from([0, 2, ...repeat([0, 0, 0, 2], random.whole(60, 5_000))]),
    (random) => Buffer.from([0, 0, ...repeat([2, 2, 0x61, 0, 0], random.whole(100, 5_000))]),
    // Nothing more where a union is due, which may lead back to where it came from.
    () => Buffer.from([2, 2]),
    (random) =>
      Buffer.from([0, 0, 0, 0xfe, 0xff, 0x7f, ...repeat([0xff], random.whole(1, 70_000))]),
  ],
  protobuf: [
    (random) => Buffer.from(repeat([0x0b], random.whole(1, 70_000))),
    (random) => nested(0x1a, 0x22, random.whole(60, 400)),
    (random) => Buffer.from(repeat([0x1a, 0], random.whole(1, 50_000))),
    (random) => Buffer.from(repeat([0x1a, 4, 0x1a, 2, 0x0a, 0], random.whole(1, 20_000))),
    () => Buffer.from([0x0a, ...VARINT_MAX]),
    () => Buffer.from([0x12, 11, 8, ...VARINT_MAX]),
  ],
  json: [
    (random) => Buffer.from('['.repeat(random.whole(60, 100_000))),
    (random) => Buffer.from('{"payload":'.repeat(random.whole(60, 10_000))),
    (random) => Buffer.from(`{"user":"${'a'.repeat(random.whole(60_000, 200_000))}"}`),
    (random) => Buffer.from(`{"at":${'9'.repeat(random.whole(1, 50_000))}}`),
    (random) => {
      // An integer that is read a second time, for its digits.
      const items = random.pick(['0,', '{},', '[],', '9007199254740993,']) ?? '0,'
      const many = items.repeat(random.whole(1, 260_000 / items.length))
      return Buffer.from(`{"user":"u","at":1,"size":9007199254740993,"lines":[${many}0]}`)
    },
    () => Buffer.from('{"__proto__":{"user":"u"},"constructor":{"prototype":{"at":1}}}'),
    (random) =>
      Buffer.from(`{"user":"u","at":1,"lines":[${'0,'.repeat(random.whole(1, 200_000))}0]}`),
  ],
}

/** A body that was made to do harm to readers of a family of formats. */
export function bomb(family: string, random: Random): Buffer {
  const make = random.pick(BOMBS[family] ?? [])
  return make?.(random) ?? Buffer.alloc(0)
}

function repeat(bytes: readonly number[], times: number): number[] {
  return Array.from({ length: times }, () => bytes).flat()
}

/** Messages within each other, `first` outermost. */
function nested(first: number, inner: number, depth: number): Buffer {
  let body = Buffer.alloc(0)
  for (let level = depth; level > 0; level -= 1) {
    const { length } = body
    const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
    body = Buffer.concat([Buffer.from([level === 1 ? first : inner, ...size]), body])
  }
  return body
}
