import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LoopSnapshot } from '../loop/observer.ts'
import { live, ready, startup } from './health.ts'
import type { Health } from './health.ts'
import { aboutReport } from './about.ts'
import type { About } from './about.ts'
import { modelMetadata } from './model-metadata.ts'
import type { ModelTensors } from './model-metadata.ts'
import { loadPage } from './page.ts'
import type { Page } from './page.ts'
import { statusReport } from './status-report.ts'
import type { Figures, ServiceIdentity } from './status-report.ts'

/** What the routes show. */
export interface AppParts {
  /** Taken once a request. */
  readonly snapshot: () => LoopSnapshot
  readonly metrics: {
    /** @param accept the header of the request, which chooses among formats */
    render(accept?: string): Promise<{ readonly contentType: string; readonly body: string }>
  }
  /** Taken once a request. */
  readonly figures: () => Figures
  readonly identity: ServiceIdentity
  readonly about: About
  /** `undefined` until the model is loaded. */
  readonly tensors: () => ModelTensors | undefined
  /** Wall-clock time, ms. */
  readonly now: () => number
}

/** All there is; each answers GET and HEAD and changes nothing. */
const ROUTES = [
  '/',
  '/about.json',
  '/health/live',
  '/health/ready',
  '/health/startup',
  '/metrics',
  '/status.json',
  '/v2/models/:name',
  '/v2/models/:name/versions/:version',
] as const

const PATTERNS = ROUTES.map(
  (route) => new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
)

const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

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

/** The HTTP side of the service. It looks on; nothing here reaches the loop. */
export function createApp(parts: AppParts): FastifyInstance {
  const page = loadPage()
  const headers = { ...HEADERS, 'content-security-policy': page.policy }
  const app = fastify({
    ...LIMITS,
    logger: false,
    frameworkErrors: (error, _request, reply) => {
      reply.headers(headers)
      fail(reply, error)
    },
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  addGuards(app, headers)
  addRoutes(app, parts, page)
  addModelRoutes(app, parts)
  return app
}

/** Begins to listen. @returns the port, chosen by the system when `port` is 0 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  await app.listen({ host, port })
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function addRoutes(app: FastifyInstance, parts: AppParts, { html }: Page): void {
  const { snapshot, figures, metrics, identity, now } = parts
  const about = aboutReport(parts.about)
  app.get('/health/live', (_request, reply) => answer(reply, live(snapshot(), now())))
  app.get('/health/ready', (_request, reply) => answer(reply, ready(snapshot())))
  app.get('/health/startup', (_request, reply) => answer(reply, startup(snapshot())))
  app.get('/status.json', (_request, reply) =>
    reply.send(statusReport(snapshot(), identity, { ...figures(), nowMs: now() })),
  )
  app.get('/about.json', (_request, reply) => reply.send(about))
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(html))
  app.get('/metrics', async ({ headers }, reply) => {
    const { contentType, body } = await metrics.render(headers.accept)
    return reply.type(contentType).send(body)
  })
}

/** The read-only part of the Open Inference Protocol that catalogues of models ask for. */
function addModelRoutes(app: FastifyInstance, { identity, tensors }: AppParts): void {
  const { model } = identity
  const describe = (reply: FastifyReply, name: string, version: string): FastifyReply => {
    if (name !== model.name || version !== model.version) {
      const error = `no such model: here is ${model.name}, version ${model.version}`
      return reply.code(404).send({ error })
    }
    const loaded = tensors()
    if (loaded === undefined) return reply.code(503).send({ error: 'the model is not loaded yet' })
    return reply.send(modelMetadata(model, loaded))
  }
  app.get<{ Params: { name: string } }>('/v2/models/:name', ({ params }, reply) =>
    describe(reply, params.name, model.version),
  )
  app.get<{ Params: { name: string; version: string } }>(
    '/v2/models/:name/versions/:version',
    ({ params }, reply) => describe(reply, params.name, params.version),
  )
}

/** Answers what is no GET or HEAD of a route before anything of it is read. */
function addGuards(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(headers)
    if (request.method === 'GET' || request.method === 'HEAD') next()
    else refuse(reply, isRoute(request.url) ? 405 : 404)
  })
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404))
  app.setErrorHandler((error, _request, reply) => fail(reply, error))
}

function answer(reply: FastifyReply, health: Health): FastifyReply {
  return reply.code(health.status === 'ok' ? 200 : 503).send(health)
}

/** Tells nothing of the inside. */
function fail(reply: FastifyReply, error: unknown): FastifyReply {
  const status = statusOf(error)
  const text = status === 500 ? 'this answer could not be made' : 'the request is not valid'
  return reply.code(status).send({ error: text })
}

function refuse(reply: FastifyReply, status: 404 | 405): FastifyReply {
  const error = status === 404 ? 'no such page' : 'only GET and HEAD'
  if (status === 405) reply.header('allow', 'GET, HEAD')
  return reply.code(status).send({ error, routes: ROUTES })
}

function isRoute(url: string): boolean {
  const path = url.split('?', 1)[0] ?? ''
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return PATTERNS.some((pattern) => pattern.test(bare))
}

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}
