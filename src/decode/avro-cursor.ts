import { isUtf8 } from 'node:buffer'

/** Most bytes a 64-bit varint takes. */
const VARINT_BYTES_MAX = 10
/** A varint of this many bytes is exact as a double; longer ones go through BigInt. */
const VARINT_BYTES_EXACT = 7

/** Up to this length looking for a byte beyond ASCII first is cheaper than decoding UTF-8. */
const SHORT_TEXT_MAX = 32

/**
 * Most items of types that take no bytes (`null`, an empty record) in one value: more than a value
 * has bytes can be nothing else, and a damaged count must not be followed for ever.
 */
const EMPTY_ITEMS_MAX = 100_000

/**
 * Reads Avro's binary encoding (Avro specification 1.12, "Binary Encoding") from bytes nobody
 * vouches for. Every read is checked against the end. The first problem is kept, and from then on
 * nothing more can be read, so loops over blocks end; the values read after it mean nothing.
 */
export class AvroCursor {
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  #items = 0
  #problem: string | undefined

  /** What is wrong with the bytes; `undefined` so far nothing. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at
  }

  /** Starts on a new value. */
  reset(buffer: Buffer, from: number): void {
    this.#buffer = buffer
    this.#at = from
    this.#end = buffer.length
    this.#items = 0
    this.#problem = undefined
  }

  fail(problem: string): void {
    this.#problem ??= problem
    this.#at = this.#end
  }

  /** An `int` or `long`; the nearest double beyond 2^53. */
  readLong(): number {
    const buffer = this.#buffer
    if (this.#at >= this.#end) return this.#failShort()
    let raw = buffer[this.#at++] ?? 0
    if (raw < 0x80) return (raw >>> 1) ^ -(raw & 1)
    raw &= 0x7f
    let scale = 128
    for (let count = 1; count < VARINT_BYTES_EXACT; count += 1) {
      if (this.#at >= this.#end) return this.#failShort()
      const byte = buffer[this.#at++] ?? 0
      raw += (byte & 0x7f) * scale
      if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      scale *= 128
    }
    return this.#readWide(BigInt(raw))
  }

  /** A length: a `long` that must be within what is left. */
  readLength(): number {
    const length = this.readLong()
    if (length >= 0 && length <= this.#end - this.#at) return length
    this.fail(`length must be from 0 to the ${this.left} bytes left, got ${length}`)
    return 0
  }

  /** Announces a block of items of an array or map, before they are read. */
  countItems(count: number): void {
    this.#items += count
    const itemsMax = this.#end + EMPTY_ITEMS_MAX
    if (this.#items > itemsMax) {
      this.fail(`a value of ${this.#end} bytes must have at most ${itemsMax} items`)
    }
  }

  readBoolean(): boolean {
    if (this.#at >= this.#end) return this.#failShort() === 1
    const byte = this.#buffer[this.#at++] ?? 0
    if (byte > 1) this.fail(`boolean must be byte 0 or 1, got ${byte}`)
    return byte === 1
  }

  readFloat(): number {
    const from = this.#at
    return this.skip(4) ? this.#buffer.readFloatLE(from) : 0
  }

  readDouble(): number {
    const from = this.#at
    return this.skip(8) ? this.#buffer.readDoubleLE(from) : 0
  }

  readString(): string {
    const length = this.readLength()
    const from = this.#at
    this.#at += length
    if (length <= SHORT_TEXT_MAX && this.#isAscii(from)) {
      return this.#buffer.toString('latin1', from, this.#at)
    }
    const text = this.#buffer.toString('utf8', from, this.#at)
    if (text.includes('\uFFFD') && !isUtf8(this.#buffer.subarray(from, this.#at))) {
      this.fail('string must be UTF-8')
    }
    return text
  }

  /** Passes over bytes. @returns whether there were that many */
  skip(bytes: number): boolean {
    if (bytes > this.#end - this.#at) {
      this.#failShort()
      return false
    }
    this.#at += bytes
    return true
  }

  /** Whether the bytes from there to here are ASCII. */
  #isAscii(from: number): boolean {
    for (let at = from; at < this.#at; at += 1) if ((this.#buffer[at] ?? 0) > 0x7f) return false
    return true
  }

  #readWide(low: bigint): number {
    let raw = low
    for (let count = VARINT_BYTES_EXACT; count < VARINT_BYTES_MAX; count += 1) {
      if (this.#at >= this.#end) return this.#failShort()
      const byte = this.#buffer[this.#at++] ?? 0
      raw += BigInt(byte & 0x7f) << BigInt(7 * count)
      if (byte < 0x80) return Number((raw >> 1n) ^ -(raw & 1n))
    }
    this.fail(`number must take at most ${VARINT_BYTES_MAX} bytes`)
    return 0
  }

  #failShort(): number {
    this.fail('the value ends too early')
    return 0
  }
}
