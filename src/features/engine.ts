import type { Event } from '../domain/event.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { type DeadLetter, deadLetter } from '../domain/outcome.ts'
import { accumulate, mergeTiles, meets, type TileRange } from './aggregate.ts'
import { asNumber, eventFeature } from './event-features.ts'
import type { PartitionState } from './partition-state.ts'
import { type Column, compilePlan, type Merge, type Plan, type PlannedWindow } from './plan.ts'
import { layoutOf, type StateLayout } from './layout.ts'
import type { StreamPosition } from './stream-time.ts'
import { type Bytes, type EncodedTile, TileEncoder } from './tile-codec.ts'
import { type Restored, type StateLimits, type StateSize, TileStore } from './tile-store.ts'
import { cell, type TileTable } from './tile-table.ts'

/** What became of an event. */
export type Applied =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'late' /** How far behind stream time − lateness, ms. */
      readonly byMs: number
    }
  | DeadLetter

const OK: Applied = Object.freeze({ kind: 'ok' })

/**
 * Computes the features of events, in log order, from event-time windows per key.
 *
 * State belongs to partitions, and at most one unit of work is open: events applied since the last
 * `accept` or `discard`. Nothing here depends on where units are cut, on other keys, or on the time
 * of day: the same log gives the same bits.
 */
export class FeatureEngine {
  /** Values per row: the model's input columns. */
  readonly columns: number
  /** What decides what a tile holds. */
  readonly layout: StateLayout
  /** Whether there is any state: a model may look at each event alone. */
  readonly hasState: boolean
  readonly #tileEncoder: TileEncoder
  readonly #plan: Plan
  readonly #store: TileStore
  readonly #latenessMs: number
  readonly #maxFutureSkewMs: number
  readonly #input: { timeMs: number; readonly values: Float64Array; readonly met: Uint8Array }
  readonly #results: Float64Array
  readonly #range: TileRange = { cells: new Float64Array(), from: 0, to: 0, stride: 0 }
  readonly #union = new Set<unknown>()
  #saturated = 0
  #saturatedInUnit = 0

