import { Buffer } from 'node:buffer'
import { ByteStore, withRoom } from './byte-store.ts'

/** Encodes values in place: where the bytes of a store end. */
export class OutputBuffer {
  #store = new ByteStore(0)
  protected bytes: Buffer = this.#store.bytes
  protected at = 0
  #view: DataView = new DataView(this.bytes.buffer)

  /** Starts a value behind what the store holds, with bytes that are encoded already. */
  begin(store: ByteStore, header: Buffer): void {
    this.#store = store
    this.#use(store.bytes)
    this.at = store.size
    this.writeRaw(header)
  }

  /** The value is complete: from now on the store holds it. */
  end(): void {
    this.#store.bytes = this.bytes
    this.#store.size = this.at
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

  /** Copies a text for which room is reserved. @returns false: not ASCII */
  protected tryCopyAscii(text: string): boolean {
    if (!tryCopyAscii(text, this.bytes, this.at)) return false
    this.at += text.length
    return true
  }

  protected reserve(size: number): void {
    const needed = this.at + size
    if (needed > this.bytes.length) this.#use(withRoom(this.bytes, this.at, needed))
  }

  #use(bytes: Buffer): void {
    if (bytes === this.bytes) return
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
}

/** Texts up to this length are copied character by character: cheaper than a call into the runtime. */
export const SHORT_TEXT_MAX = 63

/** Copies a text character by character; there must be room. @returns false: not ASCII, the bytes are of no use */
export function tryCopyAscii(text: string, bytes: Buffer, from: number): boolean {
  const { length } = text
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return false
    bytes[from + index] = code
  }
  return true
}

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
