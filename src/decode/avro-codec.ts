import type { Type, types } from 'avsc'
import { AvroCursor } from './avro-cursor.ts'
import { logicalKind, logicalReader } from './avro-logical.ts'
import { parseAvro } from './avro-schema.ts'
import { DEPTH_MAX } from './bounds.ts'
import { fieldTree, slotsOf } from './field-tree.ts'
import type { FieldNode } from './field-tree.ts'
import { COMPOUND, lackingProblem, Offers, undecodableBytes } from './schema-codec.ts'
import type {
  NeededField,
  Offer,
  Problem,
  ReferencedSchema,
  SchemaCodec,
  ValueKind,
} from './schema-codec.ts'

type Skip = (cursor: AvroCursor) => void
type Read = (cursor: AvroCursor, into: unknown[]) => void
type Scalar = (cursor: AvroCursor) => unknown

/**
 * Compiles an Avro schema into a reader of the wanted paths of its top record; all else is passed
 * over without making a value of it. `avsc` parses and checks the schema; its own readers are not
 * used: they refuse longs beyond 2^53, and follow a damaged array length for ever.
 *
 * A path leads through records, maps and unions of them. A field that is not there under its name is
 * found by an alias the schema gives it: so a renamed field goes on.
 *
 * @param references schemas the schema refers to, each after those it refers to itself
 * @throws Error when the schema is no Avro schema of a record
 */
export function compileAvro(
  schema: string,
  references: readonly ReferencedSchema[],
  wanted: readonly NeededField[],
): SchemaCodec {
  const type = parseAvro(schema, references)
  if (!isRecord(type)) throw new Error(`it must be a record, got ${type.typeName}`)
  return new AvroCodec(type, wanted)
}

class AvroCodec implements SchemaCodec {
  readonly offers: readonly Offer[]
  readonly recordName: string | undefined
  readonly #cursor = new AvroCursor()
  readonly #read: Read
  readonly #lacking: Problem | undefined

  constructor(type: types.RecordType, wanted: readonly NeededField[]) {
    const compiler = new ReaderCompiler()
    this.#read = compiler.reader(type, fieldTree(wanted.map(({ name }) => name)))
    this.offers = compiler.offers.list(wanted.length)
    this.recordName = type.name
    this.#lacking = lackingProblem(wanted, this.offers)
  }

  get mayLack(): boolean {
    return this.#lacking !== undefined
  }

  get isSound(): boolean {
    return this.#cursor.problem === undefined
  }

  decode(bytes: Buffer, at: number, end: number, into: unknown[]): Problem | undefined {
    if (this.#lacking !== undefined) return this.#lacking
    const cursor = this.#cursor
    cursor.reset(bytes, at, end)
    for (let slot = 0; slot < into.length; slot += 1) into[slot] = undefined
    this.#read(cursor, into)
    if (cursor.problem !== undefined) return undecodableBytes(cursor.problem, cursor.stoppedAt)
    if (cursor.left === 0) return undefined
    const { left } = cursor
    return undecodableBytes(`${left} bytes are left over after the value`, end - left)
  }
}

/** Compiles types into closures; what is skipped once a named type, so recursive schemas end. */
class ReaderCompiler {
  readonly offers = new Offers()
  readonly #skipped = new Map<Type, Skip>()
  #depth = 0

  /** A reader of what is wanted within a type; `undefined` = nothing is. */
  reader(type: Type, node: FieldNode | undefined): Read {
    if (node === undefined) return this.#skipper(type)
    if (isUnion(type)) return this.#union(type.types, node)
    const scalar = scalarOf(type)
    this.offers.add(node.slot, scalar === undefined ? 'compound' : kindOf(type))
    if (scalar !== undefined) return scalarReader(scalar, node.slot)
    const compound = this.#compound(type, node)
    if (node.slot < 0) return compound
    return (cursor, into) => {
      into[node.slot] = COMPOUND
      compound(cursor, into)
    }
  }

  #compound(type: Type, node: FieldNode): Read {
    if (isRecord(type)) return this.#record(type, node)
    if (isMap(type) && node.children.size > 0) return this.#map(type.valuesType, node)
    return this.#skipper(type)
  }

