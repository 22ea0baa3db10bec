import { EMPTY_ITEMS_MAX, STEPS_PER_BYTE_MAX } from './bounds.ts'
import { ByteCursor } from './byte-cursor.ts'

/** Most bytes a 64-bit varint takes. */
const VARINT_BYTES_MAX = 10
/** A varint of this many bytes is exact as a double; longer ones go through BigInt. */
const VARINT_BYTES_EXACT = 7

/** Reads Avro's binary encoding (Avro specification 1.12, "Binary Encoding"). */
export class AvroCursor extends ByteCursor {
  #items = 0
  #steps = 0
  #sizeBytes = 0

  override reset(bytes: Buffer, at: number, end: number): void {
    super.reset(bytes, at, end)
    this.#items = 0
    this.#steps = 0
    this.#sizeBytes = end - at
  }

  /** An `int` or `long`; a bigint where a double would not be exact. */
  readLong(): number | bigint {
    const bytes = this.bytes
    if (this.at >= this.end) return this.failShort()
    let raw = bytes[this.at++] ?? 0
    if (raw < 0x80) return (raw >>> 1) ^ -(raw & 1)
    raw &= 0x7f
    let scale = 128
    for (let count = 1; count < VARINT_BYTES_EXACT; count += 1) {
      if (this.at >= this.end) return this.failShort()
      const byte = bytes[this.at++] ?? 0
      raw += (byte & 0x7f) * scale
      if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      scale *= 128
    }
    return this.#readWide(BigInt(raw))
  }

  /** A count or index; the nearest double beyond 2^53, which no bound lets pass. */
  readCount(): number {
    return Number(this.readLong())
  }

  /** A length: a `long` that must be within what is left. */
  readLength(): number {
    const length = this.readCount()
    if (length >= 0 && length <= this.end - this.at) return length
    this.fail(`length must be from 0 to the ${this.left} bytes left, got ${length}`)
    return 0
  }

  /** Announces a block of items of an array or map, before they are read. */
  countItems(count: number): void {
    this.#items += count
    const itemsMax = this.#sizeBytes + EMPTY_ITEMS_MAX
    if (this.#items > itemsMax) {
      this.fail(`a value of ${this.#sizeBytes} bytes must have at most ${itemsMax} items`)
    }
  }

  /** Announces the fields of a record, before they are read. @returns whether they may be */
  countSteps(fields: number): boolean {
    this.#steps += fields + 1
    const stepsMax = this.#sizeBytes * STEPS_PER_BYTE_MAX + EMPTY_ITEMS_MAX
    if (this.#steps > stepsMax) {
      this.fail(
        `a value of ${this.#sizeBytes} bytes must have at most ${stepsMax} fields, in records of records too`,
      )
    }
    return this.problem === undefined
  }

  readBoolean(): boolean {
    if (this.at >= this.end) return this.failShort() === 1
    const byte = this.bytes[this.at++] ?? 0
    if (byte > 1) this.fail(`boolean must be byte 0 or 1, got ${byte}`)
    return byte === 1
  }

  readString(): string {
    return this.readText(this.readLength())
  }

  #readWide(low: bigint): number | bigint {
    let raw = low
    for (let count = VARINT_BYTES_EXACT; count < VARINT_BYTES_MAX; count += 1) {
      if (this.at >= this.end) return this.failShort()
      const byte = this.bytes[this.at++] ?? 0
      raw += BigInt(byte & 0x7f) << BigInt(7 * count)
      if (byte < 0x80) return exactInteger(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)))
    }
    this.fail(`number must take at most ${VARINT_BYTES_MAX} bytes`)
    return 0
  }
}

/** The integer as a number where that is exact. */
function exactInteger(value: bigint): number | bigint {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}
