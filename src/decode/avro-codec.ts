import avro from 'avsc'
import type { Type, types } from 'avsc'
import { AvroCursor } from './avro-cursor.ts'
import type { SchemaCodec } from './schema-codec.ts'

/** Deepest nesting that is followed, so that damaged recursive values cannot exhaust the stack. */
const DEPTH_MAX = 64
type Read = (cursor: AvroCursor) => unknown

/** Stands for a value no field of an event can take: a record, array, map, bytes or fixed. */
const COMPOUND: unknown = Object.freeze({})

/**
 * Compiles an Avro schema into a reader of the wanted fields of its top record; all others are
 * passed over without making a value of them. `avsc` parses and checks the schema; its own readers
 * are not used: they refuse longs beyond 2^53, and follow a damaged array length for ever.
 *
 * @param references schemas the schema refers to, each after those it refers to itself
 * @throws Error when the schema is no Avro schema of a record
 */
export function compileAvro(
  schema: string,
  references: readonly string[],
  wanted: readonly string[],
): SchemaCodec {
  const registry = {}
  const parse = (text: string): Type =>
    avro.Type.forSchema(JSON.parse(text), { registry, wrapUnions: 'always' })
  for (const reference of references) parse(reference)
  const type = parse(schema)
  if (!isRecord(type)) throw new Error(`it must be a record, got ${type.typeName}`)
  return new AvroCodec(type, wanted)
}

class AvroCodec implements SchemaCodec {
  readonly missing: readonly string[]
  readonly #cursor = new AvroCursor()
  readonly #reads: readonly Read[]
  /** For each field of the writer: the slot its value goes to; −1 = nobody wants it. */
  readonly #slots: readonly number[]
  readonly #absent: readonly number[]

  constructor(type: types.RecordType, wanted: readonly string[]) {
    const names = type.fields.map((field) => field.name)
    const compiler = new ReaderCompiler()
    this.#slots = names.map((name) => wanted.indexOf(name))
    this.#reads = type.fields.map((field) =>
      wanted.includes(field.name) ? compiler.reader(field.type) : compiler.skipper(field.type),
    )
    this.missing = wanted.filter((name) => !names.includes(name))
    this.#absent = this.missing.map((name) => wanted.indexOf(name))
  }

  decode(value: Buffer, from: number, into: unknown[]): string | undefined {
    const cursor = this.#cursor
    cursor.reset(value, from)
    for (const slot of this.#absent) into[slot] = undefined
    for (let field = 0; field < this.#reads.length; field += 1) {
      const given = this.#reads[field]?.(cursor)
      const slot = this.#slots[field] ?? -1
      if (slot >= 0) into[slot] = given
    }
    if (cursor.problem !== undefined) return cursor.problem
    return cursor.left === 0 ? undefined : `${cursor.left} bytes are left over after the value`
  }
}

/** Compiles types into closures; a named type once, so recursive schemas end. */
class ReaderCompiler {
  readonly #records = new Map<Type, Read>()
  #depth = 0

  /** A reader that yields the value; compound values are passed over. */
  reader(type: Type): Read {
    const scalar = SCALARS[type.typeName]
    if (scalar !== undefined) return scalar
    if (isEnum(type)) return enumReader(type.symbols)
    if (isUnion(type)) return unionReader(type.types.map((branch) => this.reader(branch)))
    const skip = this.skipper(type)
    return (cursor) => {
      skip(cursor)
      return COMPOUND
    }
  }

  /** A reader that only moves on. */
  skipper(type: Type): Read {
    const skip = SKIPS[type.typeName]
    if (skip !== undefined) return skip
    if (isUnion(type)) return unionReader(type.types.map((branch) => this.skipper(branch)))
    if (isArray(type)) return blockSkipper(this.skipper(type.itemsType))
    if (isMap(type)) return mapSkipper(this.skipper(type.valuesType))
    if (isFixed(type)) return fixedSkipper(type.size)
    if (isRecord(type)) return this.#recordSkipper(type)
    return this.reader(type)
  }

  #recordSkipper(type: types.RecordType): Read {
    const known = this.#records.get(type)
    if (known !== undefined) return known
    const steps: Read[] = []
    const skip: Read = (cursor) => {
      if (++this.#depth > DEPTH_MAX) cursor.fail(`nesting must be at most ${DEPTH_MAX} deep`)
      else for (const step of steps) step(cursor)
      this.#depth -= 1
    }
    this.#records.set(type, skip)
    for (const field of type.fields) steps.push(this.skipper(field.type))
    return skip
  }
}

const readString: Read = (cursor) => cursor.readString()
const readLong: Read = (cursor) => cursor.readLong()
const skipBytes: Read = (cursor) => cursor.skip(cursor.readLength())

const SCALARS: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (cursor) => cursor.readBoolean(),
  int: readLong,
  long: readLong,
  float: (cursor) => cursor.readFloat(),
  double: (cursor) => cursor.readDouble(),
  string: readString,
}

const SKIPS: Readonly<Record<string, Read>> = {
  ...SCALARS,
  float: (cursor) => cursor.skip(4),
  double: (cursor) => cursor.skip(8),
  string: skipBytes,
  bytes: skipBytes,
}

function fixedSkipper(size: number): Read {
  return (cursor) => cursor.skip(size)
}

function enumReader(symbols: readonly string[]): Read {
  return (cursor) => {
    const index = cursor.readLong()
    const symbol = symbols[index]
    if (symbol === undefined) {
      cursor.fail(`enum index must be from 0 to ${symbols.length - 1}, got ${index}`)
    }
    return symbol
  }
}

function unionReader(branches: readonly Read[]): Read {
  return (cursor) => {
    const index = cursor.readLong()
    const branch = branches[index]
    if (branch !== undefined) return branch(cursor)
    cursor.fail(`union index must be from 0 to ${branches.length - 1}, got ${index}`)
    return undefined
  }
}

function mapSkipper(skipValue: Read): Read {
  return blockSkipper((cursor) => {
    skipBytes(cursor)
    skipValue(cursor)
  })
}

/** Arrays and maps come in blocks: a count, if negative followed by the block's size, then items. */
function blockSkipper(skipItem: Read): Read {
  return (cursor) => {
    for (let count = cursor.readLong(); count !== 0; count = cursor.readLong()) {
      if (count < 0) {
        cursor.skip(cursor.readLength())
        continue
      }
      cursor.countItems(count)
      for (let item = 0; item < count && cursor.problem === undefined; item += 1) skipItem(cursor)
    }
  }
}

function isRecord(type: Type): type is types.RecordType {
  return type.typeName === 'record' || type.typeName === 'error'
}

function isEnum(type: Type): type is types.EnumType {
  return type.typeName === 'enum'
}

function isUnion(type: Type): type is types.WrappedUnionType {
  return type.typeName === 'union:wrapped' || type.typeName === 'union:unwrapped'
}

function isArray(type: Type): type is types.ArrayType {
  return type.typeName === 'array'
}

function isMap(type: Type): type is types.MapType & { readonly valuesType: Type } {
  return type.typeName === 'map'
}

function isFixed(type: Type): type is types.FixedType {
  return type.typeName === 'fixed'
}
