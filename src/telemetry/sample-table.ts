import type { Exemplar } from './bucket-exemplars.ts'
import { BucketHistogram } from './bucket-histogram.ts'
import { SERIES } from './series.ts'
import type { CounterName, GaugeName, HistogramName, LabelsOf, SeriesName } from './series.ts'
import type { SeriesSpec } from './series-spec.ts'

/** One line of the exposition. `suffix` is set for the parts of a histogram. */
export interface Sample {
  readonly suffix?: '_bucket' | '_sum' | '_count'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Buckets only. */
  readonly exemplar?: Exemplar | undefined
}

interface Cell {
  readonly labels: Readonly<Record<string, string>>
  value: number
}

interface HistogramCell {
  readonly labels: Readonly<Record<string, string>>
  readonly histogram: BucketHistogram
}

/** The present value of every series, by name and labels. Values are in the series' base unit. */
export class SampleTable {
  readonly #cells = new Map<SeriesName, Map<string, Cell>>()
  readonly #histograms = new Map<SeriesName, Map<string, HistogramCell>>()

  /** Adds to a counter; adding 0 makes it exist. */
  add<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, amount: number): void {
    this.#cell(name, labels).value += amount
  }

  /** Sets a gauge, or a counter that is kept elsewhere. */
  set<Name extends CounterName | GaugeName>(
    name: Name,
    labels: LabelsOf<Name>,
    value: number | undefined,
  ): void {
    if (value !== undefined && Number.isFinite(value)) this.#cell(name, labels).value = value
  }

  /** The histogram to put values into; it exists, with zeros, from now on. */
  histogram<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>): BucketHistogram {
    const byLabels = entryOf(this.#histograms, name, () => new Map<string, HistogramCell>())
    const create = (): HistogramCell => ({
      labels,
      histogram: new BucketHistogram(SERIES[name].buckets),
    })
    return entryOf(byLabels, keyOf(labels), create).histogram
  }

  /** The lines of a series, labels in the order they were first used. */
  samples(name: SeriesName): readonly Sample[] {
    const result: Sample[] = [...(this.#cells.get(name)?.values() ?? [])]
    const spec: SeriesSpec = SERIES[name]
    for (const { labels, histogram } of this.#histograms.get(name)?.values() ?? []) {
      result.push(...histogramSamples(spec, labels, histogram))
    }
    return result
  }

  #cell(name: SeriesName, labels: Readonly<Record<string, string>>): Cell {
    const byLabels = entryOf(this.#cells, name, () => new Map<string, Cell>())
    return entryOf(byLabels, keyOf(labels), () => ({ labels, value: 0 }))
  }
}

function histogramSamples(
  spec: SeriesSpec,
  labels: Readonly<Record<string, string>>,
  histogram: BucketHistogram,
): readonly Sample[] {
  const bounds = [...(spec.buckets ?? []).map(String), '+Inf']
  const buckets = histogram.cumulative().map(
    (value, i): Sample => ({
      suffix: '_bucket',
      labels: { ...labels, le: bounds[i] ?? '+Inf' },
      value,
      exemplar: histogram.exemplar(i),
    }),
  )
  return [
    ...buckets,
    { suffix: '_sum', labels, value: histogram.sum },
    { suffix: '_count', labels, value: histogram.count },
  ]
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join('\u0000')
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const created = create()
  map.set(key, created)
  return created
}
