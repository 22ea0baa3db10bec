/** What a series is, told once: the exposition and `docs/metrics.md` both come from it. */
export interface SeriesSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly group: SeriesGroup
  readonly unit: string
  readonly labels: readonly string[]
  readonly help: string
  /** Histograms only: inclusive upper bounds, in `unit`. */
  readonly buckets?: readonly number[]
  /** Histograms only: values belong to units of work, whose spans are told where traces are exported. */
  readonly hasExemplars?: true
}

/** Sections of the generated page, in order. */
export const SERIES_GROUPS = {
  records: 'Records',
  latency: 'Latency and freshness',
  partitions: 'Partitions',
  work: 'Work',
  outcomes: 'Outcomes and scores',
  drift: 'Drift',
  state: 'State',
  service: 'Service',
  kafka: 'Kafka client',
} as const

export type SeriesGroup = keyof typeof SERIES_GROUPS
