import { Buffer } from 'node:buffer'
import { invariant } from '../domain/errors.ts'
import type { Header, OutputRecord } from '../domain/record.ts'
import { ByteStore } from './byte-store.ts'
import { SHORT_TEXT_MAX, tryCopyAscii } from './output-buffer.ts'

/** Numbers of a record: topic, partition, where key and value begin and end, where extras begin. */
const RECORD = 7
const NONE = -1
/** A UTF-16 unit takes at most so many. */
const UTF8_BYTES_MAX = 3
const RECORDS_FIRST = 1024
const BYTES_FIRST = 1 << 16

/**
 * Records to be written, in order, copied into one buffer as they come, so that the client takes them
 * with one call instead of one each. The layout is the one that
 * `patches/kafka-javascript-*-produce-batch.patch` reads.
 */
export class OutputBatch {
  readonly #topics: string[] = []
  readonly #store = new ByteStore(BYTES_FIRST)
  #records = new Int32Array(RECORDS_FIRST * RECORD)
  #count = 0
  readonly #volumes: { topic: string; records: number; bytes: number }[] = []
  #lastTopic = 0
  #lastKey: Buffer | string | null = null
  #lastHeaders: readonly Header[] | undefined
  #lastExtras = NONE

  get count(): number {
    return this.#count
  }

  /** The names that records have numbers of. */
  get topics(): readonly string[] {
    return this.#topics
  }

  get bytes(): Buffer {
    return this.#store.bytes
  }

  /** The records from number `from` on, seven numbers each; offsets into `bytes`, −1 for none. */
  recordsFrom(from: number): Int32Array {
    return this.#records.subarray(from * RECORD, this.#count * RECORD)
  }

  /** Tells of each topic how many records it gets, and the bytes of their values. */
  eachVolume(visit: (topic: string, records: number, bytes: number) => void): void {
    for (const { topic, records, bytes } of this.#volumes) {
      if (records > 0) visit(topic, records, bytes)
    }
  }

  /** Adds a copy. The same key or headers object as of the record before must have the same bytes. */
  add({ topic, partition, key, value, headers, timestamp }: OutputRecord): void {
    const at = this.#head(topic, partition, key)
    this.#put(at + 4, value)
    this.#records[at + 6] = this.#extrasOf(timestamp, headers)
    this.#complete(at)
  }

  /**
   * Begins a record whose value is encoded in place, behind what the store holds. `end` completes it.
   *
   * @param key a text is written as UTF-8
   */
  begin(
    topic: string,
    partition: number,
    key: Buffer | string | null,
    headers?: readonly Header[],
  ): ByteStore {
    const at = this.#head(topic, partition, key)
    this.#records[at + 6] = this.#extrasOf(undefined, headers)
    this.#records[at + 4] = this.#store.size
    return this.#store
  }

  /** The value of the record begun last is complete. */
  end(): void {
    const at = this.#count * RECORD
    this.#records[at + 5] = this.#store.size
    this.#complete(at)
  }

  /** Record number `index`; its bytes are views. */
  at(index: number): OutputRecord {
    const at = index * RECORD
    const record = {
      topic: this.#topics[this.#number(at)] ?? '',
      partition: this.#number(at + 1),
      key: this.#view(at + 2),
      value: this.#view(at + 4),
    }
    const extrasAt = this.#number(at + 6)
    return extrasAt < 0 ? record : { ...record, ...this.#extras(extrasAt) }
  }

  #number(at: number): number {
    return this.#records[at] ?? NONE
  }

