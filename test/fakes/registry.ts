import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'

interface Body {
  readonly schema: string
  readonly references?: readonly object[]
}

interface Held {
  readonly subject: string
  readonly version: number
  readonly body: Body
}

/**
 * A schema registry over real HTTP, as far as the service talks to one: register, look up, fetch by
 * id and by version. Answers as Confluent's does; `failWith` makes it answer every call so.
 */
export class FakeRegistry {
  readonly #server: Server
  readonly #held: Held[] = []
  /** `METHOD path` of every call, in order. */
  readonly calls: string[] = []
  /** Authorization headers of every call, in order. */
  readonly authorizations: (string | undefined)[] = []
  /** Takes a schema for the same only with its references, as the real one does. */
  asksReferences = false
  failWith: { readonly status: number; readonly body: string } | undefined

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
        response.end(body)
      })
    })
  }

  /** @returns the base URL */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `http://127.0.0.1:${address.port}`
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** The 16 bytes of the GUID that the schema with this id has. */
  guidOf(id: number): Buffer {
    const guid = Buffer.alloc(16, 0xab)
    guid.writeInt32BE(id)
    return guid
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    this.calls.push(`${request.method} ${path}`)
    this.authorizations.push(request.headers.authorization)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    if (this.failWith !== undefined) return this.failWith
    const text = Buffer.concat(chunks).toString()
    return this.#route(path, request.method === 'POST' ? JSON.parse(text) : undefined)
  }

  #route(path: string, posted: Body | undefined) {
    const [first, second, third, fourth] = path.split('/').slice(1)
    if (first === 'schemas') {
      const isThis = (_: Held, at: number): boolean => textOf(this.guidOf(at + 1)) === third
      const held = second === 'guids' ? this.#held.find(isThis) : this.#held[Number(third) - 1]
      return held === undefined ? refusal(404, 40_403) : found(held.body)
    }
    const subject = second ?? ''
    if (posted !== undefined && third === 'versions')
      return found({ id: this.#hold(subject, posted) })
    const id = posted === undefined ? undefined : this.#idOf(subject, posted)
    if (id !== undefined) return found({ id, version: this.#held[id - 1]?.version })
    if (posted !== undefined) return refusal(404, 40_403)
    const version = this.#held.find(
      (held) => held.subject === subject && held.version === Number(fourth),
    )
    return version === undefined ? refusal(404, 40_401) : found(version.body)
  }

  #hold(subject: string, body: Body): number {
    const known = this.#idOf(subject, body)
    if (known !== undefined) return known
    const version = this.#held.filter((held) => held.subject === subject).length + 1
    return this.#held.push({ subject, version, body })
  }

  #idOf(subject: string, posted: Body): number | undefined {
    const at = this.#held.findIndex((held) => {
      const { schema, references = [] } = held.body
      const isWhole =
        !this.asksReferences ||
        JSON.stringify(references) === JSON.stringify(posted.references ?? [])
      return held.subject === subject && schema === posted.schema && isWhole
    })
    return at < 0 ? undefined : at + 1
  }
}

function textOf(guid: Buffer): string {
  return guid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function found(answer: object): { status: number; body: string } {
  return { status: 200, body: JSON.stringify(answer) }
}

function refusal(status: number, code: number): { status: number; body: string } {
  return { status, body: JSON.stringify({ error_code: code, message: 'not found' }) }
}
