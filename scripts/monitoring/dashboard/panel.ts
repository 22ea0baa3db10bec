import { SERIES } from '../../../src/telemetry/series.ts'
import type { HistogramName, LabelsOf, SeriesName } from '../../../src/telemetry/series.ts'
import type { SeriesSpec } from '../../../src/telemetry/series-spec.ts'
import type { QueueSeriesName } from '../../../src/tools/dlq/exposition.ts'

/** Units as Grafana names them. */
export type PanelUnit =
  | 'short'
  | 'reqps'
  | 's'
  | 'bytes'
  | 'Bps'
  | 'percentunit'
  | 'bool_yes_no'
  | 'ops'

export interface Query {
  /** PromQL; `$__rate_interval` and the dashboard's variables are Grafana's to fill in. */
  readonly expr: string
  /** `{{label}}` is filled in; may be left out where there is one line. */
  readonly legend?: string
  /** Draws the exemplars of the histogram it reads. */
  readonly exemplar?: true
}

export interface Panel {
  readonly title: string
  /** What it shows and what is good, for whoever sees it for the first time. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'heatmap' | 'table'
  readonly unit: PanelUnit
  /** Of 24. */
  readonly width: 4 | 6 | 8 | 12 | 24
  readonly queries: readonly [Query, ...Query[]]
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** What a dashboard's variables choose. */
const CHOSEN = 'namespace=~"$namespace",job=~"$job",instance=~"$instance"'

/** A series of the chosen instances. Of a histogram, one of its parts: see {@link part}. */
export function of<Name extends Exclude<SeriesName, HistogramName>>(
  name: Name,
  labels: Partial<LabelsOf<Name>> = {},
): string {
  return selector(name, labels)
}

/** A series of `dlq watch`, of those chosen. */
export function ofQueue(name: QueueSeriesName): string {
  return selector(name, {})
}

/** One of the series that make up a histogram. */
export function part<Name extends HistogramName>(
  name: Name,
  suffix: '_bucket' | '_sum' | '_count',
  labels: Partial<LabelsOf<Name>> = {},
): string {
  return selector(name + suffix, labels)
}

/** How fast a counter grows, by labels: of all chosen instances together unless they are among them. */
export function rate(series: string, by = ''): string {
  return `sum by (${by}) (rate(${series}[$__rate_interval]))`
}

/** A quantile over the chosen instances. */
export function quantile<Name extends HistogramName>(
  share: number,
  name: Name,
  labels: Partial<LabelsOf<Name>> = {},
  by = '',
): string {
  const buckets = rate(part(name, '_bucket', labels), by === '' ? 'le' : `le, ${by}`)
  return `histogram_quantile(${share}, ${buckets})`
}

/** Mean of what a histogram was given. */
export function mean<Name extends HistogramName>(
  name: Name,
  labels: Partial<LabelsOf<Name>> = {},
  by = '',
): string {
  return `${rate(part(name, '_sum', labels), by)} / ${rate(part(name, '_count', labels), by)}`
}

/**
 * Median, P95 and P99, a line each. Exemplars are asked for by each of them: Grafana draws them once a
 * histogram, for the first line that is shown, and only if that one asks for them.
 */
export function quantiles(name: HistogramName): readonly [Query, ...Query[]] {
  const { hasExemplars }: SeriesSpec = SERIES[name]
  const asks = hasExemplars === true ? { exemplar: true as const } : {}
  return [
    { expr: quantile(0.5, name), legend: 'median', ...asks },
    { expr: quantile(0.95, name), legend: 'P95', ...asks },
    { expr: quantile(0.99, name), legend: 'P99', ...asks },
  ]
}

/** A figure of a process that prom-client collects. */
export function ofProcess(name: `millrace_${'process' | 'nodejs'}_${string}`): string {
  return selector(name, {})
}

function selector(name: string, labels: object): string {
  const own = Object.entries(labels).map(([label, value]) => `,${label}="${String(value)}"`)
  return `${name}{${CHOSEN}${own.join('')}}`
}