  #view(at: number): Buffer | null {
    const from = this.#number(at)
    return from < 0 ? null : this.#store.bytes.subarray(from, this.#number(at + 1))
  }

  /** Empties it; its memory stays. */
  clear(): void {
    this.#count = 0
    this.#store.size = 0
    this.#lastKey = null
    this.#lastHeaders = undefined
    for (const volume of this.#volumes) {
      volume.records = 0
      volume.bytes = 0
    }
  }

  /** Topic, partition and key of the next record. @returns where its numbers begin */
  #head(topic: string, partition: number, key: Buffer | string | null): number {
    const at = this.#count * RECORD
    if (at === this.#records.length) {
      const grown = new Int32Array(at * 2)
      grown.set(this.#records)
      this.#records = grown
    }
    this.#records[at] = this.#topic(topic)
    this.#records[at + 1] = partition
    if (key !== null && key === this.#lastKey) {
      this.#records[at + 2] = this.#records[at + 2 - RECORD] ?? NONE
      this.#records[at + 3] = this.#records[at + 3 - RECORD] ?? NONE
    } else if (typeof key === 'string') {
      this.#putText(at + 2, key)
    } else {
      this.#put(at + 2, key)
    }
    this.#lastKey = key
    return at
  }

  #complete(at: number): void {
    this.#count += 1
    const volume = this.#volumes[this.#lastTopic]
    if (volume === undefined) return
    volume.records += 1
    volume.bytes += (this.#records[at + 5] ?? 0) - (this.#records[at + 4] ?? 0)
  }

  #topic(name: string): number {
    if (this.#topics[this.#lastTopic] !== name) {
      this.#lastTopic = this.#topics.indexOf(name)
      if (this.#lastTopic < 0) {
        this.#lastTopic = this.#topics.push(name) - 1
        this.#volumes.push({ topic: name, records: 0, bytes: 0 })
      }
    }
    return this.#lastTopic
  }

  #put(at: number, bytes: Buffer | null): void {
    if (bytes === null) {
      this.#records[at] = NONE
      this.#records[at + 1] = NONE
      return
    }
    const store = this.#store
    store.reserve(bytes.length)
    store.bytes.set(bytes, store.size)
    this.#records[at] = store.size
    store.size += bytes.length
    this.#records[at + 1] = store.size
  }

  #putText(at: number, text: string): void {
    const store = this.#store
    store.reserve(text.length * UTF8_BYTES_MAX)
    this.#records[at] = store.size
    store.size += writeText(store.bytes, text, store.size)
    this.#records[at + 1] = store.size
  }

  /** @returns where they begin; −1 when there are none */
  #extrasOf(timestamp: number | undefined, headers: readonly Header[] | undefined): number {
    if (timestamp !== undefined) return this.#putExtras(timestamp, headers ?? [])
    if (headers === undefined || headers.length === 0) return NONE
    // What is passed on from one input record is on all that is written for it.
    if (headers !== this.#lastHeaders) {
      this.#lastExtras = this.#putExtras(0, headers)
      this.#lastHeaders = headers
    }
    return this.#lastExtras
  }

  /** Timestamp, number of headers, then of each the sized name and value. @returns where they begin */
  #putExtras(timestamp: number, headers: readonly Header[]): number {
    const from = this.#store.size
    this.#store.reserve(12)
    this.#store.bytes.writeDoubleLE(timestamp, this.#store.size)
    this.#store.bytes.writeInt32LE(headers.length, this.#store.size + 8)
    this.#store.size += 12
    for (const header of headers) {
      const [name] = Object.keys(header)
      const value = name === undefined ? undefined : header[name]
      invariant(name !== undefined && value !== undefined, 'a header has a name')
      this.#putSized(name)
      this.#putSized(value)
    }
    return from
  }

  #putSized(content: Buffer | string): void {
    const length = Buffer.byteLength(content)
    this.#store.reserve(4 + length)
    this.#store.bytes.writeInt32LE(length, this.#store.size)
    if (typeof content === 'string') this.#store.bytes.write(content, this.#store.size + 4)
    else this.#store.bytes.set(content, this.#store.size + 4)
    this.#store.size += 4 + length
  }

  #extras(from: number): Pick<OutputRecord, 'headers' | 'timestamp'> {
    const timestamp = this.#store.bytes.readDoubleLE(from)
    let at = from + 12
    const sized = (): Buffer => {
      const size = this.#store.bytes.readInt32LE(at)
      at += 4 + size
      return this.#store.bytes.subarray(at - size, at)
    }
    const headers: Header[] = []
    for (let left = this.#store.bytes.readInt32LE(from + 8); left > 0; left -= 1) {
      const name = sized().toString()
      headers.push({ [name]: sized() })
    }
    return {
      ...(headers.length > 0 ? { headers } : {}),
      ...(timestamp > 0 ? { timestamp } : {}),
    }
  }
}

/** Writes a text as UTF-8; there must be room. @returns how many bytes it takes */
function writeText(bytes: Buffer, text: string, from: number): number {
  const { length } = text
  const isCopied = length <= SHORT_TEXT_MAX && tryCopyAscii(text, bytes, from)
  return isCopied ? length : bytes.write(text, from)
}
