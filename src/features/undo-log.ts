import type { FieldValue } from '../domain/event.ts'
import type { KeyState } from './partition-state.ts'
import { TILE_UNIT } from './plan.ts'
import type { SavedClock, StreamClock } from './stream-time.ts'
import { cell, type TileList } from './tile-list.ts'

/** A tile that the open unit of work changed. */
export interface TouchedTile {
  readonly state: KeyState
  readonly list: TileList
  readonly tileId: number
}

type Change =
  | (TouchedTile & { readonly kind: 'tile' /** −1: the unit made it. */; readonly savedAt: number })
  | { readonly kind: 'key-added' | 'key-removed'; readonly state: KeyState }
  | MemberAdded

interface MemberAdded {
  readonly kind: 'member'
  readonly state: KeyState
  readonly set: Set<FieldValue>
  readonly value: FieldValue
}

/** A pool of saved cells larger than this is let go after the unit that needed it. */
const SAVED_KEPT_MAX = 1 << 17
const SAVED_MIN = 1 << 10

/**
 * How the open unit of work changed the state, so that it can be taken back exactly.
 *
 * Changes are made in place; the first change of a tile in a unit saves its cells. The alternative,
 * an overlay beside the state, would make every read of a window look in two places.
 */
export class UndoLog {
  /** The open unit's number; a tile that carries it is in the log. */
  #unit = 1
  readonly #changes: Change[] = []
  readonly #clocks = new Map<StreamClock, SavedClock>()
  #saved = new Float64Array(SAVED_MIN)
  #savedCount = 0
  #tiles = 0

  /** To be called before tile `index` changes; at once when the unit has just made it. */
  touch(state: KeyState, list: TileList, index: number, isNew: boolean): void {
    const { stride } = list.group
    const at = index * stride
    if (cell(list.cells, at + TILE_UNIT) === this.#unit) return
    const savedAt = isNew ? -1 : this.#save(list.cells, at, stride)
    this.#changes.push({ kind: 'tile', state, list, tileId: list.idAt(index), savedAt })
    this.#tiles++
    list.cells[at + TILE_UNIT] = this.#unit
  }

  /** The tiles changed by the open unit, each once, in order of their first change. */
  *touched(): Generator<TouchedTile> {
    for (const change of this.#changes) if (change.kind === 'tile') yield change
  }

  /** Whether the open unit changed any tile. */
  get hasTiles(): boolean {
    return this.#tiles > 0
  }

  memberAdded(state: KeyState, set: Set<FieldValue>, value: FieldValue): void {
    this.#changes.push({ kind: 'member', state, set, value })
  }

  keyAdded(state: KeyState): void {
    this.#changes.push({ kind: 'key-added', state })
  }

  keyRemoved(state: KeyState): void {
    this.#changes.push({ kind: 'key-removed', state })
  }

  /** To be called before a clock moves. */
  clockMoves(clock: StreamClock): void {
    if (!this.#clocks.has(clock)) this.#clocks.set(clock, clock.save())
  }

  /** Takes everything back, newest first, and begins a new unit. */
  undo(): void {
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i]
      if (change !== undefined) this.#undoChange(change)
    }
    for (const [clock, saved] of this.#clocks) clock.restore(saved)
    this.clear()
  }

  /** Forgets how to undo and begins a new unit. */
  clear(): void {
    this.#unit++
    this.#changes.length = 0
    this.#clocks.clear()
    this.#savedCount = 0
    this.#tiles = 0
    if (this.#saved.length > SAVED_KEPT_MAX) this.#saved = new Float64Array(SAVED_MIN)
  }

  #undoChange(change: Change): void {
    const { owner } = change.state
    switch (change.kind) {
      case 'key-added':
        return owner.removeKey(change.state)
      case 'key-removed':
        return owner.putKey(change.state)
      case 'member':
        return owner.removeMember(change.set, change.value)
      case 'tile': {
        const { list, tileId, savedAt } = change
        const index = list.lowerBound(tileId)
        if (savedAt < 0) return owner.removeTiles(list, index, 1)
        const { stride } = list.group
        list.cells.set(this.#saved.subarray(savedAt, savedAt + stride), index * stride)
      }
    }
  }

  #save(cells: Float64Array, from: number, count: number): number {
    const at = this.#savedCount
    this.#savedCount += count
    if (this.#savedCount > this.#saved.length) {
      const grown = new Float64Array(this.#savedCount * 2)
      grown.set(this.#saved)
      this.#saved = grown
    }
    for (let i = 0; i < count; i++) this.#saved[at + i] = cell(cells, from + i)
    return at
  }
}
