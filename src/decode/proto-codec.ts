import type protobuf from 'protobufjs'
import { MESSAGE_INDEXES_MAX } from './bounds.ts'
import { fieldTree } from './field-tree.ts'
import { ProtoCompiler } from './proto-compiler.ts'
import type { ProtoRead } from './proto-compiler.ts'
import { ProtoCursor } from './proto-cursor.ts'
import { messagesIn, parseProto } from './proto-schema.ts'
import { lackingProblem, undecodableBytes } from './schema-codec.ts'
import type { NeededField, Offer, Problem, ReferencedSchema, SchemaCodec } from './schema-codec.ts'

/** A message of the schema, and how the wanted paths are read from it. */
interface Message {
  readonly type: protobuf.Type
  readonly nested: readonly Message[]
  reader: Reader | undefined
}

interface Reader {
  readonly read: ProtoRead
  readonly offers: readonly Offer[]
  /** Why no value of the message can be an event. */
  readonly lacking: Problem | undefined
}

/**
 * Compiles a Protobuf schema (proto2, proto3 or an edition) into readers of the wanted paths, one a
 * message, when it is first met; all other fields are passed over by their wire type.
 *
 * A path leads through messages, members of a oneof and maps with string keys; a field is found by its
 * name or its `json_name`. Timestamps arrive as whole ms, wrappers as what they wrap, enums as the
 * name of the value. What is not set is absent if the schema can tell, otherwise its default.
 *
 * @param imports schemas the schema imports, directly and indirectly
 * @throws Error when it is no Protobuf schema, or a wanted path meets a type that is not known
 */
export function compileProto(
  schema: string,
  imports: readonly ReferencedSchema[],
  wanted: readonly NeededField[],
): SchemaCodec {
  return new ProtoCodec(parseProto(schema, imports).map(toMessage), wanted)
}

function toMessage(type: protobuf.Type): Message {
  return { type, nested: messagesIn(type).map(toMessage), reader: undefined }
}

function nameOf({ type }: Message): string {
  return type.fullName.replace(/^\./, '')
}

class ProtoCodec implements SchemaCodec {
  readonly offers: readonly Offer[]
  readonly recordName: string
  readonly #cursor = new ProtoCursor()
  readonly #messages: readonly Message[]
  readonly #wanted: readonly NeededField[]
  readonly #first: Reader

  constructor(messages: readonly Message[], wanted: readonly NeededField[]) {
    this.#messages = messages
    this.#wanted = wanted
    const [first] = messages
    if (first === undefined) throw new Error('it must declare a message')
    this.#first = this.#readerOf(first)
    this.offers = this.#first.offers
    this.recordName = nameOf(first)
  }

  /** Of the other messages it is not known before a value names one. */
  get mayLack(): boolean {
    const [first, ...others] = this.#messages
    const hasOthers = others.length > 0 || (first?.nested.length ?? 0) > 0
    return this.#first.lacking !== undefined || hasOthers
  }

  offersByMessage(): ReadonlyMap<string, readonly Offer[]> {
    const all = (messages: readonly Message[]): readonly Message[] =>
      messages.flatMap((message) => [message, ...all(message.nested)])
    return new Map(
      all(this.#messages).map((message) => [nameOf(message), this.#readerOf(message).offers]),
    )
  }

  get isSound(): boolean {
    return this.#cursor.problem === undefined
  }

  decode(bytes: Buffer, at: number, end: number, into: unknown[]): Problem | undefined {
    const cursor = this.#cursor
    const isFirst = at < end && bytes[at] === 0
    cursor.reset(bytes, isFirst ? at + 1 : at, end)
    const reader = isFirst ? this.#first : this.#choose(cursor)
    if (reader === undefined) return undecodableBytes(cursor.problem ?? '', cursor.stoppedAt)
    if (reader.lacking !== undefined) return reader.lacking
    for (let slot = 0; slot < into.length; slot += 1) into[slot] = undefined
    reader.read(cursor, into)
    return cursor.problem === undefined
      ? undefined
      : undecodableBytes(cursor.problem, cursor.stoppedAt)
  }

  /** Reads the message indexes: a count, then a place at each level of nesting. */
  #choose(cursor: ProtoCursor): Reader | undefined {
    const count = cursor.readSint64()
    if (cursor.problem !== undefined) return undefined
    if (count === 0) return this.#first
    if (count < 1 || count > MESSAGE_INDEXES_MAX) {
      cursor.fail(`message indexes must be from 1 to ${MESSAGE_INDEXES_MAX}, got ${count}`)
      return undefined
    }
    let level = this.#messages
    let message: Message | undefined
    for (let depth = 0; depth < count && cursor.problem === undefined; depth += 1) {
      const index = Number(cursor.readSint64())
      message = level[index]
      if (message === undefined) {
        const last = level.length - 1
        cursor.fail(`message index must be from 0 to ${last}, got ${index}`)
      }
      level = message?.nested ?? []
    }
    return cursor.problem === undefined && message !== undefined
      ? this.#readerOf(message)
      : undefined
  }

  #readerOf(message: Message): Reader {
    message.reader ??= this.#compile(message.type)
    return message.reader
  }

  #compile(type: protobuf.Type): Reader {
    const compiler = new ProtoCompiler()
    const read = compiler.message(type, fieldTree(this.#wanted.map(({ name }) => name)))
    const offers = compiler.offers.list(this.#wanted.length)
    const lacking = lackingProblem(this.#wanted, offers, ` in message ${type.name}`)
    return { read, offers, lacking }
  }
}