  #record({ fields }: types.RecordType, { children }: FieldNode): Read {
    const names = new Set(fields.map(({ name }) => name))
    const steps = fields.map(({ name, aliases, type }) => {
      const alias = aliases.find((each) => children.has(each) && !names.has(each))
      return this.reader(type, children.get(name) ?? children.get(alias ?? ''))
    })
    return (cursor, into) => {
      if (!cursor.countSteps(steps.length)) return
      for (const step of steps) step(cursor, into)
    }
  }

  #union(branches: readonly Type[], node: FieldNode): Read {
    const slots = slotsOf(node)
    const reads = branches.map((branch): Read => {
      if (branch.typeName !== 'null') return this.reader(branch, node)
      for (const slot of slots) this.offers.add(slot, 'null')
      return (_cursor, into) => {
        for (const slot of slots) into[slot] = null
      }
    })
    return chooser(reads)
  }

  /** The wanted entries of a map. */
  #map(valuesType: Type, { children }: FieldNode): Read {
    const skip = this.#skipper(valuesType)
    const reads = new Map(
      [...children].map(([name, child]) => [name, this.reader(valuesType, child)]),
    )
    return (cursor, into) => {
      for (let count = cursor.readCount(); count !== 0; count = cursor.readCount()) {
        if (count < 0) cursor.readLength()
        const items = Math.abs(count)
        cursor.countItems(items)
        for (let item = 0; item < items && cursor.problem === undefined; item += 1) {
          const read = reads.get(cursor.readString()) ?? skip
          read(cursor, into)
        }
      }
    }
  }

  /** A reader that only moves on. */
  #skipper(type: Type): Skip {
    const skip = SKIPS[type.typeName]
    if (skip !== undefined) return skip
    if (isLogical(type)) return this.#skipper(type.underlyingType)
    if (isUnion(type)) {
      const choose = chooser(type.types.map((branch) => this.#skipper(branch)))
      return (cursor) => choose(cursor, NOWHERE)
    }
    if (isArray(type)) return blockSkipper(this.#skipper(type.itemsType))
    if (isMap(type)) return mapSkipper(this.#skipper(type.valuesType))
    if (isFixed(type)) return fixedSkipper(type.size)
    if (isRecord(type)) return this.#recordSkipper(type)
    return scalarOf(type) ?? (() => undefined)
  }

  #recordSkipper(type: types.RecordType): Skip {
    const known = this.#skipped.get(type)
    if (known !== undefined) return known
    const steps: Skip[] = []
    const skip: Skip = (cursor) => {
      if (++this.#depth > DEPTH_MAX) cursor.fail(`nesting must be at most ${DEPTH_MAX} deep`)
      else if (cursor.countSteps(steps.length)) for (const step of steps) step(cursor)
      this.#depth -= 1
    }
    this.#skipped.set(type, skip)
    for (const field of type.fields) steps.push(this.#skipper(field.type))
    return skip
  }
}

const NOWHERE: unknown[] = []
const readLong: Scalar = (cursor) => cursor.readLong()
const skipBytes: Skip = (cursor) => {
  cursor.skip(cursor.readLength())
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  null: () => null,
  boolean: (cursor) => cursor.readBoolean(),
  int: readLong,
  long: readLong,
  float: (cursor) => cursor.readFloat(),
  double: (cursor) => cursor.readDouble(),
  string: (cursor) => cursor.readString(),
}

const KINDS: Readonly<Record<string, ValueKind>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
}

const SKIPS: Readonly<Record<string, Skip>> = {
  ...SCALARS,
  float: (cursor) => cursor.skip(4),
  double: (cursor) => cursor.skip(8),
  string: skipBytes,
  bytes: skipBytes,
}

function scalarOf(type: Type): Scalar | undefined {
  if (isEnum(type)) return enumReader(type.symbols)
  if (isLogical(type)) return logicalReader(type) ?? scalarOf(type.underlyingType)
  return SCALARS[type.typeName]
}

function kindOf(type: Type): ValueKind {
  if (isLogical(type)) return logicalKind(type)
  return KINDS[type.typeName] ?? 'string'
}

function scalarReader(scalar: Scalar, slot: number): Read {
  if (slot < 0) return scalar
  return (cursor, into) => {
    into[slot] = scalar(cursor)
  }
}

function fixedSkipper(size: number): Skip {
  return (cursor) => {
    cursor.skip(size)
  }
}

function enumReader(symbols: readonly string[]): Scalar {
  return (cursor) => {
    const index = cursor.readCount()
    const symbol = symbols[index]
    if (symbol === undefined) {
      cursor.fail(`enum index must be from 0 to ${symbols.length - 1}, got ${index}`)
    }
    return symbol
  }
}

function chooser(branches: readonly Read[]): Read {
  return (cursor, into) => {
    const index = cursor.readCount()
    // What cannot be read is 0, which may be the branch that leads back here.
    if (cursor.problem !== undefined) return
    const branch = branches[index]
    if (branch !== undefined) branch(cursor, into)
    else cursor.fail(`union index must be from 0 to ${branches.length - 1}, got ${index}`)
  }
}

function mapSkipper(skipValue: Skip): Skip {
  return blockSkipper((cursor) => {
    skipBytes(cursor)
    skipValue(cursor)
  })
}

/** Arrays and maps come in blocks: a count, if negative followed by the block's size, then items. */
function blockSkipper(skipItem: Skip): Skip {
  return (cursor) => {
    for (let count = cursor.readCount(); count !== 0; count = cursor.readCount()) {
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

function isLogical(type: Type): type is types.LogicalType {
  return type.typeName.startsWith('logical:')
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
