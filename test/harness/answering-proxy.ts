import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { FrameSplitter, requestHeader } from '../../scripts/torture/frames.ts'

const LENGTH_BYTES = 4
/** RequestHeader: kind, version and correlation id, then the client's name with its length before it. */
const CLIENT_AT = LENGTH_BYTES + 8

/** Where a request, or an answer to it, can be sent. */
export interface Sides {
  /** To the broker. */
  pass(request: Buffer): void
  /** To the client, in the broker's place. */
  answer(response: Buffer): void
}

/**
 * Stands between clients and broker and leaves it to the test what becomes of each request. What the broker answers goes
 * back as it is. It listens on `port` of 127.0.0.1, and ends with the test.
 *
 * @param onRequest gets each request, with its length before it
 */
export async function startAnsweringProxy(
  t: TestContext,
  { port, target }: { readonly port: number; readonly target: number },
  onRequest: (request: Buffer, sides: Sides) => void,
): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1')
    const requests = new FrameSplitter()
    const sides: Sides = {
      pass: (request) => void broker.write(request),
      answer: (response) => void client.write(response),
    }
    client.on('data', (chunk) => {
      for (const request of requests.push(Buffer.from(chunk))) onRequest(request, sides)
    })
    broker.on('data', (chunk) => client.write(chunk))
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        client.destroy()
        broker.destroy()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
}

/** The version of a request's kind. */
export function requestVersion(request: Buffer): number {
  return request.readInt16BE(LENGTH_BYTES + 2)
}

/** The `client.id` of who asks. */
export function clientOf(request: Buffer): string {
  return request.toString('utf8', CLIENT_AT + 2, clientEnd(request))
}

/** A request's fields, from behind its header with tags, as newer versions have it. */
export function fieldsOf(request: Buffer): Buffer {
  return request.subarray(clientEnd(request) + 1)
}

function clientEnd(request: Buffer): number {
  return CLIENT_AT + 2 + Math.max(0, request.readInt16BE(CLIENT_AT))
}

/** The answer to a request: its length, whom it is for, and these fields. */
export function answerTo(request: Buffer, fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat([int32(requestHeader(request).correlationId), ...fields])
  return Buffer.concat([int32(body.length), body])
}

/** A field of four bytes. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES)
  bytes.writeInt32BE(value)
  return bytes
}
