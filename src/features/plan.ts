import type { Condition, FeatureSpec, ModelSpec, WindowFeature } from '../domain/model-spec.ts'

/** Cell of a tile that holds its id: floor(event time / tile size). */
export const TILE_ID = 0

/** First cell of a tile that belongs to an accumulator. */
export const FIRST_CELL = 1

/** What a tile keeps of the events that fell into it. */
export type AccumulatorKind =
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'moments'
  | 'last'
  | 'first'
  | 'latest'

/** One running aggregate of a tile; features with the same needs share it. */
export interface Accumulator {
  readonly kind: AccumulatorKind
  /** Slot of the input field; −1: every event counts. */
  readonly slot: number
  /** Index into `Plan.conditions`; −1: none. */
  readonly condition: number
  /** First cell of the accumulator in its tile. */
  readonly offset: number
}

/** The values a tile keeps for `distinct`, outside the packed cells. */
export interface DistinctSet {
  readonly slot: number
  readonly condition: number
  readonly valuesMax: number
}

/** How the tiles of a window become one number. */
export type MergeKind = 'total' | 'min' | 'max' | 'variance' | 'last' | 'first' | 'latest'

/** One pass over the tiles of a window. */
export interface Merge {
  readonly kind: MergeKind
  /** First cell of the accumulator in each tile. */
  readonly offset: number
  /** Where the number goes in the row of results. */
  readonly result: number
}

/** A window over the tiles of a group, and all that is computed over it. */
export interface PlannedWindow {
  readonly tiles: number
  /** Merged before the event is added. */
  readonly before: Merge[]
  /** Merged once the event is added. */
  readonly after: Merge[]
  readonly distincts: { readonly index: number; readonly result: number }[]
}

/** All that shares one tile size: one sorted list of tiles per key. */
export interface TileGroup {
  /** Its place among the plan's groups. */
  readonly index: number
  readonly tileMs: number
  /** The longest window, in tiles. */
  readonly tilesMax: number
  /** Cells per tile. */
  readonly stride: number
  /** The cells of a tile without events. */
  readonly empty: Float64Array
  readonly accumulators: readonly Accumulator[]
  readonly distincts: readonly DistinctSet[]
  readonly windows: readonly PlannedWindow[]
}

/** How a column of the row is made from merge results, or from the event alone. */
export type Column =
  | { readonly kind: 'result' | 'stddev' | 'since'; readonly result: number }
  | { readonly kind: 'sum' | 'avg'; readonly total: number; readonly count: number }
  | { readonly kind: 'event'; readonly feature: Extract<FeatureSpec, { kind: 'event' }> }

/** A model's features, compiled once, so that an event costs loops over flat arrays and nothing else. */
export interface Plan {
  readonly groups: readonly TileGroup[]
  readonly conditions: readonly Condition[]
  readonly columns: readonly Column[]
  /** Written in place of null, per column; NaN keeps the null. */
  readonly defaults: Float64Array
  readonly results: number
  /** How far behind stream time an event may lie and still be seen by one that is not late, ms. */
  readonly reachMs: number
}

const CELLS: Readonly<Record<AccumulatorKind, readonly number[]>> = {
  count: [0],
  sum: [0],
  min: [NaN],
  max: [NaN],
  moments: [0, 0, 0],
  last: [NaN, NaN],
  first: [NaN, NaN],
  latest: [NaN],
}

/** Compiles a model's features. */
export function compilePlan(spec: ModelSpec): Plan {
  const conditions = new Registry<Condition>()
  const results = { count: 0 }
  const groups = new Map<number, GroupBuilder>()
  const groupOf = (feature: WindowFeature): GroupBuilder => {
    const group =
      groups.get(feature.tileMs) ?? new GroupBuilder({ spec, results, conditions }, feature.tileMs)
    groups.set(feature.tileMs, group)
    return group
  }
  const columns = spec.features.map(
    (feature): Column =>
      feature.kind === 'event' ? { kind: 'event', feature } : groupOf(feature).column(feature),
  )
  return {
    groups: [...groups.values()].map((group, index) => group.build(index)),
    conditions: conditions.entries,
    columns,
    defaults: Float64Array.from(spec.features, (feature) => feature.defaultValue ?? NaN),
    results: results.count,
    reachMs: reachOf(spec),
  }
}

function reachOf(spec: ModelSpec): number {
  const reaches = spec.features.map((feature) =>
    feature.kind === 'window' ? feature.windowMs + 2 * feature.tileMs : 0,
  )
  return Math.max(...reaches, 0) + spec.latenessMs
}

/** What the groups of a plan share while it is compiled. */
interface Shared {
  readonly spec: ModelSpec
  readonly results: { count: number }
  readonly conditions: Registry<Condition>
}

