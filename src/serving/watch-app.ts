import type { FastifyInstance } from 'fastify'
import { answer, createHttp } from './http.ts'
import { watchLive, watchReady } from './watch-health.ts'
import type { WatchSnapshot } from './watch-health.ts'

/** What the routes show. */
export interface WatchAppParts {
  /** Taken once a request. */
  readonly snapshot: () => WatchSnapshot
  /** In Prometheus' text format. */
  readonly metrics: () => string
  /** Wall-clock time, ms. */
  readonly now: () => number
}

const ROUTES = ['/health/live', '/health/ready', '/metrics'] as const
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'

/** The HTTP side of `millrace dlq watch`. */
export function createWatchApp({ snapshot, metrics, now }: WatchAppParts): FastifyInstance {
  const app = createHttp(ROUTES)
  app.get('/health/live', (_request, reply) => answer(reply, watchLive(snapshot(), now())))
  app.get('/health/ready', (_request, reply) => answer(reply, watchReady(snapshot())))
  app.get('/metrics', (_request, reply) => reply.type(EXPOSITION).send(metrics()))
  return app
}
