import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FrameSplitter, answeredId, requestHeader } from '../../../scripts/torture/frames.ts'
import { BreakingProxy } from '../../../scripts/torture/proxy.ts'

const END_TXN = 26
const FETCH = 1

/** A server that answers every request with its correlation id, and keeps count of the requests. */
async function fakeBroker(t: TestContext): Promise<{ port: number; seen: number[] }> {
  const seen: number[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const splitter = new FrameSplitter()
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const frame of splitter.push(Buffer.from(chunk))) {
        const { correlationId } = requestHeader(frame)
        seen.push(correlationId)
        socket.write(framed(correlationIdBytes(correlationId)))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

async function proxied(t: TestContext): Promise<{
  proxy: BreakingProxy
  seen: number[]
  client: () => Promise<Client>
}> {
  const { port, seen } = await fakeBroker(t)
  const [own = 0] = await freePort()
  const proxy = await BreakingProxy.listen(own, port)
  t.after(() => proxy.close())
  return { proxy, seen, client: () => Client.open(own) }
}

async function freePort(): Promise<number[]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return [port]
}

/** Sends requests and collects what is answered. */
class Client {
  readonly answers: number[] = []
  readonly closed: Promise<unknown>
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter()

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = once(socket, 'close')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const frame of this.#splitter.push(Buffer.from(chunk))) {
        this.answers.push(answeredId(frame))
        socket.emit('answer')
      }
    })
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1')
    // Otherwise a second small request waits for the first one's acknowledgement.
    socket.setNoDelay(true)
    await once(socket, 'connect')
    return new Client(socket)
  }

  send(apiKey: number, correlationId: number): void {
    const header = Buffer.alloc(4)
    header.writeInt16BE(apiKey, 0)
    this.#socket.write(framed(Buffer.concat([header, correlationIdBytes(correlationId)])))
  }

  async answer(): Promise<unknown> {
    return once(this.#socket, 'answer')
  }
}

function correlationIdBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(id)
  return bytes
}

function framed(body: Buffer): Buffer {
  return Buffer.concat([correlationIdBytes(body.length), body])
}

test('a stream cut anywhere gives the same frames', () => {
  const stream = Buffer.concat([framed(Buffer.from('abcdefgh')), framed(Buffer.from('ij'))])
  for (let cut = 0; cut <= stream.length; cut++) {
    const splitter = new FrameSplitter()
    const frames = [
      ...splitter.push(stream.subarray(0, cut)),
      ...splitter.push(stream.subarray(cut)),
    ]
    assert.deepEqual(
      frames.map((frame) => frame.toString('latin1', 4)),
      ['abcdefgh', 'ij'],
    )
  }
})

test('what is not to be broken passes in both directions', async (t) => {
  const { seen, client } = await proxied(t)
  const one = await client()
  one.send(FETCH, 7)
  await one.answer()
  one.send(END_TXN, 8)
  await one.answer()
  assert.deepEqual(seen, [7, 8])
  assert.deepEqual(one.answers, [7, 8])
})

test('a swallowed answer is to a request that was carried out; its connection is cut, others live', async (t) => {
  const { proxy, seen, client } = await proxied(t)
  const [one, other] = [await client(), await client()]
  proxy.swallowNext({ apiKey: END_TXN, cutAfterMs: 30 })
  one.send(FETCH, 1)
  await one.answer()
  one.send(END_TXN, 2)
  one.send(FETCH, 3)
  await one.closed
  assert.deepEqual(seen, [1, 2, 3])
  assert.deepEqual(one.answers, [1])
  assert.equal(proxy.swallowed, 1)
  other.send(END_TXN, 4)
  await other.answer()
  assert.deepEqual(other.answers, [4])
})

test('an answer that was to be lost and never came is lost on another connection, unless nothing is to be lost any more', async (t) => {
  const { proxy, client } = await proxied(t)
  const [one, two] = [await client(), await client()]
  for (const cutAfterMs of [30, 30]) proxy.swallowNext({ apiKey: END_TXN, cutAfterMs })
  // The connection is mute after the first: the second answer does not come that far.
  one.send(END_TXN, 1)
  one.send(END_TXN, 2)
  await one.closed
  assert.deepEqual([proxy.swallowed, proxy.armed], [1, 1])
  two.send(END_TXN, 3)
  await two.closed
  assert.deepEqual([proxy.swallowed, proxy.armed], [2, 0])
  const three = await client()
  proxy.delay(30)
  proxy.swallowNext({ apiKey: END_TXN, cutAfterMs: 30 })
  three.send(END_TXN, 4)
  while (proxy.armed > 0) await new Promise((done) => setImmediate(done))
  proxy.disarm()
  proxy.cutAll()
  await three.closed
  assert.deepEqual([proxy.swallowed, proxy.armed], [2, 0])
})

test('a cut ends every connection, and new ones are let in', async (t) => {
  const { proxy, client } = await proxied(t)
  const one = await client()
  one.send(FETCH, 1)
  await one.answer()
  assert.equal(proxy.cutAll(), 1)
  await one.closed
  const next = await client()
  next.send(FETCH, 2)
  await next.answer()
  assert.deepEqual(next.answers, [2])
})

test('frames keep their order when the delay goes down', async (t) => {
  const { proxy, client } = await proxied(t)
  const one = await client()
  proxy.delay(60)
  one.send(FETCH, 1)
  await new Promise((done) => {
    setImmediate(done)
  })
  proxy.delay(0)
  one.send(FETCH, 2)
  while (one.answers.length < 2) await one.answer()
  assert.deepEqual(one.answers, [1, 2])
})

test('where no broker listens the client is cut', async (t) => {
  const [nobody = 0] = await freePort()
  const [own = 0] = await freePort()
  const proxy = await BreakingProxy.listen(own, nobody)
  t.after(() => proxy.close())
  const one = await Client.open(own)
  await one.closed
})
