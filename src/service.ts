import type { FastifyInstance } from 'fastify'
import {
  adminProperties,
  changelogProperties,
  producerProperties,
} from './config/client-properties.ts'
import type { Config } from './config/schema.ts'
import type { ShownVariable } from './config/shown.ts'
import type { Decoder } from './decode/port.ts'
import type { ModelSpec } from './domain/model-spec.ts'
import { reportJson } from './drift/report-json.ts'
import { FeatureEngine } from './features/engine.ts'
import { parseModelSpec } from './features/spec.ts'
import { loadModelFolder, type ModelFolder } from './inference/model-folder.ts'
import type { Scorer } from './inference/port.ts'
import { Breaker, type BreakerBounds } from './loop/breaker.ts'
import { Fetcher } from './loop/fetcher.ts'
import type { Fencing } from './loop/former-owners.ts'
import { FloodGate } from './loop/flood-gate.ts'
import { Loop } from './loop/loop.ts'
import { PartitionTable } from './loop/partitions.ts'
import { Processor } from './loop/processor.ts'
import { observeWith, Status } from './loop/status.ts'
import { Tally } from './loop/tally.ts'
import { UnitOfWork } from './loop/unit-of-work.ts'
import { Backoff } from './runtime/backoff.ts'
import { systemClock } from './runtime/clock.ts'
import { clientWarning } from './runtime/kafka-addon.ts'
import { limitHeapGrowth } from './runtime/heap-growth.ts'
import { arenaWarning } from './runtime/malloc-arenas.ts'
import { releaseLargeBlocks } from './runtime/malloc.ts'
import { retry } from './runtime/retry.ts'

import { createApp } from './serving/app.ts'
import { listen } from './serving/http.ts'
import type { ModelTensors } from './serving/model-metadata.ts'
import type { ServiceIdentity } from './serving/status-report.ts'
import { fenceProducer, type KafkaProducer } from './sink/kafka-producer.ts'
import type { OutputPlan } from './sink/plan.ts'
import { KafkaChangelog } from './source/kafka-changelog.ts'
import type { KafkaSource } from './source/kafka-consumer.ts'
import { readLastWritten } from './source/last-written.ts'
import { requireTopics, tooSmall } from './source/topic-check.ts'
import { readTopicSettings } from './source/topic-settings.ts'
import { prepareChangelog } from './start/changelog.ts'
import { createClients } from './start/clients.ts'
import type { Clients } from './start/clients.ts'
import { createCodecs } from './start/codecs.ts'
import { createDrift, type Drift } from './start/drift.ts'
import { modelIdentity, startModel } from './start/model.ts'
import { createOutputPlan } from './start/output-plan.ts'
import { outputTopics } from './start/output-topics.ts'
import { startTraces, type Traces } from './start/traces.ts'
import type { WaitFor } from './start/wait-for.ts'
import { readExpiries } from './telemetry/certificates.ts'
import { logEvents } from './telemetry/log-events.ts'
import type { Log } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'

const BACKOFF_FIRST_MS = 50
const BACKOFF_MAX_MS = 5_000

/** What a service is made from. */
export interface ServiceOptions {
  readonly config: Config
  /** As it may be shown. */
  readonly configuration: readonly ShownVariable[]
  /** Of Millrace. */
  readonly version: string
  readonly log: Log
}

/**
 * The service: every part in its place. Start to end: model, HTTP, registry, Kafka, loop.
 *
 * The HTTP side answers from the beginning, so that it can say what the start waits for.
 */
export class Service {
  readonly #options: ServiceOptions
  readonly #clock = systemClock
  readonly #status = new Status(systemClock)
  #loop: Loop | undefined
  #producer: KafkaProducer | undefined
  #tensors: ModelTensors | undefined

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  /** Whether calls are left that have not ended, so that only `endProcess` ends the process. */
  get hasCallsLeft(): boolean {
    return this.#producer?.hasCallsLeft === true
  }

  /** Ends `run` once the unit in flight is committed. @returns false when the loop has not begun */
  stop(): boolean {
    this.#loop?.stop()
    return this.#loop !== undefined
  }

