import { Buffer } from 'node:buffer'
import { boundedLong, OutputBuffer, SHORT_TEXT_MAX } from './output-buffer.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const TWO_31 = 2 ** 31
const LENGTH_ONE_BYTE_MAX = 127

/**
 * Writes Protobuf's binary encoding (protobuf.dev, "Encoding"), field by field in the order of their
 * numbers. Nothing is left out: what equals its default is the caller's to leave out.
 */
export class ProtobufWriter extends OutputBuffer {
  /** An `int32`, `int64` or enum; beyond the 64-bit range its bound is written. */
  writeLongField(number: number, value: number): void {
    this.#writeVarint(number * 8 + VARINT)
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.#writeVarint(value)
    else this.#writeWide(BigInt.asUintN(64, boundedLong(value)))
  }

  writeDoubleField(number: number, value: number): void {
    this.#writeVarint(number * 8 + FIXED64)
    this.writeDouble(value)
  }

  writeStringField(number: number, text: string): void {
    const { length } = text
    this.#writeVarint(number * 8 + BYTES)
    this.reserve(length + 1)
    if (length <= SHORT_TEXT_MAX) {
      this.bytes[this.at++] = length
      if (this.tryCopyAscii(text)) return
      this.at -= 1
    }
    const size = Buffer.byteLength(text)
    this.#writeVarint(size)
    this.reserve(size)
    this.at += this.bytes.write(text, this.at)
  }

  /** Begins a field of bytes, a message or packed numbers: `size` bytes must follow. */
  beginField(number: number, size: number): void {
    this.#writeVarint(number * 8 + BYTES)
    this.#writeVarint(size)
  }

  /** A `google.protobuf.Timestamp` of whole ms since the epoch, ≥ 0. */
  writeTimestampField(number: number, timeMs: number): void {
    this.#writeVarint(number * 8 + BYTES)
    const sizeAt = this.at
    this.reserve(LENGTH_ONE_BYTE_MAX)
    this.at += 1
    const seconds = Math.floor(timeMs / 1000)
    const nanos = (timeMs - seconds * 1000) * 1_000_000
    if (seconds !== 0) this.writeLongField(1, seconds)
    if (nanos !== 0) this.writeLongField(2, nanos)
    this.bytes[sizeAt] = this.at - sizeAt - 1
  }

  #writeVarint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest >= TWO_31) {
      this.bytes[this.at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  #writeWide(value: bigint): void {
    this.reserve(10)
    let rest = value
    while (rest > 0x7fn) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.bytes[this.at++] = Number(rest)
  }
}
