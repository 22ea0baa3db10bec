import { DEPTH_MAX } from './bounds.ts'
import { ByteCursor } from './byte-cursor.ts'

/** The wire types of Protobuf's encoding. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 } as const

const FIELD_NUMBER_MAX = 2 ** 29 - 1
const VARINT_BYTES_MAX = 10
const TWO_32 = 2 ** 32

/** Reads Protobuf's binary encoding (protobuf.dev, "Encoding"). */
export class ProtoCursor extends ByteCursor {
  #depth = 0
  /** Where the tag lies that ended the last group. */
  #groupEnd = 0
  /** The halves of the last varint, each unsigned. */
  #low = 0
  #high = 0

  override reset(bytes: Buffer, at: number, end: number): void {
    super.reset(bytes, at, end)
    this.#depth = 0
  }

  /** The next tag (`number * 8 + wire type`); 0 at the end of the message, or when it is none. */
  readTag(): number {
    if (this.at >= this.end) return 0
    const byte = this.bytes[this.at] ?? 0
    if (byte < 0x80) {
      this.at += 1
      if (byte >= 8) return byte
      this.fail('field number must be at least 1, got 0')
      return 0
    }
    const tag = this.readUnsigned()
    const number = Math.floor(tag / 8)
    if (number >= 1 && number <= FIELD_NUMBER_MAX) return tag
    this.fail(`field number must be from 1 to ${FIELD_NUMBER_MAX}, got ${number}`)
    return 0
  }

  /** A varint as an unsigned number: exact up to 2^53, which is beyond every bound. */
  readUnsigned(): number {
    const byte = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0x80
    if (byte < 0x80) {
      this.at += 1
      return byte
    }
    this.#readVarint()
    return this.#high * TWO_32 + this.#low
  }

  readInt32(): number {
    this.#readVarint()
    return this.#low | 0
  }

  readUint32(): number {
    this.#readVarint()
    return this.#low
  }

  readSint32(): number {
    this.#readVarint()
    return (this.#low >>> 1) ^ -(this.#low & 1)
  }

  readInt64(): number | bigint {
    this.#readVarint()
    return signed(this.#high, this.#low)
  }

  readUint64(): number | bigint {
    this.#readVarint()
    return unsigned(this.#high, this.#low)
  }

  readSint64(): number | bigint {
    this.#readVarint()
    const mask = -(this.#low & 1)
    const low = (((this.#low >>> 1) | (this.#high << 31)) ^ mask) >>> 0
    return signed(((this.#high >>> 1) ^ mask) >>> 0, low)
  }

  readBoolean(): boolean {
    this.#readVarint()
    return this.#low !== 0 || this.#high !== 0
  }

  readFixed32(): number {
    const from = this.at
    return this.skip(4) ? this.bytes.readUInt32LE(from) : 0
  }

  readSfixed32(): number {
    return this.readFixed32() | 0
  }

  readFixed64(): number | bigint {
    const low = this.readFixed32()
    return unsigned(this.readFixed32(), low)
  }

  readSfixed64(): number | bigint {
    const low = this.readFixed32()
    return signed(this.readFixed32(), low)
  }

  readString(): string {
    return this.readText(this.readLength())
  }

  /** A length, which must be within what is left of the message. */
  readLength(): number {
    const length = this.readUnsigned()
    if (length <= this.end - this.at) return length
    this.fail(`length must be from 0 to the ${this.left} bytes left, got ${length}`)
    return 0
  }

  /**
   * Goes into the message of a tag: one of a length, or a group.
   *
   * @returns what `leave` takes
   */
  enter(tag: number): number {
    const outer = this.end
    const isGroup = (tag & 7) === WIRE.group
    const length = isGroup ? this.#groupLength(tag) : this.readLength()
    if (++this.#depth > DEPTH_MAX) this.fail(`nesting must be at most ${DEPTH_MAX} deep`)
    if (this.problem === undefined) this.end = this.at + length
    return outer
  }

  leave(outer: number, tag: number): void {
    this.#depth -= 1
    // After a problem nothing is left to read.
    if (this.problem !== undefined) this.at = outer
    this.end = outer
    // A group's own end.
    if ((tag & 7) === WIRE.group) this.readTag()
  }

  /** Goes back or on to a place within the message. */
  seek(at: number): void {
    if (this.problem === undefined) this.at = at
  }

  get place(): number {
    return this.at
  }

  /** Passes over the value of a tag. */
  skipField(tag: number): void {
    const wire = tag & 7
    if (wire === WIRE.varint) this.#readVarint()
    else if (wire === WIRE.bytes) this.skip(this.readLength())
    else if (wire === WIRE.fixed64) this.skip(8)
    else if (wire === WIRE.fixed32) this.skip(4)
    else if (wire === WIRE.group) this.#skipGroup(Math.floor(tag / 8))
    else if (wire === WIRE.groupEnd) this.fail('a group ends that did not begin')
    else this.fail(`wire type must be from 0 to 5, got ${wire}`)
  }

  /** Bytes up to the tag that ends a group, which must be there. */
  #groupLength(tag: number): number {
    const from = this.at
    this.#skipGroup(Math.floor(tag / 8))
    const length = this.#groupEnd - from
    this.seek(from)
    return length
  }

  #skipGroup(number: number): void {
    if (++this.#depth > DEPTH_MAX) this.fail(`nesting must be at most ${DEPTH_MAX} deep`)
    for (;;) {
      const from = this.at
      const tag = this.readTag()
      if (tag === 0) {
        this.failShort()
        break
      }
      if ((tag & 7) !== WIRE.groupEnd) {
        this.skipField(tag)
        continue
      }
      const ended = Math.floor(tag / 8)
      if (ended !== number) this.fail(`group ${number} must end with its own number, got ${ended}`)
      this.#groupEnd = from
      break
    }
    this.#depth -= 1
  }

  /** Sets both halves. Short varints, which most are, take 32-bit arithmetic only. */
  #readVarint(): void {
    const { bytes, end } = this
    let { at } = this
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) return this.#failVarint('the value ends too early')
      const byte = bytes[at++] ?? 0
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        this.#low = low
        this.#high = 0
        return
      }
    }
    this.at = at
    this.#readLong(low)
  }

  /** The rest of a varint of five bytes or more. */
  #readLong(first: number): void {
    let low = first
    let high = 0
    for (let count = 4; count < VARINT_BYTES_MAX; count += 1) {
      if (this.at >= this.end) return this.#failVarint('the value ends too early')
      const byte = this.bytes[this.at++] ?? 0
      const group = byte & 0x7f
      if (count === 4) {
        low |= group << 28
        high = group >>> 4
      } else high |= group << (7 * count - 32)
      if (byte < 0x80) {
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    this.#failVarint(`number must take at most ${VARINT_BYTES_MAX} bytes`)
  }

  /** What the last value left behind must not be taken for this one. */
  #failVarint(problem: string): void {
    this.fail(problem)
    this.#low = 0
    this.#high = 0
  }
}

function signed(high: number, low: number): number | bigint {
  const value = (high | 0) * TWO_32 + low
  if (Number.isSafeInteger(value)) return value
  return (BigInt(high | 0) << 32n) | BigInt(low)
}

function unsigned(high: number, low: number): number | bigint {
  const value = high * TWO_32 + low
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
}
