import { Buffer } from 'node:buffer'

const SIZE_FIRST = 4096

/** One buffer that values are encoded into, one after the other; it grows by doubling. */
export class OutputBuffer {
  protected bytes = Buffer.allocUnsafeSlow(SIZE_FIRST)
  protected at = 0
  #view = new DataView(this.bytes.buffer)

  /** Starts a new value with the bytes given, e.g. the wire-format header. */
  begin(header: Buffer): void {
    this.at = 0
    this.writeRaw(header)
  }

  /** The bytes written since `begin`: a view that the next value overwrites. */
  end(): Buffer {
    return this.bytes.subarray(0, this.at)
  }

  /** Bytes that are encoded already. */
  writeRaw(bytes: Buffer): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Little endian, as Avro and Protobuf have it. */
  writeFloat(value: number): void {
    this.reserve(4)
    this.#view.setFloat32(this.at, value, true)
    this.at += 4
  }

  /** Little endian, as Avro and Protobuf have it. */
  writeDouble(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Copies a text character by character, for which room is reserved. @returns false: not ASCII */
  protected tryCopyAscii(text: string): boolean {
    const { length } = text
    const { bytes } = this
    let at = this.at
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[at++] = code
    }
    this.at = at
    return true
  }

  protected reserve(size: number): void {
    const needed = this.at + size
    if (needed <= this.bytes.length) return
    let grownSize = this.bytes.length * 2
    while (grownSize < needed) grownSize *= 2
    const grown = Buffer.allocUnsafeSlow(grownSize)
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Texts up to this length are copied character by character: cheaper than a call into the runtime. */
export const SHORT_TEXT_MAX = 63

/** A whole number of 32 bits; beyond the range its bound: a figure too large must not stop the service. */
export function boundedInt(value: number): number {
  return Math.trunc(Math.max(-INT_MAX - 1, Math.min(INT_MAX, value)))
}

/** A 64-bit integer; beyond the range its bound. */
export function boundedLong(value: number): bigint {
  const whole = BigInt(value)
  if (whole > LONG_MAX) return LONG_MAX
  return whole < LONG_MIN ? LONG_MIN : whole
}

const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)

/** What a value in the registry's wire format begins with: byte 0 and the schema id. */
export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(schemaId, 1)
  return header
}
