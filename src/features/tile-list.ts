import type { FieldValue } from '../domain/event.ts'
import { TILE_ID, type TileGroup } from './plan.ts'

const CAPACITY_MIN = 2

/** Cell `index`. Indexes are computed from the plan, so they lie inside. */
export function cell(cells: Float64Array, index: number): number {
  return cells[index] ?? NaN
}

/**
 * The tiles of one key and one tile size, sorted by id, packed: tile `i` has the cells
 * `[i * stride, (i + 1) * stride)`. Only tiles that events fell into exist.
 */
export class TileList {
  readonly group: TileGroup
  cells: Float64Array
  count = 0
  /** The values `distinct` has seen, per tile and distinct set; in tile order. */
  readonly sets: Set<FieldValue>[] = []

  constructor(group: TileGroup) {
    this.group = group
    this.cells = new Float64Array(CAPACITY_MIN * group.stride)
  }

  /** Index of the first tile with an id of at least `id`; `count` when there is none. */
  lowerBound(id: number): number {
    const { cells } = this
    const { stride } = this.group
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cell(cells, middle * stride + TILE_ID) < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** As `lowerBound`, faster for the newest tile, where nearly every event falls. */
  position(id: number): number {
    const last = this.count - 1
    if (last < 0) return 0
    const newest = this.idAt(last)
    if (newest === id) return last
    return newest < id ? last + 1 : this.lowerBound(id)
  }

  /** The id of tile `index`, which must exist. */
  idAt(index: number): number {
    return cell(this.cells, index * this.group.stride + TILE_ID)
  }

  /** Puts an empty tile at `index`. */
  insert(index: number, id: number): void {
    const { stride, empty, distincts } = this.group
    if ((this.count + 1) * stride > this.cells.length) this.#resize(this.count * 2)
    const at = index * stride
    this.cells.copyWithin(at + stride, at, this.count * stride)
    this.cells.set(empty, at)
    this.cells[at + TILE_ID] = id
    this.count++
    for (let i = 0; i < distincts.length; i++) {
      this.sets.splice(index * distincts.length + i, 0, new Set())
    }
  }

  /** Takes `count` tiles out, beginning with tile `index`. */
  remove(index: number, count: number): void {
    const { stride, distincts } = this.group
    this.cells.copyWithin(index * stride, (index + count) * stride, this.count * stride)
    this.count -= count
    if (distincts.length > 0) this.sets.splice(index * distincts.length, count * distincts.length)
    const capacity = this.cells.length / stride
    if (capacity > 8 && this.count * 4 < capacity) this.#resize(this.count * 2)
  }

  #resize(tiles: number): void {
    const { stride } = this.group
    const cells = new Float64Array(Math.max(tiles, CAPACITY_MIN) * stride)
    cells.set(this.cells.subarray(0, this.count * stride))
    this.cells = cells
  }
}
