import { isUtf8 } from 'node:buffer'

/** Up to this length looking for a byte beyond ASCII first is cheaper than decoding UTF-8. */
const SHORT_TEXT_MAX = 32

/**
 * Reads from bytes nobody vouches for. Every read is checked against the end. The first problem is
 * kept, and from then on nothing more can be read: values read after it are 0 or empty and mean nothing, so who
 * goes deeper or on by such a value looks at `problem` first.
 */
export class ByteCursor {
  protected bytes: Buffer = Buffer.alloc(0)
  protected at = 0
  protected end = 0
  #problem: string | undefined
  #stoppedAt = 0

  /** What is wrong with the bytes; `undefined` so far nothing. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Where reading stood when it failed. */
  get stoppedAt(): number {
    return this.#stoppedAt
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.end - this.at
  }

  /** Starts on a new value. */
  reset(bytes: Buffer, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.#problem = undefined
  }

  /** Nothing more can be read. */
  fail(problem: string): void {
    if (this.#problem === undefined) {
      this.#problem = problem
      this.#stoppedAt = this.at
    }
    this.at = this.end
  }

  readFloat(): number {
    const from = this.at
    return this.skip(4) ? this.bytes.readFloatLE(from) : 0
  }

  readDouble(): number {
    const from = this.at
    return this.skip(8) ? this.bytes.readDoubleLE(from) : 0
  }

  /** Bytes as they lie there: a view. */
  readBytes(length: number): Buffer {
    const from = this.at
    return this.skip(length) ? this.bytes.subarray(from, this.at) : this.bytes.subarray(0, 0)
  }

  /** UTF-8 of a length that is within what is left. */
  readText(length: number): string {
    const from = this.at
    if (!this.skip(length)) return ''
    if (length <= SHORT_TEXT_MAX && this.#isAscii(from)) {
      return this.bytes.toString('latin1', from, this.at)
    }
    const text = this.bytes.toString('utf8', from, this.at)
    if (text.includes('\uFFFD') && !isUtf8(this.bytes.subarray(from, this.at))) {
      this.fail('string must be UTF-8')
    }
    return text
  }

  /** Passes over bytes. @returns whether there were that many */
  skip(bytes: number): boolean {
    if (bytes > this.end - this.at) {
      this.failShort()
      return false
    }
    this.at += bytes
    return true
  }

  protected failShort(): number {
    this.fail('the value ends too early')
    return 0
  }

  /** Whether the bytes from there to here are ASCII. */
  #isAscii(from: number): boolean {
    for (let at = from; at < this.at; at += 1) if ((this.bytes[at] ?? 0) > 0x7f) return false
    return true
  }
}