/** Entries in order of arrival, equal ones once. */
class Registry<Entry> {
  readonly entries: Entry[] = []
  readonly #indexes = new Map<string, number>()

  /** The entry's index; `make` is called for an entry not seen before. */
  indexOf(identity: unknown, make: () => Entry): number {
    const text = JSON.stringify(identity)
    const index = this.#indexes.get(text) ?? this.entries.push(make()) - 1
    this.#indexes.set(text, index)
    return index
  }
}

type Source = Pick<Accumulator, 'slot' | 'condition'>

class GroupBuilder {
  readonly #shared: Shared
  readonly #tileMs: number
  readonly #accumulators = new Registry<Accumulator>()
  readonly #distincts = new Registry<DistinctSet>()
  readonly #windows = new Registry<PlannedWindow>()
  readonly #results = new Registry<number>()
  readonly #empty: number[] = Array.from({ length: FIRST_CELL }, () => 0)

  constructor(shared: Shared, tileMs: number) {
    this.#shared = shared
    this.#tileMs = tileMs
  }

  build(index: number): TileGroup {
    const windows = this.#windows.entries
    return {
      index,
      tileMs: this.#tileMs,
      tilesMax: Math.max(...windows.map((window) => window.tiles)),
      stride: this.#empty.length,
      empty: Float64Array.from(this.#empty),
      accumulators: this.#accumulators.entries,
      distincts: this.#distincts.entries,
      windows,
    }
  }

  column(feature: WindowFeature): Column {
    const window = this.#window(feature.windowMs / this.#tileMs)
    const source = this.#source(feature)
    switch (feature.operation) {
      case 'count':
        return { kind: 'result', result: this.#count(window, source) }
      case 'sum':
      case 'avg': {
        const total = this.#merged(window, 'total', this.#accumulator('sum', source))
        return { kind: feature.operation, total, count: this.#count(window, source) }
      }
      case 'min':
      case 'max':
      case 'last':
      case 'first': {
        const offset = this.#accumulator(feature.operation, source)
        return { kind: 'result', result: this.#merged(window, feature.operation, offset) }
      }
      case 'variance':
      case 'stddev': {
        const offset = this.#accumulator('moments', source)
        const kind = feature.operation === 'stddev' ? 'stddev' : 'result'
        return { kind, result: this.#merged(window, 'variance', offset) }
      }
      case 'seconds_since_previous': {
        const offset = this.#accumulator('latest', { ...source, slot: -1 })
        return { kind: 'since', result: this.#merged(window, 'latest', offset) }
      }
      case 'distinct':
        return { kind: 'result', result: this.#distinct(window, source, feature.distinctMax ?? 1) }
    }
  }

  #source(feature: WindowFeature): Source {
    const { inputSlot, where } = feature
    const { conditions } = this.#shared
    return {
      slot: inputSlot ?? -1,
      condition: where === undefined ? -1 : conditions.indexOf(where, () => where),
    }
  }

  /** A required field is never null, so counting its values is counting events. */
  #count(window: PlannedWindow, source: Source): number {
    const field = this.#shared.spec.event.fields[source.slot]
    const slot = field === undefined || !field.optional ? -1 : source.slot
    return this.#merged(window, 'total', this.#accumulator('count', { ...source, slot }))
  }

  #accumulator(kind: AccumulatorKind, source: Source): number {
    const index = this.#accumulators.indexOf([kind, source.slot, source.condition], () => {
      const offset = this.#empty.length
      this.#empty.push(...CELLS[kind])
      return { kind, ...source, offset }
    })
    return this.#accumulators.entries[index]?.offset ?? 0
  }

  #window(tiles: number): PlannedWindow {
    const make = (): PlannedWindow => ({ tiles, before: [], after: [], distincts: [] })
    const window = this.#windows.entries[this.#windows.indexOf(tiles, make)]
    return window ?? make()
  }

  #merged(window: PlannedWindow, kind: MergeKind, offset: number): number {
    return this.#result([window.tiles, kind, offset], (result) => {
      const merges = kind === 'latest' ? window.before : window.after
      merges.push({ kind, offset, result })
    })
  }

  #distinct(window: PlannedWindow, source: Source, valuesMax: number): number {
    const set = { ...source, valuesMax }
    const index = this.#distincts.indexOf(set, () => set)
    return this.#result([window.tiles, 'distinct', index], (result) => {
      window.distincts.push({ index, result })
    })
  }

  #result(identity: unknown, add: (result: number) => void): number {
    const index = this.#results.indexOf(identity, () => {
      const result = this.#shared.results.count++
      add(result)
      return result
    })
    return this.#results.entries[index] ?? 0
  }
}
