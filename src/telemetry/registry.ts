import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Metric, OpenMetricsContentType } from 'prom-client'
import type { Sample } from './sample-table.ts'
import { seriesEntries } from './series.ts'
import type { SeriesName } from './series.ts'
import type { SeriesSpec } from './series-spec.ts'

/** What `/metrics` answers with. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

/** Our samples and the process's own, as a scraper asks for them. */
export interface SeriesRegistry {
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<Exposition>
  /**
   * OpenMetrics 1.0: the same series with exemplars. Prometheus stores both alike, to the label: bounds are
   * written as in the text format (`le="1"`), not as OpenMetrics would rather have them (`1.0`), since
   * Prometheus 2 keeps what is written and would begin new series.
   */
  openMetrics(): Promise<Exposition>
  clear(): void
}

/** A metric as the registry renders it. */
interface RenderedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly object[]
  readonly aggregator: string
}

/**
 * Renders with prom-client. Its counters and histograms are not used: they take microseconds a value,
 * and a commit brings thousands.
 */
export function createRegistry(samplesOf: (name: SeriesName) => readonly Sample[]): SeriesRegistry {
  const registry = new Registry()
  for (const [name, spec] of seriesEntries()) {
    register(registry, name, () => familyOf(name, spec, samplesOf(name)))
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
  return {
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    openMetrics: () => openMetricsOf(registry),
    clear: () => registry.clear(),
  }
}

/** A registry has one format, and renames its counters for it: so this is another, of one scrape. */
async function openMetricsOf(registry: Registry): Promise<Exposition> {
  const open = new Registry<OpenMetricsContentType>()
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const families = (await registry.getMetricsAsJSON()) as unknown as readonly RenderedFamily[]
  for (const family of families) {
    const renamed = family.type === 'counter' ? counterOf(family) : family
    register(open, renamed.name, () => renamed)
  }
  return { contentType: open.contentType, body: await open.metrics() }
}

/** A counter's family has no `_total`; the registry puts it to the samples. */
function counterOf(family: RenderedFamily): RenderedFamily {
  const values = family.values.map((value) => ({ ...value, metricName: undefined }))
  return { ...family, name: family.name.replace(/_total$/, ''), values }
}

/** The registry asks a metric for no more than its name and `get`. */
function register(
  registry: Pick<Registry, 'registerMetric'>,
  name: string,
  get: () => RenderedFamily,
): void {
  registry.registerMetric({ name, get: () => Promise.resolve(get()) } as unknown as Metric)
}

function familyOf(
  name: string,
  { help, type }: SeriesSpec,
  samples: readonly Sample[],
): RenderedFamily {
  const values = samples.map(({ suffix, labels, value, exemplar }) => ({
    metricName: suffix === undefined ? name : name + suffix,
    labels,
    value,
    // Left out of the text format.
    exemplar: exemplar && {
      labelSet: exemplar.of.span,
      value: exemplar.value,
      timestamp: exemplar.of.atMs / 1_000,
    },
  }))
  return { name, help, type, values, aggregator: 'sum' }
}
