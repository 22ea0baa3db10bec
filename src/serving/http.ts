import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ServiceError } from '../domain/errors.ts'
import type { Health } from './health.ts'

type Headers = Readonly<Record<string, string>>

const HEADERS: Headers = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Bounds on what one peer can hold of us. */
const LIMITS = {
  bodyLimit: 1_024,
  connectionTimeout: 10_000,
  keepAliveTimeout: 30_000,
  requestTimeout: 10_000,
  maxRequestsPerSocket: 10_000,
  http: { maxHeaderSize: 8_192 },
} as const

const CONNECTIONS_MAX = 200

/** No route has a schema, so nothing is to be compiled: Fastify's own compilers would be loaded at each start. */
const NO_COMPILER = (): never => {
  throw new Error('routes have no schemas')
}
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: NO_COMPILER, buildSerializer: NO_COMPILER },
}

/**
 * A server that answers GET and HEAD, within bounds on every peer; its routes are to be added.
 *
 * @param routes all there will be, `:name` for a part that varies: they tell a 404 from a 405, and are
 *   listed in both
 * @param more headers of every answer, beside those that keep browsers from mischief
 */
export function createHttp(routes: readonly string[], more: Headers = {}): FastifyInstance {
  const headers = { ...HEADERS, ...more }
  const app = fastify({
    ...LIMITS,
    logger: false,
    frameworkErrors: (error, _request, reply) => {
      reply.headers(headers)
      fail(reply, error)
    },
    forceCloseConnections: true,
    schemaController: NO_SCHEMAS,
    routerOptions: { ignoreTrailingSlash: true },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  addGuards(app, routes, headers)
  return app
}

/**
 * Begins to listen. @returns the port, chosen by the system when `port` is 0
 *
 * @throws ServiceError `CONFIG_INVALID` when the address cannot be had
 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `HTTP_HOST and HTTP_PORT must be free to listen on: ${why}`
    throw new ServiceError('CONFIG_INVALID', message, error)
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** Answers a probe: 200, or 503 with what is wrong. */
export function answer(reply: FastifyReply, health: Health): FastifyReply {
  return reply.code(health.status === 'ok' ? 200 : 503).send(health)
}

/** Answers what is no GET or HEAD of a route before anything of it is read. */
function addGuards(app: FastifyInstance, routes: readonly string[], headers: Headers): void {
  const patterns = routes.map(
    (route) => new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  )
  const isRoute = (url: string): boolean => {
    const path = url.split('?', 1)[0] ?? ''
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    return patterns.some((pattern) => pattern.test(bare))
  }
  const refuse = (reply: FastifyReply, status: 404 | 405): FastifyReply => {
    const error = status === 404 ? 'no such page' : 'only GET and HEAD'
    if (status === 405) reply.header('allow', 'GET, HEAD')
    return reply.code(status).send({ error, routes })
  }
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(headers)
    if (request.method === 'GET' || request.method === 'HEAD') next()
    else refuse(reply, isRoute(request.url) ? 405 : 404)
  })
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404))
  app.setErrorHandler((error, _request, reply) => fail(reply, error))
}

/** Tells nothing of the inside. */
function fail(reply: FastifyReply, error: unknown): FastifyReply {
  const status = statusOf(error)
  const text = status === 500 ? 'this answer could not be made' : 'the request is not valid'
  return reply.code(status).send({ error: text })
}

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}
