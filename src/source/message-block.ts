import { Buffer } from 'node:buffer'
import type { Header, InputRecord } from '../domain/record.ts'
import type { BatchHandle } from '../runtime/kafka-addon.ts'
import type { RecordView } from './changelog-port.ts'

/** Numbers per message: offset and timestamp as doubles, the others as 32-bit integers. */
const DOUBLES = 2
const INTS = 10
const BYTES_PER_DOUBLE = 8
/** Places among the integers of a message (`MessageBatch` in the patch of `patches/`). */
const AT = {
  error: 0,
  topic: 1,
  partition: 2,
  key: 4,
  keyEnd: 5,
  value: 6,
  valueEnd: 7,
  headers: 8,
}
const HEADER_COUNT = 9
/** The end of a key or value that is not there. */
const NONE = -1
const NO_BYTES = Buffer.alloc(0)

/**
 * Messages of one call in one block of memory, in the order in which the consumer's queue held them;
 * ends of partitions and errors have their places among them. Nothing is made per message until it is
 * asked for.
 */
export class MessageBlock {
  readonly count: number
  readonly bytes: Buffer
  readonly topics: readonly string[]
  readonly #doubles: Float64Array
  readonly #ints: Int32Array

  /** @param bytes as the addon gives them; 8-aligned */
  constructor(count: number, bytes: Buffer, topics: readonly string[]) {
    const doubles = count * DOUBLES
    const intsFrom = bytes.byteOffset + doubles * BYTES_PER_DOUBLE
    this.count = count
    this.bytes = bytes
    this.topics = topics
    this.#doubles = new Float64Array(bytes.buffer, bytes.byteOffset, doubles)
    this.#ints = new Int32Array(bytes.buffer, intsFrom, count * INTS)
  }

  /** librdkafka's code; 0: a message. What is no message has its text as value. */
  error(index: number): number {
    return this.#int(index, AT.error)
  }

  /** An error among the messages, as the client gives errors. */
  problem(index: number): { readonly code: number; readonly message: string } {
    return { code: this.error(index), message: String(this.value(index) ?? '') }
  }

  topic(index: number): string {
    return this.topics[this.#int(index, AT.topic)] ?? ''
  }

  partition(index: number): number {
    return this.#int(index, AT.partition)
  }

  offset(index: number): number {
    return this.#doubles[index * DOUBLES] ?? 0
  }

  /** Ms; −1 when there is none. */
  timestamp(index: number): number {
    return this.#doubles[index * DOUBLES + 1] ?? NONE
  }

  /** A view of the key. */
  key(index: number): Buffer | null {
    return this.#slice(this.#int(index, AT.key), this.#int(index, AT.keyEnd))
  }

  /** A view of the value. */
  value(index: number): Buffer | null {
    return this.#slice(this.#int(index, AT.value), this.#int(index, AT.valueEnd))
  }

  /** `undefined` when there are none. A null value, which the client cannot write, reads as empty. */
  headers(index: number): readonly Header[] | undefined {
    const count = this.#int(index, HEADER_COUNT)
    if (count === 0) return undefined
    const { bytes } = this
    const headers: Header[] = []
    let at = this.#int(index, AT.headers)
    for (let header = 0; header < count; header += 1) {
      const nameAt = at + Int32Array.BYTES_PER_ELEMENT
      const nameEnd = nameAt + bytes.readInt32LE(at)
      const valueAt = nameEnd + Int32Array.BYTES_PER_ELEMENT
      at = valueAt + Math.max(0, bytes.readInt32LE(nameEnd))
      headers.push({ [bytes.toString('utf8', nameAt, nameEnd)]: bytes.subarray(valueAt, at) })
    }
    return headers
  }

  /** Points a view at a message. */
  show(index: number, view: { -readonly [Name in keyof RecordView]: RecordView[Name] }): void {
    const keyAt = this.#int(index, AT.key)
    const valueAt = this.#int(index, AT.value)
    view.partition = this.#int(index, AT.partition)
    view.offset = this.offset(index)
    view.key = this.bytes
    view.keyAt = keyAt
    view.keyEnd = Math.max(keyAt, this.#int(index, AT.keyEnd))
    view.value = this.bytes
    view.valueAt = valueAt
    view.valueEnd = Math.max(valueAt, this.#int(index, AT.valueEnd))
  }

  #int(index: number, place: number): number {
    return this.#ints[index * INTS + place] ?? 0
  }

  #slice(from: number, end: number): Buffer | null {
    return end === NONE ? null : this.bytes.subarray(from, end)
  }
}

/** A message of a block as a record; its bytes are views of the block, made when they are asked for. */
export class BlockRecord implements InputRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly #block: MessageBlock
  readonly #index: number
  #key: Buffer | null | undefined
  #value: Buffer | null | undefined

  constructor(block: MessageBlock, index: number) {
    this.topic = block.topic(index)
    this.partition = block.partition(index)
    this.offset = block.offset(index)
    this.timestamp = block.timestamp(index)
    this.#block = block
    this.#index = index
  }

  get key(): Buffer | null {
    if (this.#key === undefined) this.#key = this.#block.key(this.#index)
    return this.#key
  }

  get value(): Buffer | null {
    if (this.#value === undefined) this.#value = this.#block.value(this.#index)
    return this.#value
  }

  get headers(): readonly Header[] | undefined {
    return this.#block.headers(this.#index)
  }
}

const NOTHING = new MessageBlock(0, NO_BYTES, [])

/** How long a call waits. */
export interface BatchWait {
  /** Longest wait for the first message. */
  readonly firstMs: number
  /** Longest wait for all others together. */
  readonly lingerMs: number
}

/**
 * Up to `recordsMax` messages of a consumer. Only with a patched client (`runtime/kafka-addon.ts`).
 *
 * Rejects with the error when the call itself fails; errors among the messages are told in the block.
 */
export function consumeBlock(
  handle: BatchHandle,
  recordsMax: number,
  { firstMs, lingerMs }: BatchWait,
): Promise<MessageBlock> {
  return new Promise((resolve, reject) => {
    handle.consumeBatch(firstMs, lingerMs, recordsMax, (error, count, block, topics) => {
      if (error) reject(error)
      else resolve(block === null ? NOTHING : new MessageBlock(count, block, topics))
    })
  })
}
