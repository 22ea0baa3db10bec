import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Flight } from '../flights/flight.ts'
import { freePorts } from '../testbed/ports.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { latencyOf } from './latency.ts'
import type { Latency } from './latency.ts'
import { readBack } from './read-back.ts'
import type { ReadBack } from './read-back.ts'
import { replay } from './replay.ts'
import type { Sent } from './replay.ts'
import { whole } from './screen.ts'
import type { Screen } from './screen.ts'
import { DemoService } from './service.ts'

const PARTITIONS = 4
const LOGS = resolve(import.meta.dirname, '../../.millrace/logs')
/** Longest time without a committed record before the act counts as failed. */
const STALL_MAX_MS = 30_000

/** One replay: what is sent, and how fast. */
export interface ActPlan {
  readonly name: string
  readonly testbed: Testbed
  readonly flights: readonly Flight[]
  /** Events a second; as fast as it goes, unless set. */
  readonly rate?: number
  readonly screen: Screen
  /** Variables of the service, beside those that every act has. */
  readonly env?: Readonly<Record<string, string>>
  /** Told of the service, so that whoever stops the demo stops it too. */
  readonly onService: (service: DemoService) => void
}

/** What came of it. */
export interface ActResult {
  readonly name: string
  readonly sent: Sent
  /** From the first record sent to the last one committed, s. */
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly latency: Latency
  readonly read: ReadBack
}

/** What takes records as they came, with headers beside: room for more than the input's 1 MiB. */
const TAKERS: ReadonlySet<string> = new Set(['late', 'deadLetters'])

/** Topics of its own, a service of its own, a replay, and everything read back. */
export async function play(plan: ActPlan): Promise<ActResult> {
  const { name, testbed, flights, rate, screen } = plan
  const { topics, env } = await setUp(testbed, name)
  const [port = 0] = await freePorts(1)
  const logFile = join(LOGS, `demo-${name}.log`)
  const service = new DemoService({ port, env: { ...env, ...plan.env }, logFile })
  plan.onService(service)
  await service.ready()
  screen.step(`the service is ready: ${service.url}`)
  const { brokers, registryUrl } = testbed
  const startedAt = performance.now()
  const progress = { sent: 0, all: flights.length, isSent: false }
  const sending = replay({
    brokers,
    registryUrl,
    topic: topics.input,
    flights,
    ...(rate !== undefined && { rate }),
    onSent: (sent) => {
      progress.sent = sent
    },
  }).then((sent) => {
    progress.all = sent.flights + sent.damaged + sent.late
    progress.isSent = true
    return sent
  })
  // Its error is waited for below; until then it must not count as unhandled.
  sending.catch(() => undefined)
  await follow(service, progress, screen)
  const sent = await sending
  const seconds = (performance.now() - startedAt) / 1_000
  const latency = latencyOf(await service.metrics())
  screen.step(`${whole(progress.all)} records answered in ${seconds.toFixed(1)} s; reading back`)
  const read = await readBack({ brokers, registryUrl, partitions: PARTITIONS, topics })
  return { name, sent, seconds, eventsPerSecond: progress.all / seconds, latency, read }
}

/** Topics for flights, and the variables of a service that answers them. */
export async function setUp(testbed: Testbed, name: string) {
  const prefix = `demo-${Date.now().toString(36)}-${name}`
  const topics = topicsOf(prefix)
  await testbed.createTopics(
    Object.entries(topics).map(([kind, topic]) => ({
      name: topic,
      partitions: PARTITIONS,
      ...(TAKERS.has(kind) && { config: { 'max.message.bytes': '2097152' } }),
    })),
  )
  return { topics, env: environment(testbed, prefix, topics) }
}

/** Shows how far the service is until it has answered everything. */
async function follow(
  service: DemoService,
  progress: { readonly sent: number; readonly all: number; readonly isSent: boolean },
  screen: Screen,
): Promise<void> {
  let last = { done: 0, atMs: performance.now() }
  let perSecond = 0
  for (;;) {
    service.requireAlive()
    const { totals } = await service.status()
    const done = totals.predicted + totals.late + totals.deadLetters
    const nowMs = performance.now()
    if (done > last.done) {
      const current = ((done - last.done) / (nowMs - last.atMs)) * 1_000
      perSecond = perSecond === 0 ? current : perSecond * 0.8 + current * 0.2
      last = { done, atMs: nowMs }
    } else if (nowMs - last.atMs > STALL_MAX_MS) {
      throw new Error(`the service stands still at ${done} of ${progress.all} records`)
    }
    screen.bar(`${whole(perSecond)} events/s`, done, progress.all)
    if (progress.isSent && done >= progress.all) return
    await sleep(200)
  }
}

function topicsOf(prefix: string) {
  return {
    input: `${prefix}-events`,
    features: `${prefix}-ml-features`,
    predictions: `${prefix}-ml-predictions`,
    audit: `${prefix}-ml-audit-log`,
    late: `${prefix}-ml-late-events`,
    deadLetters: `${prefix}-ml-dead-letters`,
  } as const
}

function environment(
  { brokers, registryUrl }: Testbed,
  appId: string,
  topics: ReturnType<typeof topicsOf>,
): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: brokers,
    SCHEMA_REGISTRY_URL: registryUrl,
    SCHEMA_AUTO_REGISTER: 'true',
    APP_ID: appId,
    INSTANCE_ID: 'demo',
    MODEL_DIR: 'models/flight-delay',
    INPUT_TOPIC: topics.input,
    FEATURES_TOPIC: topics.features,
    PREDICTIONS_TOPIC: topics.predictions,
    AUDIT_TOPIC: topics.audit,
    LATE_TOPIC: topics.late,
    DEAD_LETTER_TOPIC: topics.deadLetters,
    LOG_FORMAT: 'json',
  }
}
