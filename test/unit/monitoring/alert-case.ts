import type { AlertGroup } from '../../../scripts/monitoring/rule.ts'
import type { HistogramName, LabelsOf, SeriesName } from '../../../src/telemetry/series.ts'
import type { QueueSeriesName } from '../../../src/tools/dlq/exposition.ts'

/** What Prometheus has scraped, and when it is asked. */
export interface Situation {
  /** In words, for the test's name. */
  readonly when: string
  /** Values a minute apart, as promtool writes them, e.g. `0+60x10 _x5`. */
  readonly series: Readonly<Record<string, string>>
  readonly atMinutes: number
}

/** An alert that is up, without what its declaration says of it. */
export interface Firing {
  readonly labels: Readonly<Record<string, string>>
  readonly description: string
}

/** What an alert is for, and what it must not take for that. */
export interface AlertCase {
  readonly fires: Situation & { readonly alerts: readonly [Firing, ...Firing[]] }
  readonly quiet: readonly [Situation, ...Situation[]]
}

/** A case for each alert of a group: one without does not compile. */
export type CasesOf<Group extends AlertGroup> = Readonly<Record<keyof Group['alerts'], AlertCase>>

/** A series of an instance, with the labels that it has. */
export function of<Name extends SeriesName>(
  name: Name,
  labels: LabelsOf<Name>,
  instance = 'a',
): string {
  return series(name, labels, instance)
}

/** A series of `dlq watch`. */
export function ofQueue(name: QueueSeriesName, instance = 'w'): string {
  return series(name, { app: 'scores' }, instance)
}

/** One of the series that make up a histogram without labels of its own. */
export function part(name: HistogramName, suffix: '_count' | '_bucket', le?: string): string {
  return series(name + suffix, le === undefined ? {} : { le }, 'a')
}

function series(name: string, labels: object, instance: string): string {
  const all = Object.entries({ job: 'm', instance, ...labels })
  return `${name}{${all.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}

/** Labels of one partition. */
export const P0 = { topic: 'events', partition: '0' } as const
