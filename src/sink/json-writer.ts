import { OutputBuffer } from './output-buffer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const ASCII_MAX = 0x7e
const ZERO = 0x30
/** Longest text of a number: `-1.2345678901234567e-300`. */
const NUMBER_LENGTH_MAX = 32
/** A character takes at most this many bytes in UTF-8, escaped (`\u0000`). */
const CHARACTER_BYTES_MAX = 6
const NULL = Buffer.from('null')

/** Writes JSON, byte for byte as `JSON.stringify` does. */
export class JsonWriter extends OutputBuffer {
  /** A finite number, otherwise `null`. */
  writeNumber(value: number): void {
    this.reserve(NUMBER_LENGTH_MAX)
    if (value >= 0 && value <= 9 && Number.isInteger(value)) this.bytes[this.at++] = ZERO + value
    else if (Number.isFinite(value)) this.tryCopyAscii(String(value))
    else this.writeNull()
  }

  writeNull(): void {
    this.writeRaw(NULL)
  }

  /** A text in quotes. */
  writeText(text: string): void {
    this.reserve(2 + text.length * CHARACTER_BYTES_MAX)
    const start = this.at
    const { bytes } = this
    let at = start
    bytes[at++] = QUOTE
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code < SPACE || code > ASCII_MAX || code === QUOTE || code === BACKSLASH) {
        this.at = start + bytes.write(JSON.stringify(text), start)
        return
      }
      bytes[at++] = code
    }
    bytes[at++] = QUOTE
    this.at = at
  }
}
