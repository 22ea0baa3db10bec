const LENGTH_BYTES = 4

/** Cuts a stream of bytes into Kafka's frames: four bytes of length, then so many bytes. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that are whole now, each with its length before it. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    for (;;) {
      if (this.#rest.length < LENGTH_BYTES) return frames
      const end = LENGTH_BYTES + this.#rest.readInt32BE(0)
      if (this.#rest.length < end) return frames
      frames.push(this.#rest.subarray(0, end))
      this.#rest = this.#rest.subarray(end)
    }
  }
}

/** What the header of a request says: api key, api version, correlation id. */
export function requestHeader(frame: Buffer): {
  readonly apiKey: number
  readonly correlationId: number
} {
  return {
    apiKey: frame.readInt16BE(LENGTH_BYTES),
    correlationId: frame.readInt32BE(LENGTH_BYTES + 4),
  }
}

/** The request that an answer belongs to. */
export function answeredId(frame: Buffer): number {
  return frame.readInt32BE(LENGTH_BYTES)
}
