import { boundedLong, OutputBuffer, SHORT_TEXT_MAX } from './output-buffer.ts'

/** Within these bounds a zigzag code fits 32-bit arithmetic. */
const ZIGZAG_INT_MAX = 0x3fffffff

/** Writes Avro's binary encoding (Avro specification 1.12, "Binary Encoding"). */
export class AvroWriter extends OutputBuffer {
  /** A union index, enum index or block count below 64. */
  writeSmall(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value * 2
  }

  /** An `int` or `long`: a whole number. Beyond the 64-bit range its bound is written. */
  writeLong(value: number): void {
    this.reserve(10)
    if (value < -ZIGZAG_INT_MAX || value > ZIGZAG_INT_MAX) {
      if (Number.isSafeInteger(value * 2)) this.#writeVarint(value < 0 ? -value * 2 - 1 : value * 2)
      else this.#writeWide(value)
      return
    }
    let code = (value << 1) ^ (value >> 31)
    while (code > 0x7f) {
      this.bytes[this.at++] = (code & 0x7f) | 0x80
      code >>>= 7
    }
    this.bytes[this.at++] = code
  }

  writeString(text: string): void {
    const { length } = text
    if (length <= SHORT_TEXT_MAX && this.#tryWriteAscii(text)) return
    const bytes = Buffer.byteLength(text)
    this.writeLong(bytes)
    this.reserve(bytes)
    this.at += this.bytes.write(text, this.at)
  }

  /** Nothing is kept when a character turns out not to be ASCII. */
  #tryWriteAscii(text: string): boolean {
    this.reserve(text.length + 1)
    this.bytes[this.at++] = text.length * 2
    if (this.tryCopyAscii(text)) return true
    this.at -= 1
    return false
  }

  #writeVarint(code: number): void {
    let rest = code
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  #writeWide(value: number): void {
    const bounded = boundedLong(value)
    let rest = BigInt.asUintN(64, (bounded << 1n) ^ (bounded >> 63n))
    while (rest > 0x7fn) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.bytes[this.at++] = Number(rest)
  }
}
