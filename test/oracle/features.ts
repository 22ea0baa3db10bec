import type { Event, FieldValue } from '../../src/domain/event.ts'
import type { FeatureSpec, ModelSpec, WindowFeature } from '../../src/domain/model-spec.ts'

/** An event as it lies on the log. */
export interface LogEntry {
  readonly partition: number
  readonly offset: number
  readonly event: Event
  readonly recordTimestampMs: number
}

/** What must become of an event; a row has null where the features topic has. */
export type Expected =
  | { readonly kind: 'ok'; readonly row: readonly (number | null)[] }
  | { readonly kind: 'late'; readonly byMs: number }
  | { readonly kind: 'dead-letter' }

/**
 * Features by brute force, straight from `docs/features.md`: the events taken in are kept, and every
 * feature is computed anew from all of its key's events. Events go only when they lie further back
 * than the longest window, a tile and the lateness together, so that long logs take no hours. Sums follow time order of tiles and log
 * order within a tile, so that they are equal to the bit; variance is the textbook's, in two passes.
 */
export class FeatureOracle {
  readonly #spec: ModelSpec
  readonly #streamTimes = new Map<number, number>()
  readonly #histories = new Map<string, Event[]>()
  readonly #keptMs: number

  constructor(spec: ModelSpec) {
    this.#spec = spec
    const spans = spec.features.map((feature) =>
      feature.kind === 'window' ? feature.windowMs + feature.tileMs : 0,
    )
    this.#keptMs = Math.max(0, ...spans) + spec.latenessMs
  }

  /** The fate of the next entry of the log. */
  next({ partition, event, recordTimestampMs }: LogEntry): Expected {
    const { latenessMs, maxFutureSkewMs, features } = this.#spec
    const streamTimeMs = this.#streamTimes.get(partition) ?? -Infinity
    const byMs = streamTimeMs - latenessMs - event.timeMs
    if (byMs > 0) return { kind: 'late', byMs }
    if (recordTimestampMs >= 0 && event.timeMs > recordTimestampMs + maxFutureSkewMs) {
      return { kind: 'dead-letter' }
    }
    const timeMs = Math.max(streamTimeMs, event.timeMs)
    this.#streamTimes.set(partition, timeMs)
    const key = `${partition} ${event.key}`
    const all = this.#histories.get(key) ?? []
    const history = all.filter((seen) => seen.timeMs >= timeMs - this.#keptMs)
    this.#histories.set(key, history)
    const row = features.map((feature) => valueOf(feature, history, event) ?? defaultOf(feature))
    history.push(event)
    return { kind: 'ok', row }
  }
}

function defaultOf({ defaultValue }: FeatureSpec): number | null {
  return defaultValue ?? null
}

function valueOf(feature: FeatureSpec, history: readonly Event[], event: Event): number | null {
  if (feature.kind === 'window') return overWindow(feature, history, event)
  const field = feature.inputSlot === undefined ? null : (event.values[feature.inputSlot] ?? null)
  const local = new Date(event.timeMs + (feature.utcOffsetMs ?? 0)).toISOString()
  switch (feature.operation) {
    case 'field':
      return field === null ? null : asNumber(field)
    case 'one_hot':
      return Number(field === feature.category)
    case 'minute_of_hour':
      return Number(local.slice(-10, -8))
    case 'hour_of_day':
      return Number(local.slice(-13, -11))
    case 'day_of_month':
      return Number(local.slice(-16, -14))
    case 'month':
      return Number(local.slice(-19, -17))
    case 'day_of_week':
      // 1 January 1970 was a Thursday, the fourth day of the week.
      return ((((Math.floor(Date.parse(local) / 86_400_000) + 3) % 7) + 7) % 7) + 1
  }
}

function overWindow(
  feature: WindowFeature,
  history: readonly Event[],
  event: Event,
): number | null {
  const tileOf = ({ timeMs }: Event): number => Math.floor(timeMs / feature.tileMs)
  const newest = tileOf(event)
  const oldest = newest - feature.windowMs / feature.tileMs + 1
  const isSeen = (seen: Event): boolean =>
    tileOf(seen) >= oldest && tileOf(seen) <= newest && isMet(feature, seen)
  if (feature.operation === 'seconds_since_previous') {
    const previous = history.filter(isSeen).map(({ timeMs }) => timeMs)
    if (previous.length === 0) return null
    return Math.max(0, event.timeMs - previous.reduce((a, b) => Math.max(a, b))) / 1000
  }
  const inWindow = [...history, event].filter(isSeen)
  const tiles = Map.groupBy(inWindow, tileOf)
  const inOrder = [...tiles].toSorted(([a], [b]) => a - b).map(([, events]) => events)
  return aggregate(feature, inOrder)
}

/** Null meets nothing. */
function isMet({ where }: WindowFeature, { values }: Event): boolean {
  if (where === undefined) return true
  const value = values[where.slot] ?? null
  if (value === null) return false
  const bound = where.values[0] ?? Number.NaN
  const isComparable = typeof value === 'number' && typeof bound === 'number'
  switch (where.comparison) {
    case 'eq':
    case 'in':
      return where.values.some((candidate) => candidate === value)
    case 'ne':
      return value !== bound
    case 'lt':
      return isComparable && value < bound
    case 'le':
      return isComparable && value <= bound
    case 'gt':
      return isComparable && value > bound
    case 'ge':
      return isComparable && value >= bound
  }
}

/** One number from the events of a window's tiles, oldest tile first; nulls are skipped. */
function aggregate(feature: WindowFeature, tiles: readonly (readonly Event[])[]): number | null {
  const { operation, inputSlot } = feature
  const input = (event: Event): FieldValue =>
    inputSlot === undefined ? 0 : (event.values[inputSlot] ?? null)
  const kept = tiles.map((tile) => tile.filter((event) => input(event) !== null))
  const values = kept.map((tile) => tile.map((event) => asNumber(input(event))))
  const all = values.flat()
  if (operation === 'count') return kept.flat().length
  if (operation === 'distinct')
    return distinct(
      feature,
      kept.map((tile) => tile.map(input)),
    )
  if (all.length === 0) return null
  const sum = plus(values.map(plus))
  switch (operation) {
    case 'sum':
      return sum
    case 'avg':
      return sum / all.length
    case 'min':
      return all.reduce((a, b) => Math.min(a, b))
    case 'max':
      return all.reduce((a, b) => Math.max(a, b))
    case 'variance':
      return variance(all)
    case 'stddev':
      return Math.sqrt(variance(all))
    case 'first':
      return asNumber(input(kept.flat().reduce((a, b) => (b.timeMs < a.timeMs ? b : a))))
    default:
      return asNumber(input(kept.flat().reduce((a, b) => (b.timeMs >= a.timeMs ? b : a))))
  }
}

/** Each tile keeps its first values, up to its bound. */
function distinct(feature: WindowFeature, tiles: readonly (readonly FieldValue[])[]): number {
  const kept = tiles.map((tile) => [...new Set(tile)].slice(0, feature.distinctMax))
  return new Set(kept.flat()).size
}

function plus(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

function variance(values: readonly number[]): number {
  const mean = plus(values) / values.length
  return plus(values.map((value) => (value - mean) ** 2)) / values.length
}

/** True is 1, false 0; −0 is 0. */
function asNumber(value: FieldValue): number {
  return Number(value) + 0
}
