import type { FieldValue } from '../domain/event.ts'
import type { TileGroup } from './plan.ts'
import { type Bytes, decodeCells, decodeSets } from './tile-codec.ts'
import type { StreamClock } from './stream-time.ts'
import { TileTable } from './tile-table.ts'

/** Of a key without its characters, bytes: its entry in a map that has just grown, its name, its slot. */
const KEY_BYTES = 90
/** Of a key's slot in a table, and of whose its block is; arrays have up to half as much to spare. */
const SLOT_BYTES = 20
/** Of a set that is empty, and of a value in it: a text of some ten characters, more than a number needs. */
const SET_BYTES = 220
const MEMBER_BYTES = 80
const CELL_BYTES = 8

/** What a partition's state needs to know of the plan. */
export interface PartitionPlan {
  readonly groups: readonly TileGroup[]
  readonly latenessMs: number
}

/**
 * The state of one input partition: its stream time and its keys' tiles. All changes go through here.
 *
 * A key has a slot, the same as long as it is held.
 */
export class PartitionState {
  readonly partition: number
  readonly clock: StreamClock
  /** One per tile size of the plan. */
  readonly tables: readonly TileTable[]
  readonly #latenessMs: number
  readonly #slots = new Map<string, number>()
  readonly #names: (string | undefined)[] = []
  readonly #freeSlots: number[] = []
  /** Slots of keys taken away by the open unit, which may still be taken back. */
  readonly #hidden = new Set<number>()
  #hand = 0
  /** How many tiles there are of each id, per tile size. */
  readonly #tilesById: Map<number, number>[]
  #tiles = 0
  /** Characters of the keys held. */
  #characters = 0
  /** Sets of distinct values, and what is in them. */
  #sets = 0
  #members = 0

  constructor(partition: number, clock: StreamClock, plan: PartitionPlan) {
    this.partition = partition
    this.clock = clock
    this.tables = plan.groups.map((group) => new TileTable(group))
    this.#tilesById = plan.groups.map(() => new Map())
    this.#latenessMs = plan.latenessMs
  }

  get keys(): number {
    return this.#slots.size
  }

  /** Slots there are, those without a key included. */
  get slots(): number {
    return this.#names.length
  }

  get tiles(): number {
    return this.#tiles
  }

