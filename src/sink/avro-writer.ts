import { Buffer } from 'node:buffer'

const SIZE_FIRST = 4096
/** Texts up to this length are copied character by character: cheaper than a call into the runtime. */
const SHORT_TEXT_MAX = 63
/** Within these bounds a zigzag code fits 32-bit arithmetic. */
const ZIGZAG_INT_MAX = 0x3fffffff
const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)

/**
 * Writes Avro's binary encoding (Avro specification 1.12, "Binary Encoding") into one buffer that
 * is used again for every value and grows by doubling.
 */
export class AvroWriter {
  #buffer = Buffer.allocUnsafeSlow(SIZE_FIRST)
  #view = new DataView(this.#buffer.buffer)
  #at = 0

  /** Starts a new value with the bytes given, e.g. the wire-format header. */
  begin(header: Buffer): void {
    this.#at = 0
    this.writeRaw(header)
  }

  /** The bytes written since `begin`: a view that the next value overwrites. */
  end(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** Bytes that are encoded already. */
  writeRaw(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** A union index, enum index or block count below 64. */
  writeSmall(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#at++] = value * 2
  }

  /** An `int` or `long`: a whole number. Beyond the 64-bit range its bound is written. */
  writeLong(value: number): void {
    this.#reserve(10)
    if (value < -ZIGZAG_INT_MAX || value > ZIGZAG_INT_MAX) {
      if (Number.isSafeInteger(value * 2)) this.#writeVarint(value < 0 ? -value * 2 - 1 : value * 2)
      else this.#writeWide(value)
      return
    }
    let code = (value << 1) ^ (value >> 31)
    while (code > 0x7f) {
      this.#buffer[this.#at++] = (code & 0x7f) | 0x80
      code >>>= 7
    }
    this.#buffer[this.#at++] = code
  }

  writeFloat(value: number): void {
    this.#reserve(4)
    this.#view.setFloat32(this.#at, value, true)
    this.#at += 4
  }

  writeDouble(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  writeString(text: string): void {
    const { length } = text
    if (length <= SHORT_TEXT_MAX && this.#tryWriteAscii(text)) return
    const bytes = Buffer.byteLength(text)
    this.writeLong(bytes)
    this.#reserve(bytes)
    this.#at += this.#buffer.write(text, this.#at)
  }

  /** Nothing is kept when a character turns out not to be ASCII. */
  #tryWriteAscii(text: string): boolean {
    const { length } = text
    this.#reserve(length + 1)
    const buffer = this.#buffer
    let at = this.#at
    buffer[at++] = length * 2
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      buffer[at++] = code
    }
    this.#at = at
    return true
  }

  #writeVarint(code: number): void {
    let rest = code
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#at++] = rest
  }

  #writeWide(value: number): void {
    const whole = BigInt(value)
    const bounded = whole > LONG_MAX ? LONG_MAX : whole < LONG_MIN ? LONG_MIN : whole
    let rest = BigInt.asUintN(64, (bounded << 1n) ^ (bounded >> 63n))
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    let size = this.#buffer.length * 2
    while (size < needed) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }
}
