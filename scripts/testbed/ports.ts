import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below those that systems give to outgoing connections (Linux from 32,768, macOS from 49,152): such a connection could
 * take a port before whoever it is for listens on it.
 */
const PORTS = { from: 10_000, to: 32_000 } as const
const ATTEMPTS_MAX = 100

/** Ports of 127.0.0.1 that nothing listens on now, all different. @throws Error when none can be found */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()))
  const ports = servers.map(({ port }) => port)
  await Promise.all(servers.map(({ close }) => close()))
  return ports
}

interface Held {
  readonly port: number
  readonly close: () => Promise<void>
}

async function listen(): Promise<Held> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const held = await listenOn(randomInt(PORTS.from, PORTS.to))
    if (held !== undefined) return held
  }
  throw new Error(`no free port from ${PORTS.from} to ${PORTS.to} in ${ATTEMPTS_MAX} attempts`)
}

/** @returns `undefined` when the port is taken, or kept from us */
function listenOn(port: number): Promise<Held | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      resolve({ port, close: () => new Promise((done) => server.close(() => done())) })
    })
  })
}