  /** Tiles that an event that is not late can still see: the same number wherever the log was cut. */
  get reachableTiles(): number {
    let reachable = 0
    for (const [index, { group }] of this.tables.entries()) {
      const limit = this.#unreachable(group)
      for (const [id, tiles] of this.#tilesById[index] ?? []) if (id > limit) reachable += tiles
    }
    return reachable
  }

  /**
   * An estimate of the memory held: of the same state always the same, so without what arrays and heap have to
   * spare, which depends on what was before. `bench/state.ts` compares it with what is resident.
   */
  get bytes(): number {
    let bytes = this.#slots.size * (KEY_BYTES + SLOT_BYTES * this.tables.length) + this.#characters
    for (const table of this.tables) bytes += table.heldCells * CELL_BYTES
    return bytes + this.#sets * SET_BYTES + this.#members * MEMBER_BYTES
  }

  /** The slot of a key; `undefined` for one that is not held. */
  slotOf(key: string): number | undefined {
    return this.#slots.get(key)
  }

  /** The key of a slot; `undefined` when no key that is held has it. */
  keyAt(slot: number): string | undefined {
    return this.#hidden.size > 0 && this.#hidden.has(slot) ? undefined : this.#names[slot]
  }

  /** Begins to hold a key. @returns its slot */
  addKey(key: string): number {
    const slot = this.#freeSlots.pop() ?? this.#names.length
    this.#names[slot] = key
    this.#holdKey(key, slot)
    return slot
  }

  /** Forgets a key and its tiles. */
  removeKey(slot: number): void {
    this.hideKey(slot)
    this.dropKey(slot)
  }

  /** As if a key were removed, but `showKey` can bring it back. */
  hideKey(slot: number): void {
    const key = this.#names[slot] ?? ''
    if (this.#slots.delete(key)) this.#characters -= key.length
    this.#hidden.add(slot)
    this.#weigh(slot, -1)
  }

  /** Undoes `hideKey`. */
  showKey(slot: number): void {
    this.#holdKey(this.#names[slot] ?? '', slot)
    this.#hidden.delete(slot)
    this.#weigh(slot, 1)
  }

  /** Lets go of what a hidden key held. */
  dropKey(slot: number): void {
    for (const table of this.tables) {
      table.select(slot)
      if (table.count > 0) table.remove(0, table.count)
    }
    this.#hidden.delete(slot)
    this.#names[slot] = undefined
    this.#freeSlots.push(slot)
  }

  /** Puts an empty tile into the table's selected slot. */
  insertTile(table: TileTable, index: number, id: number): void {
    table.insert(index, id)
    this.#countTile(table.group, id, 1)
    this.#tiles++
    this.#sets += table.group.distincts.length
  }

  /** A tile of the selected slot as the changelog has it. @returns whether its bytes were whole */
  restoreTile(table: TileTable, id: number, value: Bytes): boolean {
    const { distincts } = table.group
    const sets = tryDecodeSets(value, table.group)
    if (sets === undefined) return false
    const index = table.position(id)
    if (index === table.count || table.idAt(index) !== id) this.insertTile(table, index, id)
    decodeCells(value, table, index)
    for (const [at, values] of sets.entries()) {
      const set = table.sets[index * distincts.length + at]
      if (set === undefined) continue
      for (const member of set) this.removeMember(set, member)
      for (const member of values) this.addMember(set, member)
    }
    return true
  }

  /** Takes tiles out of the table's selected slot. */
  removeTiles(table: TileTable, index: number, count: number): void {
    const { group, sets } = table
    const perTile = group.distincts.length
    for (let i = index; i < index + count; i++) this.#countTile(group, table.idAt(i), -1)
    for (let i = index * perTile; i < (index + count) * perTile; i++) {
      this.#members -= sets[i]?.size ?? 0
    }
    this.#sets -= count * perTile
    this.#tiles -= count
    table.remove(index, count)
  }

  addMember(set: Set<FieldValue>, value: FieldValue): void {
    set.add(value)
    this.#members++
  }

  removeMember(set: Set<FieldValue>, value: FieldValue): void {
    set.delete(value)
    this.#members--
  }

  /** Drops the selected slot's tiles at the old end that no event can see any more unless it is late. */
  expire(table: TileTable): void {
    const limit = this.#unreachable(table.group)
    if (table.count === 0 || table.idAt(0) > limit) return
    this.removeTiles(table, 0, table.lowerBound(limit + 1))
  }

  /** Whether an event that is not late can see the tile. */
  isInReach(group: TileGroup, tileId: number): boolean {
    return tileId > this.#unreachable(group)
  }

  /**
   * Moves the sweeping hand to the next slot, once per round to none. @returns the slot when its key can
   * go, since no event can see any tile of it unless it is late; `held` when it cannot
   */
  sweep(): number | 'held' | 'round' {
    if (this.#hand >= this.#names.length) {
      this.#hand = 0
      return 'round'
    }
    const slot = this.#hand++
    return this.keyAt(slot) !== undefined && this.#isOutOfReach(slot) ? slot : 'held'
  }

  #holdKey(key: string, slot: number): void {
    this.#slots.set(key, slot)
    this.#characters += key.length
  }

  #isOutOfReach(slot: number): boolean {
    return this.tables.every((table) => {
      const { count, group } = table.select(slot)
      return count === 0 || table.idAt(count - 1) <= this.#unreachable(group)
    })
  }

  /** The newest tile id that no event can see any more unless it is late. */
  #unreachable(group: TileGroup): number {
    return Math.floor((this.clock.timeMs - this.#latenessMs) / group.tileMs) - group.tilesMax
  }

  #countTile(group: TileGroup, id: number, by: 1 | -1): void {
    const counts = this.#tilesById[group.index]
    const count = (counts?.get(id) ?? 0) + by
    if (count === 0) counts?.delete(id)
    else counts?.set(id, count)
  }

  /** Counts what a slot holds in, or out. */
  #weigh(slot: number, sign: 1 | -1): void {
    for (const table of this.tables) {
      const { count, group } = table.select(slot)
      this.#tiles += sign * count
      this.#sets += sign * count * group.distincts.length
      for (let i = 0; i < count; i++) this.#countTile(group, table.idAt(i), sign)
      for (let i = 0; i < count * group.distincts.length; i++) {
        this.#members += sign * (table.sets[i]?.size ?? 0)
      }
    }
  }
}

function tryDecodeSets(value: Bytes, group: TileGroup): FieldValue[][] | undefined {
  if (group.distincts.length === 0) return []
  try {
    return decodeSets(value, group)
  } catch {
    return undefined
  }
}
