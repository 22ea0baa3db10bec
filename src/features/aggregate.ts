import type { FieldValue } from '../domain/event.ts'
import type { Condition } from '../domain/model-spec.ts'
import type { Accumulator, MergeKind } from './plan.ts'
import { cell } from './tile-table.ts'

/** What an accumulator needs to know of the event. */
export interface AggregateInput {
  timeMs: number
  /** The event's fields as numbers, by slot; NaN = null. */
  readonly values: Float64Array
  /** Which conditions the event meets, by index; 1 = met. */
  readonly met: Uint8Array
}

/** Whether a field's value meets a condition; null never does (SQL's three-valued logic). */
export function meets(condition: Condition, value: FieldValue | undefined): boolean {
  if (value === null || value === undefined) return false
  const bound = condition.values[0]
  switch (condition.comparison) {
    case 'eq':
      return value === bound
    case 'ne':
      return value !== bound
    case 'in':
      return condition.values.includes(value)
    case 'lt':
      return typeof bound === 'number' && typeof value === 'number' && value < bound
    case 'le':
      return typeof bound === 'number' && typeof value === 'number' && value <= bound
    case 'gt':
      return typeof bound === 'number' && typeof value === 'number' && value > bound
    case 'ge':
      return typeof bound === 'number' && typeof value === 'number' && value >= bound
  }
}

/** Adds the event to every accumulator of the tile that begins at cell `base`; nulls are skipped. */
export function accumulate(
  accumulators: readonly Accumulator[],
  cells: Float64Array,
  base: number,
  input: AggregateInput,
): void {
  for (const { kind, slot, condition, offset } of accumulators) {
    if (condition >= 0 && input.met[condition] !== 1) continue
    const value = slot < 0 ? 0 : cell(input.values, slot)
    if (Number.isNaN(value)) continue
    const at = base + offset
    switch (kind) {
      case 'count':
        cells[at] = cell(cells, at) + 1
        break
      case 'sum':
        cells[at] = cell(cells, at) + value
        break
      case 'min':
        if (!(cell(cells, at) <= value)) cells[at] = value
        break
      case 'max':
        if (!(cell(cells, at) >= value)) cells[at] = value
        break
      case 'moments':
        addMoment(cells, at, value)
        break
      case 'last':
        if (!(cell(cells, at) > input.timeMs)) setTimed(cells, at, input.timeMs, value)
        break
      case 'first':
        if (!(cell(cells, at) <= input.timeMs)) setTimed(cells, at, input.timeMs, value)
        break
      case 'latest':
        if (!(cell(cells, at) >= input.timeMs)) cells[at] = input.timeMs
        break
    }
  }
}

/** Count, mean and sum of squared distances from the mean, one value more (Welford 1962). */
function addMoment(cells: Float64Array, at: number, value: number): void {
  const count = cell(cells, at) + 1
  const delta = value - cell(cells, at + 1)
  const mean = cell(cells, at + 1) + delta / count
  cells[at] = count
  cells[at + 1] = mean
  cells[at + 2] = cell(cells, at + 2) + delta * (value - mean)
}

function setTimed(cells: Float64Array, at: number, timeMs: number, value: number): void {
  cells[at] = timeMs
  cells[at + 1] = value
}

/** The tiles of a window: cells `[from, to)`, whole tiles in time order. */
export interface TileRange {
  cells: Float64Array
  from: number
  to: number
  stride: number
}

/** One number out of the tiles of a window, in time order; NaN = null. */
export function mergeTiles(kind: MergeKind, offset: number, range: TileRange): number {
  switch (kind) {
    case 'total':
      return total(range, offset)
    case 'min':
      return smallest(range, offset)
    case 'max':
      return largest(range, offset)
    case 'variance':
      return variance(range, offset)
    case 'last':
      return newest(range, offset, 1)
    case 'latest':
      return newest(range, offset, 0)
    case 'first':
      return oldest(range, offset)
  }
}

function total({ cells, from, to, stride }: TileRange, offset: number): number {
  let sum = 0
  for (let at = from + offset; at < to; at += stride) sum += cell(cells, at)
  return sum
}

function smallest({ cells, from, to, stride }: TileRange, offset: number): number {
  let min = NaN
  for (let at = from + offset; at < to; at += stride) {
    const value = cell(cells, at)
    if (!(min <= value) && !Number.isNaN(value)) min = value
  }
  return min
}

function largest({ cells, from, to, stride }: TileRange, offset: number): number {
  let max = NaN
  for (let at = from + offset; at < to; at += stride) {
    const value = cell(cells, at)
    if (!(max >= value) && !Number.isNaN(value)) max = value
  }
  return max
}

/** Population variance: the tiles' moments combined pairwise, oldest first (Chan et al. 1979). */
function variance({ cells, from, to, stride }: TileRange, offset: number): number {
  let count = 0
  let mean = 0
  let squares = 0
  for (let at = from + offset; at < to; at += stride) {
    const tileCount = cell(cells, at)
    if (tileCount === 0) continue
    // The first tile as it is: a far mean's square times zero would not be a number.
    const both = count + tileCount
    const delta = count === 0 ? 0 : cell(cells, at + 1) - mean
    squares += cell(cells, at + 2) + delta * delta * ((count * tileCount) / both)
    mean = count === 0 ? cell(cells, at + 1) : mean + delta * (tileCount / both)
    count = both
  }
  return count === 0 ? NaN : squares / count
}

/** Cell `offset + part` of the newest tile that has anything at `offset`. */
function newest({ cells, from, to, stride }: TileRange, offset: number, part: 0 | 1): number {
  for (let at = to - stride + offset; at >= from; at -= stride) {
    if (!Number.isNaN(cell(cells, at))) return cell(cells, at + part)
  }
  return NaN
}

/** The value of the oldest tile that has one. */
function oldest({ cells, from, to, stride }: TileRange, offset: number): number {
  for (let at = from + offset; at < to; at += stride) {
    if (!Number.isNaN(cell(cells, at))) return cell(cells, at + 1)
  }
  return NaN
}