  /**
   * Runs until `stop`.
   *
   * @throws ServiceError when the service cannot start or go on; its exit status is the process's
   */
  async run(): Promise<void> {
    const { config, log } = this.#options
    const waitFor = this.#waitFor
    const warning = clientWarning()
    if (warning !== undefined) log('KAFKA_CLIENT_UNPATCHED', warning)
    releaseLargeBlocks()
    const arenas = arenaWarning(process.env)
    if (arenas !== undefined) log('CONFIG_WARNING', arenas)
    const folder = await loadModelFolder(config.modelDir, parseModelSpec)
    const engine = new FeatureEngine(folder.spec, {
      keysMax: config.stateKeysMax,
      bytesMax: config.stateBytesMax,
    })
    const identity = this.#identity(folder)
    const drift = createDrift(config, folder, log)
    if (drift !== undefined) this.#status.driftIsWatched(drift.watch)
    const traces = await startTraces(config, identity, log)
    const metrics = this.#metrics(identity, { engine, drift, traces })
    const scoring = this.#startModel(folder)
    // Awaited below; what fails before that is told first.
    scoring.catch(() => undefined)
    const { app, port } = await this.#serve(identity, { metrics, drift, spec: folder.spec })
    const { source, producer } = createClients(config, metrics)
    this.#producer = producer
    const { inputTopic, stateTopic } = config
    const changelog = engine.hasState
      ? new KafkaChangelog(stateTopic, changelogProperties(config))
      : undefined
    const [scorer, { decoder, encoder }] = await Promise.all([
      scoring,
      createCodecs({ config, spec: folder.spec, model: identity.model, log, waitFor }),
      this.#connect({ source, producer, changelog }),
    ])
    // Last of all: it fences whoever had this name, so everything else must be good.
    if (changelog !== undefined) {
      await prepareChangelog({ config, reachMs: engine.reachMs, source, log, waitFor })
    }
    await waitFor(() => producer.initTransactions())
    const { passOn } = traces
    const plan = createOutputPlan(config, { model: identity.model, encoder, passOn })
    const clients = { source, producer, changelog }
    const parts = { engine, scorer, decoder, ...clients, plan, metrics, folder, traces, drift }
    const loop = this.#compose(parts)
    limitHeapGrowth()
    log('STARTED', `consuming "${inputTopic}", serving ${config.httpHost}:${port}`, { port })
    void this.#warnOfSizes()
    await loop.run()
    await source.close()
    await producer.close()
    await scorer.close()
    await traces.close()
    await app.close()
    metrics.close()
  }