  constructor(spec: ModelSpec, limits: StateLimits) {
    const plan = compilePlan(spec)
    this.columns = plan.columns.length
    this.layout = layoutOf(spec, plan)
    this.hasState = plan.groups.length > 0
    this.#tileEncoder = new TileEncoder(this.layout.hash)
    this.#plan = plan
    this.#latenessMs = spec.latenessMs
    this.#maxFutureSkewMs = spec.maxFutureSkewMs
    this.#store = new TileStore({ ...plan, limits, latenessMs: spec.latenessMs })
    this.#input = {
      timeMs: 0,
      values: new Float64Array(spec.event.fields.length),
      met: new Uint8Array(plan.conditions.length),
    }
    this.#results = new Float64Array(plan.results)
  }

  /** Times a value was not added to a `distinct` because its tile held `distinct_max` already. */
  get saturated(): number {
    return this.#saturated
  }

  /** Begins owning a partition; `restored` is what its committed offset carried, if anything. */
  open(partition: number, restored?: StreamPosition): void {
    this.#store.open(partition, restored)
  }

  /** Stops owning a partition and drops its state; the open unit must have ended. */
  close(partition: number): void {
    this.#store.close(partition)
  }

  /**
   * Takes in the event of one record and computes its row.
   *
   * @param recordTimestampMs the record's timestamp; −1 when the log has none
   * @param out receives `columns` values from `out[at]` on, NaN = null; untouched unless `ok`
   * @throws ServiceError `STATE_KEYS_MAX` when a new key finds no room: discard the unit
   */
  // An object per event would be the dearest thing in the loop.
  // oxlint-disable-next-line max-params
  apply(
    partition: number,
    offset: number,
    event: Event,
    recordTimestampMs: number,
    out: Float64Array,
    at: number,
  ): Applied {
    const owner = this.#store.partition(partition)
    const { clock } = owner
    const { timeMs } = event
    const byMs = clock.timeMs - this.#latenessMs - timeMs
    if (byMs > 0) return { kind: 'late', byMs }
    const skewMs = timeMs - recordTimestampMs
    if (recordTimestampMs >= 0 && skewMs > this.#maxFutureSkewMs) return this.#future(skewMs)
    if (clock.isMovedBy(timeMs)) {
      this.#store.undoLog.clockMoves(clock)
      clock.advance(offset, timeMs)
    }
    this.#read(event)
    if (this.hasState) this.#addToTiles(owner, this.#store.key(owner, event.key), event)
    this.#write(event, out, at)
    return OK
  }

  /** Keeps the open unit's changes; call it once its transaction has committed. */
  accept(): void {
    this.#store.accept()
    this.#saturated += this.#saturatedInUnit
    this.#saturatedInUnit = 0
  }

  /** Leaves everything exactly as the last `accept` left it. */
  discard(): void {
    this.#store.discard()
    this.#saturatedInUnit = 0
  }

  /** What must travel in the metadata of the offset committed with the open unit. */
  streamPosition(partition: number): StreamPosition {
    return this.#store.partition(partition).clock.position()
  }

  /**
   * The tiles changed by the open unit, each once, as they are now: what its transaction must write
   * to the changelog. The bytes are views that the next tile overwrites.
   */
  changes(visit: (partition: number, tile: EncodedTile) => void): void {
    this.#store.undoLog.eachTile((owner, table, tileId) => {
      const key = owner.keyAt(table.slot) ?? ''
      visit(owner.partition, this.#tileEncoder.encode(key, table, table.position(tileId)))
    })
  }

  /** Whether the open unit changed any tile. */
  get isChanged(): boolean {
    return this.#store.undoLog.hasTiles
  }

  /** Changes of the open unit that are held so that they can be taken back. */
  get changesHeld(): number {
    return this.#store.undoLog.size
  }

  /** Puts a record of the changelog into an open partition, outside units. @throws `STATE_KEYS_MAX` */
  restore(partition: number, record: { readonly key: Bytes; readonly value: Bytes }): Restored {
    return this.#store.restore(partition, this.layout.hash, record)
  }

  /** Tiles of a partition that an event that is not late can still see. */
  reachableTiles(partition: number): number {
    return this.#store.partition(partition).reachableTiles
  }

  /** How far behind stream time an event may lie and still be seen by one that is not late, ms. */
  get reachMs(): number {
    return this.#plan.reachMs
  }

  size(): StateSize {
    return this.#store.size()
  }

  #future(skewMs: number): DeadLetter {
    const detail = `event time is ${skewMs} ms ahead of the record timestamp, bound ${this.#maxFutureSkewMs} ms`
    return deadLetter('future-event-time', 'features', detail)
  }

  #read({ timeMs, values: fields }: Event): void {
    const { values, met } = this.#input
    const { conditions } = this.#plan
    this.#input.timeMs = timeMs
    for (let slot = 0; slot < values.length; slot++) values[slot] = asNumber(fields[slot])
    for (let i = 0; i < conditions.length; i++) {
      const condition = conditions[i]
      met[i] = condition !== undefined && meets(condition, fields[condition.slot]) ? 1 : 0
    }
  }

  #addToTiles(owner: PartitionState, slot: number, event: Event): void {
    for (const table of owner.tables) {
      table.select(slot)
      const { group } = table
      const id = Math.floor(event.timeMs / group.tileMs)
      const index = table.position(id)
      const isNew = index === table.count || table.idAt(index) !== id
      if (isNew) owner.insertTile(table, index, id)
      this.#store.undoLog.touch(owner, table, index, isNew)
      table.readAhead()
      this.#mergeBefore(table, index)
      accumulate(group.accumulators, table.cells, table.cellOf(index), this.#input)
      if (group.distincts.length > 0) this.#addDistinct(owner, table, index, event)
      this.#mergeAfter(table, index)
    }
  }

  #addDistinct(owner: PartitionState, table: TileTable, index: number, event: Event): void {
    const { distincts } = table.group
    for (let i = 0; i < distincts.length; i++) {
      const distinct = distincts[i]
      const set = table.sets[index * distincts.length + i]
      if (distinct === undefined || set === undefined) continue
      const { slot, condition, valuesMax } = distinct
      const value = event.values[slot]
      if (condition >= 0 && this.#input.met[condition] !== 1) continue
      if (value === null || value === undefined || set.has(value)) continue
      if (set.size >= valuesMax) {
        this.#saturatedInUnit++
        continue
      }
      owner.addMember(set, value)
      this.#store.undoLog.memberAdded(owner, set, value)
    }
  }

  #mergeBefore(table: TileTable, index: number): void {
    for (const window of table.group.windows) {
      if (window.before.length > 0)
        this.#mergeAll(window.before, table, windowStart(window, table, index), index)
    }
  }

  #mergeAfter(table: TileTable, index: number): void {
    for (const window of table.group.windows) {
      const start = windowStart(window, table, index)
      this.#mergeAll(window.after, table, start, index)
      for (const { index: set, result } of window.distincts) {
        this.#results[result] = this.#countDistinct(table, set, start, index)
      }
    }
  }

  #mergeAll(merges: readonly Merge[], table: TileTable, start: number, index: number): void {
    const range = this.#range
    const { stride } = table.group
    range.cells = table.cells
    range.from = table.cellOf(start)
    range.to = table.cellOf(index + 1)
    range.stride = stride
    for (const { kind, offset, result } of merges) {
      this.#results[result] = mergeTiles(kind, offset, range)
    }
  }

  #countDistinct(table: TileTable, set: number, start: number, index: number): number {
    const perTile = table.group.distincts.length
    if (start === index) return table.sets[start * perTile + set]?.size ?? 0
    const union = this.#union
    for (let tile = start; tile <= index; tile++) {
      for (const value of table.sets[tile * perTile + set] ?? []) union.add(value)
    }
    const count = union.size
    union.clear()
    return count
  }

  #write(event: Event, out: Float64Array, at: number): void {
    const { columns, defaults } = this.#plan
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      const value = column === undefined ? NaN : this.#column(column, event)
      out[at + i] = Number.isNaN(value) ? cell(defaults, i) : value
    }
  }

  #column(column: Column, event: Event): number {
    const results = this.#results
    switch (column.kind) {
      case 'result':
        return cell(results, column.result)
      case 'stddev':
        return Math.sqrt(cell(results, column.result))
      case 'since': {
        const sinceMs = event.timeMs - cell(results, column.result)
        return sinceMs < 0 ? 0 : sinceMs / 1000
      }
      case 'sum':
        return cell(results, column.count) === 0 ? NaN : cell(results, column.total)
      case 'avg':
        return cell(results, column.total) / cell(results, column.count)
      case 'event': {
        const { inputSlot } = column.feature
        const field = inputSlot === undefined ? undefined : event.values[inputSlot]
        return eventFeature(column.feature, field, event.timeMs)
      }
    }
  }
}

/** Index of the first tile of the window that ends with tile `index`. */
function windowStart(window: PlannedWindow, table: TileTable, index: number): number {
  const first = table.idAt(index) - window.tiles + 1
  return table.idAt(0) >= first ? 0 : table.lowerBound(first)
}
