import { totalmem } from 'node:os'
import type { DriftWatch } from '../drift/watch.ts'
import type { Histogram, RecentFigures } from '../loop/figures.ts'
import type { LoopObserver, LoopSnapshot } from '../loop/observer.ts'
import type { Clock } from '../runtime/clock.ts'
import { prefersOpenMetrics } from './accept.ts'
import type { CertificateExpiries } from './certificates.ts'
import { addStatistics } from './client-statistics.ts'
import type { KafkaClient } from './client-statistics.ts'
import { addDrift } from './drift-samples.ts'
import { watchEventLoop } from './event-loop-delay.ts'
import type { EventLoopDelay } from './event-loop-delay.ts'
import { LoopMeter } from './loop-meter.ts'
import { memoryLimitBytes } from './memory-limit.ts'
import type { MeteredTopics } from './loop-meter.ts'
import { createRegistry } from './registry.ts'
import type { Exposition } from './registry.ts'
import { SampleTable } from './sample-table.ts'
import { addSnapshot } from './snapshot-samples.ts'
import type { SpanIds } from './unit-spans.ts'

export { metricsMarkdown } from './metrics-page.ts'

/** What the series are made of. */
export interface MetricsOptions {
  /** Taken once a scrape. */
  readonly snapshot: () => LoopSnapshot
  readonly clock: Clock
  readonly topics: MeteredTopics
  readonly identity: {
    /** Of Millrace. */
    readonly version: string
    readonly model: {
      readonly name: string
      readonly version: string
      readonly modelSha256: string
      readonly specSha256: string
    }
  }
  /** Bounds at which the service ends. */
  readonly stateLimits: { readonly keysMax: number; readonly bytesMax: number }
  /** By certificate: when it is valid no longer, seconds since the epoch. */
  readonly certificateExpiries?: CertificateExpiries
  /** Values no `distinct` feature could tell apart so far; asked once a scrape. */
  readonly distinctSaturated?: () => number
  /** Absent where the model has no reference. */
  readonly drift?: DriftWatch
  /** Of the unit of work that was told of last. Given where units have spans; they are told of first. */
  readonly spanOfUnit?: (() => SpanIds | undefined) | undefined
}

/** Every series of the service. */
export interface Metrics {
  readonly observer: LoopObserver
  /** Takes a client's statistics document, once per `statistics.interval.ms`; read when scraped. */
  statistics(client: KafkaClient, json: string): void
  /**
   * The Prometheus text format, version 0.0.4. Where units have spans, whoever asks for OpenMetrics 1.0 gets
   * that, with exemplars.
   *
   * @param accept the header of the request
   */
  render(accept?: string): Promise<Exposition>
  /** What the last seconds were like. */
  recent(): RecentFigures
  /** First scores of all committed predictions. */
  scores(): Histogram
  /** Ends the watch on the event loop. */
  close(): void
}

/** Creates the series; those whose labels are known exist with 0 at once. */
export function createMetrics(options: MetricsOptions): Metrics {
  const kept = new SampleTable()
  const meter = new LoopMeter(kept, options.topics, options.spanOfUnit)
  const eventLoop = watchEventLoop()
  const statistics = new Map<KafkaClient, string>()
  const scrape = { table: new SampleTable(), tookMs: Number.NaN }
  const registry = createRegistry((name) => [...kept.samples(name), ...scrape.table.samples(name)])
  return {
    observer: meter,
    statistics: (client, json) => {
      statistics.set(client, json)
    },
    render: async (accept = '') => {
      const startedAt = options.clock.monotonic()
      scrape.table = takeGauges(options, { meter, eventLoop, statistics, tookMs: scrape.tookMs })
      const isOpenMetrics = options.spanOfUnit !== undefined && prefersOpenMetrics(accept)
      const exposition = await (isOpenMetrics ? registry.openMetrics() : registry.text())
      scrape.tookMs = options.clock.monotonic() - startedAt
      return exposition
    },
    recent: () => meter.recent(options.clock.now()),
    scores: () => meter.scores(),
    close: () => {
      eventLoop.stop()
      registry.clear()
    },
  }
}

/** What is only true at the moment of a scrape. */
function takeGauges(
  options: MetricsOptions,
  parts: {
    readonly meter: LoopMeter
    readonly eventLoop: EventLoopDelay
    readonly statistics: ReadonlyMap<KafkaClient, string>
    readonly tookMs: number
  },
): SampleTable {
  const { snapshot, clock, topics, distinctSaturated } = options
  const table = new SampleTable()
  const nowMs = clock.now()
  const { newestEventMs } = parts.meter
  const freshnessMs = newestEventMs === undefined ? undefined : nowMs - newestEventMs
  addSnapshot(table, snapshot(), { nowMs, topic: topics.input })
  for (const [client, json] of parts.statistics) addStatistics(table, client, json)
  parts.eventLoop.addTo(table)
  if (freshnessMs !== undefined) {
    table.set('millrace_feature_freshness_seconds', {}, freshnessMs / 1_000)
  }
  table.set('millrace_time_seconds', {}, nowMs / 1_000)
  table.set('millrace_scrape_duration_seconds', {}, parts.tookMs / 1_000)
  table.set('millrace_distinct_saturated_total', {}, distinctSaturated?.() ?? 0)
  // Asked each time: a limit may be moved while the process runs.
  const limitBytes = memoryLimitBytes(process.constrainedMemory(), totalmem())
  if (limitBytes !== undefined) table.set('millrace_memory_limit_bytes', {}, limitBytes)
  if (options.drift !== undefined) addDrift(table, options.drift)
  addConstants(table, options)
  return table
}

/** What stays as it was at the start. */
function addConstants(table: SampleTable, options: MetricsOptions): void {
  const { identity, stateLimits, certificateExpiries = new Map() } = options
  table.set('millrace_state_max_keys', {}, stateLimits.keysMax)
  table.set('millrace_state_max_bytes', {}, stateLimits.bytesMax)
  for (const [certificate, expiry] of certificateExpiries) {
    table.set('millrace_certificate_expiry_timestamp_seconds', { certificate }, expiry)
  }
  const { name, version, modelSha256, specSha256 } = identity.model
  const model = { name, version, model_sha256: modelSha256, spec_sha256: specSha256 }
  table.set('millrace_model_info', model, 1)
  const build = { version: identity.version, node: process.version }
  table.set('millrace_build_info', build, 1)
}
