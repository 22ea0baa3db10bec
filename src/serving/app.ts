import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LoopSnapshot } from '../loop/observer.ts'
import { live, ready, startup } from './health.ts'
import { answer, createHttp } from './http.ts'
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

/** The HTTP side of the service. It looks on; nothing here reaches the loop. */
export function createApp(parts: AppParts): FastifyInstance {
  const page = loadPage()
  const app = createHttp(ROUTES, { 'content-security-policy': page.policy })
  addRoutes(app, parts, page)
  addModelRoutes(app, parts)
  return app
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
