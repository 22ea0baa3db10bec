import { Buffer } from 'node:buffer'

const SIZE_FIRST = 4096

/** Bytes that are written one behind the other; they move to a larger buffer when there is no room left. */
export class ByteStore {
  /** The first `size` are written; whoever writes more sets both anew. */
  bytes: Buffer
  size = 0

  /** @param sizeFirst bytes there is room for at first */
  constructor(sizeFirst: number = SIZE_FIRST) {
    this.bytes = Buffer.allocUnsafeSlow(sizeFirst)
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    this.bytes = withRoom(this.bytes, this.size, this.size + more)
  }

  /** What was written from there on: a view, valid until more is written. */
  from(at: number): Buffer {
    return this.bytes.subarray(at, this.size)
  }
}

/** The buffer, or one at least twice as large that holds its first `size` bytes. */
export function withRoom(bytes: Buffer, size: number, needed: number): Buffer {
  if (needed <= bytes.length) return bytes
  const grown = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2))
  bytes.copy(grown, 0, 0, size)
  return grown
}
