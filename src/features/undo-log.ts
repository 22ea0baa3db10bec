import type { FieldValue } from '../domain/event.ts'
import type { PartitionState } from './partition-state.ts'
import type { SavedClock, StreamClock } from './stream-time.ts'
import { cell, type TileTable } from './tile-table.ts'

/** What an entry of the log is. */
const TILE = 0
const KEY_ADDED = 1
const KEY_HIDDEN = 2
const MEMBER = 3

/** Numbers of an entry: what it is, slot, index of the tile size or of the member, tile id, place of saved cells. */
const ENTRY = 5
/** The unit made the tile: there is nothing to go back to. */
const NOT_SAVED = -1

interface MemberAdded {
  readonly set: Set<FieldValue>
  readonly value: FieldValue
}

/** Numbers kept for the next unit at most; what a larger unit needed is let go after it. */
const KEPT_MAX = 1 << 17
const KEPT_MIN = 1 << 10

/**
 * How the open unit of work changed the state, so that it can be taken back exactly.
 *
 * Changes are made in place; the first change of a tile in a unit saves its cells and marks it. The
 * alternative, an overlay beside the state, would make every read of a window look in two places.
 */
export class UndoLog {
  #entries = new Float64Array(KEPT_MIN)
  /** Whose state each entry changed. */
  #owners: PartitionState[] = []
  #count = 0
  #tiles = 0
  #saved = new Float64Array(KEPT_MIN)
  #savedCount = 0
  #members: MemberAdded[] = []
  readonly #clocks = new Map<StreamClock, SavedClock>()

  /** To be called before tile `index` of the selected slot changes; at once when the unit has just made it. */
  touch(owner: PartitionState, table: TileTable, index: number, isNew: boolean): void {
    if (table.isMarked(index)) return
    const savedAt = isNew ? NOT_SAVED : this.#save(table, index)
    this.#add(owner, TILE, table.slot, table.group.index, table.idAt(index), savedAt)
    this.#tiles++
    table.mark(index, true)
  }

  /** Entries: how much the open unit holds so that it can be taken back. */
  get size(): number {
    return this.#count
  }

  /** Whether the open unit changed any tile. */
  get hasTiles(): boolean {
    return this.#tiles > 0
  }

  /** The tiles changed by the open unit, each once, in order of their first change; `table` is at its slot. */
  eachTile(visit: (owner: PartitionState, table: TileTable, tileId: number) => void): void {
    for (let entry = 0; entry < this.#count; entry++) {
      const at = entry * ENTRY
      const owner = this.#owners[entry]
      if (cell(this.#entries, at) !== TILE || owner === undefined) continue
      const slot = cell(this.#entries, at + 1)
      // A key that the unit touched may have made room later in the same unit.
      if (owner.keyAt(slot) === undefined) continue
      const table = owner.tables[cell(this.#entries, at + 2)]
      if (table !== undefined) visit(owner, table.select(slot), cell(this.#entries, at + 3))
    }
  }

  memberAdded(owner: PartitionState, set: Set<FieldValue>, value: FieldValue): void {
    this.#add(owner, MEMBER, 0, this.#members.push({ set, value }) - 1, 0, NOT_SAVED)
  }

  keyAdded(owner: PartitionState, slot: number): void {
    this.#add(owner, KEY_ADDED, slot, 0, 0, NOT_SAVED)
  }

  keyHidden(owner: PartitionState, slot: number): void {
    this.#add(owner, KEY_HIDDEN, slot, 0, 0, NOT_SAVED)
  }

  /** To be called before a clock moves. */
  clockMoves(clock: StreamClock): void {
    if (!this.#clocks.has(clock)) this.#clocks.set(clock, clock.save())
  }

  /** Keeps what the unit changed, and begins a new one; `visit` is told of each tile's key, `table` at its slot. */
  accept(visit: (owner: PartitionState, table: TileTable) => void): void {
    this.eachTile((owner, table, tileId) => {
      const index = table.position(tileId)
      if (index < table.count && table.idAt(index) === tileId) table.mark(index, false)
      visit(owner, table)
    })
    for (let entry = 0; entry < this.#count; entry++) {
      if (cell(this.#entries, entry * ENTRY) !== KEY_HIDDEN) continue
      this.#owners[entry]?.dropKey(cell(this.#entries, entry * ENTRY + 1))
    }
    this.#begin()
  }

  /** Takes everything back, newest first, and begins a new unit. */
  undo(): void {
    for (let entry = this.#count - 1; entry >= 0; entry--) this.#undoEntry(entry)
    for (const [clock, saved] of this.#clocks) clock.restore(saved)
    this.#begin()
  }

  #begin(): void {
    this.#count = 0
    this.#tiles = 0
    this.#savedCount = 0
    this.#members = []
    this.#clocks.clear()
    if (this.#saved.length > KEPT_MAX) this.#saved = new Float64Array(KEPT_MIN)
    if (this.#entries.length <= KEPT_MAX) return
    this.#entries = new Float64Array(KEPT_MIN)
    this.#owners = []
  }

  #undoEntry(entry: number): void {
    const at = entry * ENTRY
    const owner = this.#owners[entry]
    const slot = cell(this.#entries, at + 1)
    const index = cell(this.#entries, at + 2)
    switch (cell(this.#entries, at)) {
      case KEY_ADDED:
        owner?.removeKey(slot)
        return
      case KEY_HIDDEN:
        owner?.showKey(slot)
        return
      case MEMBER: {
        const member = this.#members[index]
        if (member !== undefined) owner?.removeMember(member.set, member.value)
        return
      }
      default: {
        const table = owner?.tables[index]?.select(slot)
        if (owner === undefined || table === undefined) return
        this.#undoTile(owner, table, cell(this.#entries, at + 3), cell(this.#entries, at + 4))
      }
    }
  }

  #undoTile(owner: PartitionState, table: TileTable, tileId: number, savedAt: number): void {
    const index = table.lowerBound(tileId)
    if (savedAt === NOT_SAVED) return owner.removeTiles(table, index, 1)
    const saved = this.#saved.subarray(savedAt, savedAt + table.group.stride)
    table.cells.set(saved, table.cellOf(index))
  }

  // An object per entry is what this log is there to avoid.
  // oxlint-disable-next-line max-params
  #add(
    owner: PartitionState,
    what: number,
    slot: number,
    index: number,
    tileId: number,
    savedAt: number,
  ): void {
    const at = this.#count * ENTRY
    this.#entries = withRoom(this.#entries, at + ENTRY)
    this.#entries[at] = what
    this.#entries[at + 1] = slot
    this.#entries[at + 2] = index
    this.#entries[at + 3] = tileId
    this.#entries[at + 4] = savedAt
    this.#owners[this.#count++] = owner
  }

  #save({ cells, group, at }: TileTable, index: number): number {
    const { stride } = group
    const savedAt = this.#savedCount
    this.#savedCount += stride
    this.#saved = withRoom(this.#saved, this.#savedCount)
    const from = at + index * stride
    for (let i = 0; i < stride; i++) this.#saved[savedAt + i] = cell(cells, from + i)
    return savedAt
  }
}

function withRoom(numbers: Float64Array<ArrayBuffer>, count: number): Float64Array<ArrayBuffer> {
  if (count <= numbers.length) return numbers
  const grown = new Float64Array(count * 2)
  grown.set(numbers)
  return grown
}
