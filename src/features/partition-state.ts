import type { FieldValue } from '../domain/event.ts'
import type { TileGroup } from './plan.ts'
import { type Bytes, decodeCells, decodeSets } from './tile-codec.ts'
import type { StreamClock } from './stream-time.ts'
import { TileList } from './tile-list.ts'

/** The tiles of one key, a list per tile size of the plan. */
export interface KeyState {
  readonly owner: PartitionState
  readonly key: string
  readonly lists: readonly TileList[]
}

/** Rough cost of a key (map entry, key state), of a tile list besides its cells, and of a value, bytes. */
const KEY_BYTES = 160
const LIST_BYTES = 240
const MEMBER_BYTES = 48

/** The state of one input partition: its stream time and its keys' tiles. All changes go through here. */
export class PartitionState {
  readonly partition: number
  readonly clock: StreamClock
  readonly #groups: readonly TileGroup[]
  readonly #latenessMs: number
  readonly #keys = new Map<string, KeyState>()
  #hand = this.#keys.values()
  /** How many tiles there are of each id, per tile size. */
  readonly #tilesById: Map<number, number>[]
  #tiles = 0
  #cells = 0
  #members = 0

  constructor(partition: number, clock: StreamClock, plan: PartitionPlan) {
    this.partition = partition
    this.clock = clock
    this.#groups = plan.groups
    this.#tilesById = plan.groups.map(() => new Map())
    this.#latenessMs = plan.latenessMs
  }

  get keys(): ReadonlyMap<string, KeyState> {
    return this.#keys
  }

  get tiles(): number {
    return this.#tiles
  }

  /** Tiles that an event that is not late can still see: the same number wherever the log was cut. */
  get reachableTiles(): number {
    let reachable = 0
    for (const [index, group] of this.#groups.entries()) {
      const limit = this.#unreachable(group)
      for (const [id, tiles] of this.#tilesById[index] ?? []) if (id > limit) reachable += tiles
    }
    return reachable
  }

  /** An estimate of the memory held. */
  get bytes(): number {
    const keyBytes = KEY_BYTES + LIST_BYTES * this.#groups.length
    return this.#keys.size * keyBytes + this.#cells * 8 + this.#members * MEMBER_BYTES
  }

  createKey(key: string): KeyState {
    const lists = this.#groups.map((group) => new TileList(group))
    const state = { owner: this, key, lists }
    this.putKey(state)
    return state
  }

  putKey(state: KeyState): void {
    this.#keys.set(state.key, state)
    for (const list of state.lists) {
      this.#weigh(list, 1)
      for (let i = 0; i < list.count; i++) this.#countTile(list, list.idAt(i), 1)
    }
  }

  removeKey(state: KeyState): void {
    this.#keys.delete(state.key)
    for (const list of state.lists) {
      this.#weigh(list, -1)
      for (let i = 0; i < list.count; i++) this.#countTile(list, list.idAt(i), -1)
    }
  }

  insertTile(list: TileList, index: number, id: number): void {
    const before = list.cells.length
    list.insert(index, id)
    this.#countTile(list, id, 1)
    this.#tiles++
    this.#cells += list.cells.length - before
  }

  /** A tile as the changelog has it. @returns whether its bytes were whole */
  restoreTile(list: TileList, id: number, value: Bytes): boolean {
    const { group } = list
    const sets = tryDecodeSets(value, group)
    if (sets === undefined) return false
    const index = list.position(id)
    if (index === list.count || list.idAt(index) !== id) this.insertTile(list, index, id)
    decodeCells(value, list, index)
    for (const [at, values] of sets.entries()) {
      const set = list.sets[index * group.distincts.length + at]
      if (set === undefined) continue
      for (const member of set) this.removeMember(set, member)
      for (const member of values) this.addMember(set, member)
    }
    return true
  }

  removeTiles(list: TileList, index: number, count: number): void {
    for (let i = index; i < index + count; i++) this.#countTile(list, list.idAt(i), -1)
    this.#weigh(list, -1)
    list.remove(index, count)
    this.#weigh(list, 1)
  }

  addMember(set: Set<FieldValue>, value: FieldValue): void {
    set.add(value)
    this.#members++
  }

  removeMember(set: Set<FieldValue>, value: FieldValue): void {
    set.delete(value)
    this.#members--
  }

  /** The newest tile id that no event can see any more unless it is late. */
  #unreachable(group: TileGroup): number {
    return Math.floor((this.clock.timeMs - this.#latenessMs) / group.tileMs) - group.tilesMax
  }

  /** Drops the tiles at the old end of the list that no event can see any more unless it is late. */
  expire(list: TileList): void {
    const limit = this.#unreachable(list.group)
    if (list.count === 0 || list.idAt(0) > limit) return
    this.removeTiles(list, 0, list.lowerBound(limit + 1))
  }

  /** Whether an event that is not late can see the tile. */
  isInReach(group: TileGroup, tileId: number): boolean {
    return tileId > this.#unreachable(group)
  }

  /** Whether no tile of the key can be seen any more by an event that is not late. */
  isOutOfReach(state: KeyState): boolean {
    return state.lists.every(
      (list) => list.count === 0 || list.idAt(list.count - 1) <= this.#unreachable(list.group),
    )
  }

  /** The key under the sweeping hand, which moves on; `undefined` once per round. */
  nextKey(): KeyState | undefined {
    const next = this.#hand.next()
    if (next.done !== true) return next.value
    this.#hand = this.#keys.values()
    return undefined
  }

  #countTile(list: TileList, id: number, by: 1 | -1): void {
    const counts = this.#tilesById[list.group.index]
    const count = (counts?.get(id) ?? 0) + by
    if (count === 0) counts?.delete(id)
    else counts?.set(id, count)
  }

  #weigh(list: TileList, sign: 1 | -1): void {
    this.#tiles += sign * list.count
    this.#cells += sign * list.cells.length
    for (const set of list.sets) this.#members += sign * set.size
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

/** What a partition's state needs to know of the plan. */
export interface PartitionPlan {
  readonly groups: readonly TileGroup[]
  readonly latenessMs: number
}
