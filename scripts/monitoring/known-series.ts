import { seriesEntries } from '../../src/telemetry/series.ts'
import { QUEUE_SERIES } from '../../src/tools/dlq/exposition.ts'
import { DRIFT_RULES } from './drift-rules.ts'
import { namesOf } from './promql.ts'
import { RECORDING_RULES } from './recording-rules.ts'

/** Labels that Prometheus gives to what it scrapes; the last by the monitors of the chart, where KEDA may leave no instance. */
const TARGET_LABELS = ['namespace', 'job', 'instance', 'pod', 'scales_to_zero'] as const

/** Figures of the process, which prom-client declares. */
export const PROCESS_SERIES = [
  'millrace_process_cpu_seconds_total',
  'millrace_process_resident_memory_bytes',
  'millrace_process_start_time_seconds',
  'millrace_nodejs_heap_size_used_bytes',
  'millrace_nodejs_external_memory_bytes',
] as const

const HISTOGRAM_PARTS = ['_bucket', '_sum', '_count'] as const

/** Labels by the name of everything that a query may read. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...seriesEntries().flatMap(([name, { type, labels }]) =>
    type === 'histogram'
      ? HISTOGRAM_PARTS.map((part) => known(name + part, [...labels, 'le']))
      : [known(name, labels)],
  ),
  ...PROCESS_SERIES.map((name) => known(name, [])),
  ...Object.entries(QUEUE_SERIES).map(([name, { labels }]) => known(name, labels)),
  ...RECORDING_RULES.map(({ record }) => known(record, ['le'])),
  ...DRIFT_RULES.map(({ record, labels = [] }) => known(record, labels)),
])

function known(name: string, labels: readonly string[]): [string, ReadonlySet<string>] {
  return [name, new Set([...TARGET_LABELS, ...labels])]
}

/** What a query names that is not there: series, and labels that its series do not have. */
export function unknownNames(query: string): readonly string[] {
  const { metrics, matched, grouped } = namesOf(query)
  const labels = new Set([...metrics].flatMap((name) => [...(KNOWN.get(name) ?? [])]))
  return [
    ...[...metrics].filter((name) => !KNOWN.has(name)).map((name) => `series ${name}`),
    ...matched
      .filter(({ metric, label }) => KNOWN.get(metric)?.has(label) !== true)
      .map(({ metric, label }) => `label ${label} of ${metric}`),
    ...[...grouped].filter((label) => !labels.has(label)).map((label) => `label ${label}`),
  ]
}

/** The query. @throws Error when it names a series or a label that is not there */
export function checked(query: string): string {
  const unknown = unknownNames(query)
  if (unknown.length === 0) return query
  throw new Error(`a query reads what nobody tells (${unknown.join(', ')}): ${query}`)
}
