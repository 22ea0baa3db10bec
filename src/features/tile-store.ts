import { invariant, ServiceError } from '../domain/errors.ts'
import { type KeyState, type PartitionPlan, PartitionState } from './partition-state.ts'
import { type Bytes, decodeTileKey, isTileValue } from './tile-codec.ts'
import { StreamClock, type StreamPosition } from './stream-time.ts'
import { type TouchedTile, UndoLog } from './undo-log.ts'

/** What the state of all owned partitions weighs. */
export interface StateSize {
  readonly keys: number
  readonly tiles: number
  /** An estimate. */
  readonly bytes: number
}

/** What a store needs to know of the plan, and its bound. */
export interface StorePlan extends PartitionPlan {
  readonly reachMs: number
  /** Most keys of all owned partitions together. */
  readonly keysMax: number
}

/** What became of a record of the changelog. */
export type Restored = 'kept' | 'out-of-reach' | 'foreign' | 'damaged'

/** Keys looked at after each unit, besides one per tile the unit touched. */
const SWEEP_MIN = 64

/**
 * The tiles of all keys of all owned partitions, with at most one open unit of work.
 *
 * A tile or key goes when no event can see it any more unless it is late. So expiry never changes
 * a feature, and when it happens is of no consequence: tiles go when a unit that touched their key
 * is accepted, keys when a hand that moves on with every accepted unit comes by.
 */
export class TileStore {
  readonly undoLog = new UndoLog()
  readonly #plan: StorePlan
  readonly #partitions = new Map<number, PartitionState>()
  #swept: readonly PartitionState[] = []
  #sweptAt = 0
  #last: PartitionState | undefined

  constructor(plan: StorePlan) {
    this.#plan = plan
  }

  open(partition: number, restored: StreamPosition | undefined): void {
    invariant(!this.#partitions.has(partition), `partition ${partition} is already open`)
    const clock = new StreamClock(this.#plan.reachMs, restored)
    this.#partitions.set(partition, new PartitionState(partition, clock, this.#plan))
    this.#partitionsChanged()
  }

  close(partition: number): void {
    this.#partitions.delete(partition)
    this.#partitionsChanged()
  }

  /** The state of an open partition. */
  partition(partition: number): PartitionState {
    if (this.#last?.partition === partition) return this.#last
    const found = this.#partitions.get(partition)
    invariant(found !== undefined, `partition ${partition} is not open`)
    this.#last = found
    return found
  }

  /** @throws ServiceError `STATE_KEYS_MAX` when the key is new and every key held is still needed */
  key(owner: PartitionState, key: string): KeyState {
    const known = owner.keys.get(key)
    if (known !== undefined) return known
    if (this.#keyCount() >= this.#plan.keysMax) this.#makeRoom()
    const state = owner.createKey(key)
    this.undoLog.keyAdded(state)
    return state
  }

  /** Keeps what the open unit changed, then drops what is out of reach. */
  accept(): void {
    let touched = 0
    for (const { state, list } of this.undoLog.touched()) {
      touched++
      // A key that the unit touched may have made room later in the same unit.
      if (state.owner.keys.get(state.key) === state) state.owner.expire(list)
    }
    this.undoLog.clear()
    this.#sweep(SWEEP_MIN + touched)
  }

  /** Leaves the state exactly as the last accepted unit left it. */
  discard(): void {
    this.undoLog.undo()
  }

  touched(): Iterable<TouchedTile> {
    return this.undoLog.touched()
  }

  /**
   * Puts a tile of the changelog into an open partition, outside any unit of work; a later one of the
   * same key and id takes its place.
   *
   * @throws ServiceError `STATE_KEYS_MAX` when there is no room for its key
   */
  restore(partition: number, layoutHash: number, record: { key: Bytes; value: Bytes }): Restored {
    const owner = this.partition(partition)
    const tile = decodeTileKey(record.key)
    const group = tile === undefined ? undefined : this.#plan.groups[tile.group]
    if (tile === undefined || tile.layoutHash !== layoutHash || group === undefined)
      return 'foreign'
    if (!isTileValue(record.value, layoutHash, group)) return 'damaged'
    if (!owner.isInReach(group, tile.tileId)) return 'out-of-reach'
    let state = owner.keys.get(tile.key)
    if (state === undefined) {
      if (this.#keyCount() >= this.#plan.keysMax) throw this.#full()
      state = owner.createKey(tile.key)
    }
    const list = state.lists[tile.group]
    return list !== undefined && owner.restoreTile(list, tile.tileId, record.value)
      ? 'kept'
      : 'damaged'
  }

  size(): StateSize {
    let tiles = 0
    let bytes = 0
    for (const owner of this.#partitions.values()) {
      tiles += owner.tiles
      bytes += owner.bytes
    }
    return { keys: this.#keyCount(), tiles, bytes }
  }

  #partitionsChanged(): void {
    this.#last = undefined
    this.#swept = [...this.#partitions.values()]
    this.#sweptAt = 0
  }

  #keyCount(): number {
    let keys = 0
    for (const owner of this.#swept) keys += owner.keys.size
    return keys
  }

  /** Moves the hand over at most `steps` keys; stops early after removing `enough`. */
  #sweep(steps: number, enough = Infinity): number {
    let removed = 0
    const stepsMax = Math.min(steps, this.#keyCount() + this.#swept.length)
    for (let step = 0; step < stepsMax && removed < enough; step++) {
      const owner = this.#swept[this.#sweptAt]
      const state = owner?.nextKey()
      if (owner === undefined || state === undefined) {
        this.#sweptAt = (this.#sweptAt + 1) % this.#swept.length
      } else if (owner.isOutOfReach(state)) {
        owner.removeKey(state)
        if (enough < Infinity) this.undoLog.keyRemoved(state)
        removed++
      }
    }
    return removed
  }

  /**
   * Removes one key that is out of reach, in the open unit. Only one, so that a store at its bound
   * does not go over all its keys for every new one.
   */
  #makeRoom(): void {
    // Twice round: the hand may stand anywhere, and each partition's end costs a step.
    if (this.#sweep(Infinity, 1) > 0 || this.#sweep(Infinity, 1) > 0) return
    throw this.#full()
  }

  #full(): ServiceError {
    const { keysMax } = this.#plan
    return new ServiceError(
      'STATE_KEYS_MAX',
      `state holds ${this.#keyCount()} keys within reach of their windows, bound STATE_KEYS_MAX=${keysMax}`,
    )
  }
}
