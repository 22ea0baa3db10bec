import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Metric } from 'prom-client'
import type { DriftWatch } from '../drift/watch.ts'
import type { Histogram, RecentFigures } from '../loop/figures.ts'
import type { LoopObserver, LoopSnapshot } from '../loop/observer.ts'
import type { Clock } from '../runtime/clock.ts'
import type { CertificateExpiries } from './certificates.ts'
import { addStatistics } from './client-statistics.ts'
import type { KafkaClient } from './client-statistics.ts'
import { addDrift } from './drift-samples.ts'
import { watchEventLoop } from './event-loop-delay.ts'
import type { EventLoopDelay } from './event-loop-delay.ts'
import { LoopMeter } from './loop-meter.ts'
import type { MeteredTopics } from './loop-meter.ts'
import { SampleTable } from './sample-table.ts'
import type { Sample } from './sample-table.ts'
import { seriesEntries } from './series.ts'
import type { SeriesName } from './series.ts'
import type { SeriesSpec } from './series-spec.ts'
import { addSnapshot } from './snapshot-samples.ts'

export { metricsMarkdown } from './metrics-page.ts'

/** What `/metrics` answers with. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

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
}

/** Every series of the service. */
export interface Metrics {
  readonly observer: LoopObserver
  /** Takes a client's statistics document, once per `statistics.interval.ms`; read when scraped. */
  statistics(client: KafkaClient, json: string): void
  /** The Prometheus text format, version 0.0.4. */
  render(): Promise<Exposition>
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
  const meter = new LoopMeter(kept, options.topics)
  const eventLoop = watchEventLoop()
  const statistics = new Map<KafkaClient, string>()
  const scrape = { table: new SampleTable(), tookMs: Number.NaN }
  const registry = createRegistry((name) => [...kept.samples(name), ...scrape.table.samples(name)])
  return {
    observer: meter,
    statistics: (client, json) => {
      statistics.set(client, json)
    },
    render: async () => {
      const startedAt = options.clock.monotonic()
      scrape.table = takeGauges(options, { meter, eventLoop, statistics, tookMs: scrape.tookMs })
      const body = await registry.metrics()
      scrape.tookMs = options.clock.monotonic() - startedAt
      return { contentType: registry.contentType, body }
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

/**
 * A registry that renders our samples and the process's own. prom-client's counters and histograms
 * are not used: they take microseconds a value, and a commit brings thousands.
 */
function createRegistry(samplesOf: (name: SeriesName) => readonly Sample[]): Registry {
  const registry = new Registry()
  for (const [name, spec] of seriesEntries()) {
    // The registry asks a metric for no more than its name and `get`.
    registry.registerMetric({
      name,
      get: () => Promise.resolve(family(name, spec, samplesOf(name))),
    } as unknown as Metric)
  }
  collectDefaultMetrics({
    register: registry,
    prefix: 'millrace_',
    // Its watch on the event loop is removed below, so let it tick rarely.
    eventLoopMonitoringPrecision: 1_000,
  })
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.includes('_eventloop_lag_')) registry.removeSingleMetric(name)
  }
  return registry
}

/** A metric as the registry renders it. */
function family(name: string, { help, type }: SeriesSpec, samples: readonly Sample[]): object {
  const values = samples.map(({ suffix, labels, value }) => ({
    metricName: suffix === undefined ? name : name + suffix,
    labels,
    value,
  }))
  return { name, help, type, values, aggregator: 'sum' }
}
