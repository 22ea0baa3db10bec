import type { Random } from '../../test/simulation/random.ts'

/** Most steps and bytes of a value; types that hold themselves would have no end. */
const STEPS_MAX = 4_000
const BYTES_MAX = 4_000

/** A schema that a seed made up, and a body of it, which breaks off where it would have no end. */
export interface RandomSchema {
  readonly schema: string
  readonly body: (random: Random) => Buffer
}

/** A type by its name, or one made of others. */
type Shape =
  | string
  | { readonly list: 'array' | 'map'; readonly of: Shape }
  | { readonly branches: readonly Shape[] }

interface RecordShape {
  readonly name: string
  readonly fields: readonly Shape[]
}

const SCALARS = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes']

/**
 * A small Avro schema that has what the model needs, and between that records that hold each other, unions that
 * begin with them, records without fields, and arrays and maps of all of them.
 */
export function randomAvro(random: Random): RandomSchema {
  const isDoubling = random.chance(0.1)
  const records = isDoubling ? doubling(random) : someRecords(random)
  const strange = (): readonly Shape[] => manyOf(random, 0, 2, () => randomShape(random, records))
  const payload = { name: 'Payload', fields: [...strange(), KIND, TAGS, ...strange()] }
  const needed = ['string', 'long', 'Payload', 'int', ...(isDoubling ? ['R0'] : [])]
  const event = { name: 'Event', fields: needed.flatMap((type) => [type, ...strange()]) }
  const shapes = new Map([...records, payload].map((record) => [record.name, record]))
  return {
    schema: JSON.stringify(new SchemaText(shapes).record(event, WANTED)),
    body: (bodies) => new BodyWriter(bodies, shapes).write(event),
  }
}

const KIND = 'string'
const TAGS: Shape = { list: 'map', of: 'double' }
/** Names of wanted fields, by the type that stands there. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'user',
  long: 'at',
  Payload: 'payload',
  int: 'size',
}
const WANTED_WITHIN: Readonly<Record<string, string>> = { string: 'kind', 'map:double': 'tags' }

function someRecords(random: Random): readonly RecordShape[] {
  const names = Array.from({ length: random.whole(1, 4) }, (_, index) => `R${index}`)
  const known = names.map((name) => ({ name, fields: [] }))
  return names.map((name) => ({
    name,
    fields: manyOf(random, 0, 3, () => randomShape(random, known)),
  }))
}

/** Each record holds the next one twice: without a byte, more steps than anyone can take. */
function doubling(random: Random): readonly RecordShape[] {
  const levels = random.whole(2, 50)
  return Array.from({ length: levels }, (_, index) => ({
    name: `R${index}`,
    fields: index === levels - 1 ? [] : [`R${index + 1}`, `R${index + 1}`],
  }))
}

function randomShape(random: Random, records: readonly RecordShape[], depth = 0): Shape {
  const record = random.pick(records)?.name ?? 'null'
  const kind = depth > 2 ? 0 : random.next()
  if (kind < 0.35) return random.chance(0.4) ? record : (random.pick(SCALARS) ?? 'null')
  if (kind < 0.55) {
    const list = random.chance(0.5) ? 'array' : 'map'
    return { list, of: randomShape(random, records, depth + 1) }
  }
  const other = random.pick(['null', 'string', 'long']) ?? 'null'
  const branches = random.chance(0.7) ? [record, other] : [other, record]
  return { branches }
}

function manyOf<Value>(random: Random, from: number, to: number, make: () => Value): Value[] {
  return Array.from({ length: random.whole(from, to) }, make)
}

/** Writes a schema out: a named type is defined where it comes first. */
class SchemaText {
  readonly #records: ReadonlyMap<string, RecordShape>
  readonly #defined = new Set<string>()

  constructor(records: ReadonlyMap<string, RecordShape>) {
    this.#records = records
  }

  /** @param wanted names of fields, by their types: of each type the first has it */
  record({ name, fields }: RecordShape, wanted: Readonly<Record<string, string>>): object {
    this.#defined.add(name)
    const taken = new Set<string>()
    const list = fields.map((shape, index) => {
      const known = wanted[nameOf(shape)] ?? ''
      const isFirst = known !== '' && !taken.has(known)
      taken.add(known)
      return { name: isFirst ? known : `f${index}`, type: this.#type(shape) }
    })
    return { type: 'record', name, fields: list }
  }

  #type(shape: Shape): unknown {
    if (typeof shape !== 'string') {
      return 'branches' in shape
        ? shape.branches.map((each) => this.#type(each))
        : { type: shape.list, [shape.list === 'map' ? 'values' : 'items']: this.#type(shape.of) }
    }
    const record = this.#records.get(shape)
    if (record === undefined || this.#defined.has(shape)) return shape
    return this.record(record, shape === 'Payload' ? WANTED_WITHIN : {})
  }
}

function nameOf(shape: Shape): string {
  if (typeof shape === 'string') return shape
  return 'branches' in shape ? 'union' : `${shape.list}:${nameOf(shape.of)}`
}

/** Writes a value of a shape. */
class BodyWriter {
  readonly #random: Random
  readonly #records: ReadonlyMap<string, RecordShape>
  readonly #bytes: number[] = []
  #steps = 0

  constructor(random: Random, records: ReadonlyMap<string, RecordShape>) {
    this.#random = random
    this.#records = records
  }

  write(record: RecordShape): Buffer {
    this.#fields(record, 0)
    return Buffer.from(this.#bytes)
  }

  #fields({ fields }: RecordShape, depth: number): void {
    for (const field of fields) this.#value(field, depth)
  }

  #value(shape: Shape, depth: number): void {
    this.#steps += 1
    if (this.#steps > STEPS_MAX || this.#bytes.length > BYTES_MAX || depth > 80) return
    if (typeof shape === 'string') {
      const record = this.#records.get(shape)
      if (record === undefined) this.#scalar(shape)
      else this.#fields(record, depth + 1)
      return
    }
    if ('branches' in shape) this.#union(shape.branches, depth)
    else this.#items(shape, depth)
  }

  #union(branches: readonly Shape[], depth: number): void {
    const ends = branches.findIndex((each) => !this.#records.has(nameOf(each)))
    const isOver = depth > 4 && this.#random.chance(0.9)
    const index = isOver ? Math.max(0, ends) : this.#random.whole(0, branches.length - 1)
    this.#bytes.push(index * 2)
    this.#value(branches[index] ?? 'null', depth + 1)
  }

  #items(
    { list, of }: { readonly list: 'array' | 'map'; readonly of: Shape },
    depth: number,
  ): void {
    const count = depth > 4 ? 0 : this.#random.whole(0, 3)
    if (count > 0) this.#bytes.push(count * 2)
    for (let item = 0; item < count; item += 1) {
      if (list === 'map') this.#bytes.push(2, 0x61 + item)
      this.#value(of, depth + 1)
    }
    this.#bytes.push(0)
  }

  #scalar(name: string): void {
    const random = this.#random
    if (name === 'boolean') this.#bytes.push(random.whole(0, 1))
    else if (name === 'int' || name === 'long') this.#bytes.push(random.whole(0, 63) * 2)
    else if (name === 'float') this.#bytes.push(0, 0, 0x80, 0x3f)
    else if (name === 'double') this.#bytes.push(0, 0, 0, 0, 0, 0, 0xf0, 0x3f)
    else if (name !== 'null') this.#bytes.push(4, 0x75, 0x31)
  }
}
