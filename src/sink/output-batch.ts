import { Buffer } from 'node:buffer'
import { invariant } from '../domain/errors.ts'
import type { Header, OutputRecord } from '../domain/record.ts'

/** Numbers of a record: topic, partition, where key and value begin and end, where extras begin. */
const RECORD = 7
const NONE = -1
const RECORDS_FIRST = 1024
const BYTES_FIRST = 1 << 16

/**
 * Records to be written, in order, copied into one buffer as they come, so that the client takes them
 * with one call instead of one each. The layout is the one that
 * `patches/kafka-javascript-*-produce-batch.patch` reads.
 */
export class OutputBatch {
  readonly #topics: string[] = []
  #bytes: Buffer = Buffer.allocUnsafeSlow(BYTES_FIRST)
  #size = 0
  #records = new Int32Array(RECORDS_FIRST * RECORD)
  #count = 0
  readonly #volumes: { topic: string; records: number; bytes: number }[] = []
  #lastTopic = 0
  #lastKey: Buffer | null = null
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
    return this.#bytes
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
  add(record: OutputRecord): void {
    const { key, value, headers, timestamp } = record
    const at = this.#count * RECORD
    if (at === this.#records.length) {
      const grown = new Int32Array(at * 2)
      grown.set(this.#records)
      this.#records = grown
    }
    const topic = this.#topic(record.topic)
    this.#records[at] = topic
    this.#records[at + 1] = record.partition
    if (key !== null && key === this.#lastKey) {
      this.#records[at + 2] = this.#records[at + 2 - RECORD] ?? NONE
      this.#records[at + 3] = this.#records[at + 3 - RECORD] ?? NONE
    } else {
      this.#put(at + 2, key)
    }
    this.#put(at + 4, value)
    this.#records[at + 6] = this.#extrasOf(timestamp, headers)
    this.#lastKey = key
    this.#count += 1
    const volume = this.#volumes[topic]
    if (volume === undefined) return
    volume.records += 1
    volume.bytes += value?.length ?? 0
  }

  /** Record number `index`; its bytes are views. */
  at(index: number): OutputRecord {
    const [topic = NONE, partition = NONE, keyAt = NONE, keyEnd = NONE, valueAt = NONE, ...rest] =
      this.#records.subarray(index * RECORD, (index + 1) * RECORD)
    const [valueEnd = NONE, extrasAt = NONE] = rest
    return {
      topic: this.#topics[topic] ?? '',
      partition,
      key: keyAt < 0 ? null : this.#bytes.subarray(keyAt, keyEnd),
      value: valueAt < 0 ? null : this.#bytes.subarray(valueAt, valueEnd),
      ...(extrasAt < 0 ? {} : this.#extras(extrasAt)),
    }
  }

  /** Empties it; its memory stays. */
  clear(): void {
    this.#count = 0
    this.#size = 0
    this.#lastKey = null
    this.#lastHeaders = undefined
    for (const volume of this.#volumes) {
      volume.records = 0
      volume.bytes = 0
    }
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
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#size)
    this.#records[at] = this.#size
    this.#size += bytes.length
    this.#records[at + 1] = this.#size
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
    const from = this.#size
    this.#reserve(12)
    this.#bytes.writeDoubleLE(timestamp, this.#size)
    this.#bytes.writeInt32LE(headers.length, this.#size + 8)
    this.#size += 12
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
    this.#reserve(4 + length)
    this.#bytes.writeInt32LE(length, this.#size)
    if (typeof content === 'string') this.#bytes.write(content, this.#size + 4)
    else this.#bytes.set(content, this.#size + 4)
    this.#size += 4 + length
  }

  #extras(from: number): Pick<OutputRecord, 'headers' | 'timestamp'> {
    const timestamp = this.#bytes.readDoubleLE(from)
    let at = from + 12
    const sized = (): Buffer => {
      const size = this.#bytes.readInt32LE(at)
      at += 4 + size
      return this.#bytes.subarray(at - size, at)
    }
    const headers = Array.from({ length: this.#bytes.readInt32LE(from + 8) }, (): Header => {
      const name = sized().toString()
      return { [name]: sized() }
    })
    return {
      ...(headers.length > 0 ? { headers } : {}),
      ...(timestamp > 0 ? { timestamp } : {}),
    }
  }

  #reserve(bytes: number): void {
    const needed = this.#size + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
  }
}