  #identity(folder: ModelFolder): ServiceIdentity {
    const { version, config } = this.#options
    const { appId, instanceId } = config
    return { version, appId, instanceId, model: modelIdentity(folder) }
  }

  #metrics(
    identity: ServiceIdentity,
    parts: {
      readonly engine: FeatureEngine
      readonly drift: Drift | undefined
      readonly traces: Traces
    },
  ): Metrics {
    const { config } = this.#options
    const { engine, drift, traces } = parts
    return createMetrics({
      snapshot: () => this.#status.snapshot(),
      clock: this.#clock,
      topics: { input: config.inputTopic, outputs: Object.values(outputTopics(config)) },
      identity,
      stateLimits: { keysMax: config.stateKeysMax, bytesMax: config.stateBytesMax },
      certificateExpiries: readExpiries(config),
      distinctSaturated: () => engine.saturated,
      ...(drift !== undefined && { drift: drift.watch }),
      spanOfUnit: traces.spanOfUnit,
    })
  }

  async #serve(
    identity: ServiceIdentity,
    parts: {
      readonly metrics: Metrics
      readonly drift: Drift | undefined
      readonly spec: ModelSpec
    },
  ): Promise<{ app: FastifyInstance; port: number }> {
    const { config, configuration } = this.#options
    const { httpHost, httpPort } = config
    const { metrics, drift, spec } = parts
    const app = createApp({
      snapshot: () => this.#status.snapshot(),
      metrics,
      figures: () => ({
        recent: metrics.recent(),
        scores: metrics.scores(),
        ...(drift !== undefined && { drift: reportJson(drift.watch.report()) }),
      }),
      identity,
      about: { spec, configuration },
      tensors: () => this.#tensors,
      now: () => this.#clock.now(),
    })
    return { app, port: await listen(app, httpHost, httpPort) }
  }

  async #startModel(folder: ModelFolder): Promise<Scorer> {
    const { config, log } = this.#options
    const scorer = await startModel(config, folder, log)
    this.#tensors = scorer.manifest
    this.#status.modelIsReady()
    return scorer
  }

  async #connect({
    source,
    producer,
    changelog,
  }: Clients & { readonly changelog: KafkaChangelog | undefined }): Promise<void> {
    const { config } = this.#options
    const topics = Object.values(outputTopics(config))
    // One after the other: what keeps both away is told once.
    await this.#waitFor(() => source.connect())
    changelog?.connectAhead()
    await Promise.all([
      this.#waitFor(() => requireTopics(source, config.inputTopic, topics)),
      this.#waitFor(() => producer.connect()),
    ])
  }

  /** Beside the work: it is a warning, and nothing waits for it. */
  async #warnOfSizes(): Promise<void> {
    const { config, log } = this.#options
    const { inputTopic, deadLetterTopic, lateTopic } = config
    const takers = [deadLetterTopic, lateTopic]
    try {
      const settings = await readTopicSettings(adminProperties(config), [inputTopic, ...takers])
      for (const line of tooSmall(settings, inputTopic, takers)) log('TOPIC_TOO_SMALL', line)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log('CONFIG_WARNING', `whether dead letters have room is not known: ${why}`)
    }
  }

  #compose(parts: {
    readonly engine: FeatureEngine
    readonly scorer: Scorer
    readonly decoder: Decoder
    readonly source: KafkaSource
    readonly producer: KafkaProducer
    readonly changelog: KafkaChangelog | undefined
    readonly plan: OutputPlan
    readonly metrics: Metrics
    readonly traces: Traces
    readonly folder: { readonly spec: ModelSpec }
    readonly drift: Drift | undefined
  }): Loop {
    const { config, log } = this.#options
    const { engine, source } = parts
    const clock = this.#clock
    const partitions = new PartitionTable()
    // A unit has its span before it is measured: the exemplars name it.
    const observer = observeWith([this.#status, ...parts.traces.observers, parts.metrics.observer])
    const recordsMax = config.batchMaxRecords
    const tally = new Tally(config.commitMaxRecords + recordsMax, parts.drift?.sketch)
    const deadlineMs = config.transactionTimeoutMs
    const unit = new UnitOfWork({ ...parts, clock, backoff: backoff(), deadlineMs })
    const outputs = parts.folder.spec.model.outputs.length
    const { auditTopic, inputTopic } = config
    const stateTopic = engine.hasState ? config.stateTopic : undefined
    const shared = { ...parts, unit, tally, partitions, observer, clock }
    const events = logEvents(log, parts.traces.spanOfUnit)
    const fetcher = new Fetcher({ ...shared, recordsMax, backoff: backoff() })
    const breaker = new Breaker(breakerBounds(config))
    const gate = new FloodGate({ breaker, source, fetcher, clock, events })
    const loop = new Loop({
      ...shared,
      inputTopic,
      instanceId: config.instanceId,
      fencing: this.#fencing(),
      rebalanceDrainMs: config.rebalanceDrainMs,
      policy: { onMismatch: config.stateOnMismatch, onGap: config.stateOnGap },
      bounds: { intervalMs: config.commitIntervalMs, recordsMax: config.commitMaxRecords },
      fetcher,
      gate,
      processor: new Processor({ ...shared, auditTopic, stateTopic, outputs }),
      events,
      backoff: backoff(),
    })
    this.#status.loopStarts({ loop, partitions, engine, source, producer: parts.producer, gate })
    this.#loop = loop
    return loop
  }

  #fencing(): Fencing {
    const { config } = this.#options
    const of = { groupId: config.appId, topic: config.inputTopic }
    return {
      lastWritten: (partitions) => readLastWritten(adminProperties(config), { ...of, partitions }),
      fence: (instanceId) =>
        fenceProducer({
          properties: producerProperties(config, instanceId),
          topic: config.featuresTopic,
        }),
    }
  }

  /** Repeats a call of the start until it is answered; health says what is waited for. */
  readonly #waitFor: WaitFor = async (call) => {
    const waited = new Set<string>()
    const value = await retry(call, {
      clock: this.#clock,
      backoff: backoff(),
      attemptsMax: Infinity,
      onRetry: (error, waitMs) => {
        waited.add(error.code)
        this.#status.setTrouble(error.code, error.message)
        const fields = { error: error.code, waitMs: Math.round(waitMs) }
        this.#options.log('RETRYING', error.message, fields)
      },
    })
    for (const code of waited) this.#status.clearTrouble(code)
    return value
  }
}

function backoff(): Backoff {
  return new Backoff(BACKOFF_FIRST_MS, BACKOFF_MAX_MS)
}

function breakerBounds(config: Config): BreakerBounds {
  return {
    ratioMax: config.dlqMaxRatio,
    windowMs: config.dlqWindowMs,
    recordsMin: config.dlqMinRecords,
    pauseMs: config.dlqTripPauseMs,
  }
}
