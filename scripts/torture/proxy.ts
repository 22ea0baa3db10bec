import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { DelayLine } from './delay-line.ts'
import { FrameSplitter, answeredId, requestHeader } from './frames.ts'

/** An answer that is to be lost on its way. */
export interface Swallow {
  /** Of the request: 26 is EndTxn, 28 TxnOffsetCommit. */
  readonly apiKey: number
  /** From the lost answer to the cut of its connection. */
  readonly cutAfterMs: number
  /** Told when it is lost, with the request, which names the transactional id. */
  readonly onSwallowed?: (request: Buffer) => void
}

/**
 * Stands between Kafka's clients and the broker and passes everything on, but for what it is told to
 * break. A swallowed answer is one the broker gave: its request was carried out. From then on its
 * connection passes nothing back, as when a network fails, until it is cut.
 *
 * What waits here needs no bound: a client has few requests in flight, and answers come to those only.
 */
export class BreakingProxy {
  readonly #targetPort: number
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  #armed: Swallow[] = []
  #swallowed = 0
  #delayMs = 0

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => this.#accept(client))
  }

  /** Listens on 127.0.0.1. @throws Error when the port is taken */
  static async listen(port: number, targetPort: number): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(targetPort)
    await new Promise<void>((done, fail) => {
      proxy.#server.once('error', fail)
      proxy.#server.listen(port, '127.0.0.1', done)
    })
    return proxy
  }

  /** Answers lost so far. */
  get swallowed(): number {
    return this.#swallowed
  }

  /** Answers that are still to be lost. */
  get armed(): number {
    return this.#armed.length
  }

  /** Loses the answer to the next request of a kind, on whichever connection it comes. */
  swallowNext(swallow: Swallow): void {
    this.#armed.push(swallow)
  }

  /** Loses nothing more; what is lost stays so. */
  disarm(): void {
    this.#armed = []
  }

  /** Each frame takes so much longer from now on, in both directions. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Cuts what is connected; who comes anew is let in. @returns how many connections that were */
  cutAll(): number {
    const count = this.#connections.size
    for (const connection of this.#connections) connection.cut()
    return count
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((done) => {
      this.#server.close(() => done())
    })
    this.cutAll()
    await closed
  }

  #accept(client: Socket): void {
    const connection = new Connection(client, this.#targetPort, {
      delayMs: () => this.#delayMs,
      swallow: (apiKey) => this.#take(apiKey),
      onSwallowed: () => {
        this.#swallowed += 1
      },
      onClosed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  #take(apiKey: number): Doomed | undefined {
    const armed = this.#armed
    const index = armed.findIndex((swallow) => swallow.apiKey === apiKey)
    const swallow = index < 0 ? undefined : armed.splice(index, 1)[0]
    return swallow && { swallow, onCut: () => void armed.push(swallow) }
  }
}

/** A request was passed on whose answer is to be lost. */
interface Doomed {
  readonly swallow: Swallow
  /** The connection was cut before there was an answer: it is another's turn. */
  readonly onCut: () => void
}

interface Rules {
  readonly delayMs: () => number
  /** Whether, and how, the answer to this request is to be lost. */
  readonly swallow: (apiKey: number) => Doomed | undefined
  readonly onSwallowed: () => void
  readonly onClosed: () => void
}

class Connection {
  readonly #client: Socket
  readonly #broker: Socket
  readonly #rules: Rules
  readonly #lines: readonly DelayLine[]
  readonly #doomed = new Map<number, Doomed & { readonly request: Buffer }>()
  #cutting: NodeJS.Timeout | undefined
  #isMute = false

  constructor(client: Socket, targetPort: number, rules: Rules) {
    this.#client = client
    this.#rules = rules
    this.#broker = connect(targetPort, '127.0.0.1')
    const up = new DelayLine((frame) => this.#broker.write(frame))
    const down = new DelayLine((frame) => this.#client.write(frame))
    this.#lines = [up, down]
    const requests = new FrameSplitter()
    const answers = new FrameSplitter()
    this.#client.setNoDelay(true)
    this.#broker.setNoDelay(true)
    this.#client.on('data', (chunk) => {
      for (const frame of requests.push(Buffer.from(chunk))) this.#onRequest(frame, up)
    })
    this.#broker.on('data', (chunk) => {
      for (const frame of answers.push(Buffer.from(chunk))) this.#onAnswer(frame, down)
    })
    for (const socket of [this.#client, this.#broker]) {
      // An error is followed by `close`, which ends the other side too.
      socket.on('error', () => undefined)
      socket.once('close', () => this.cut())
    }
  }

  cut(): void {
    clearTimeout(this.#cutting)
    for (const line of this.#lines) line.clear()
    for (const { onCut } of this.#doomed.values()) onCut()
    this.#doomed.clear()
    this.#client.destroy()
    this.#broker.destroy()
    this.#rules.onClosed()
  }

  #onRequest(frame: Buffer, line: DelayLine): void {
    const { apiKey, correlationId } = requestHeader(frame)
    const doomed = this.#rules.swallow(apiKey)
    if (doomed !== undefined) this.#doomed.set(correlationId, { ...doomed, request: frame })
    line.push(frame, this.#rules.delayMs())
  }

  #onAnswer(frame: Buffer, line: DelayLine): void {
    if (this.#isMute) return
    const doomed = this.#doomed.get(answeredId(frame))
    this.#doomed.delete(answeredId(frame))
    if (doomed === undefined) {
      line.push(frame, this.#rules.delayMs())
      return
    }
    this.#isMute = true
    this.#rules.onSwallowed()
    this.#cutting = setTimeout(() => this.cut(), doomed.swallow.cutAfterMs)
    doomed.swallow.onSwallowed?.(doomed.request)
  }
}
