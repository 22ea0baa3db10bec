import { invariant, ServiceError } from '../domain/errors.ts'
import { type PartitionPlan, PartitionState } from './partition-state.ts'
import { type Bytes, decodeTileKey, isTileValue } from './tile-codec.ts'
import { StreamClock, type StreamPosition } from './stream-time.ts'
import { UndoLog } from './undo-log.ts'

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
  readonly limits: StateLimits
}

/** What the state of all owned partitions together may weigh. */
export interface StateLimits {
  readonly keysMax: number
  /** By the estimate of {@link StateSize}. */
  readonly bytesMax: number
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

  /**
   * The slot of a key.
   *
   * @throws ServiceError `STATE_KEYS_MAX` when the key is new and every key held is still needed
   */
  key(owner: PartitionState, key: string): number {
    const known = owner.slotOf(key)
    if (known !== undefined) return known
    if (this.#keyCount() >= this.#plan.limits.keysMax) this.#makeRoom()
    const slot = owner.addKey(key)
    this.undoLog.keyAdded(owner, slot)
    return slot
  }

  /**
   * Keeps what the open unit changed, then drops what is out of reach.
   *
   * @throws ServiceError `STATE_BYTES_MAX` when the state weighs too much for another unit
   */
  accept(): void {
    let touched = 0
    this.undoLog.accept((owner, table) => {
      touched++
      owner.expire(table)
    })
    this.#sweep(SWEEP_MIN + touched)
    this.#checkBytes()
  }

  /** Leaves the state exactly as the last accepted unit left it. */
  discard(): void {
    this.undoLog.undo()
  }

  /**
   * Puts a tile of the changelog into an open partition, outside any unit of work; a later one of the
   * same key and id takes its place.
   *
   * @throws ServiceError `STATE_KEYS_MAX`, `STATE_BYTES_MAX` when there is no room for its key
   */
  restore(partition: number, layoutHash: number, record: { key: Bytes; value: Bytes }): Restored {
    const owner = this.partition(partition)
    const tile = decodeTileKey(record.key)
    const group = tile === undefined ? undefined : this.#plan.groups[tile.group]
    if (tile === undefined || tile.layoutHash !== layoutHash || group === undefined)
      return 'foreign'
    if (!isTileValue(record.value, layoutHash, group)) return 'damaged'
    if (!owner.isInReach(group, tile.tileId)) return 'out-of-reach'
    const table = owner.tables[tile.group]?.select(this.#restoredKey(owner, tile.key))
    return table !== undefined && owner.restoreTile(table, tile.tileId, record.value)
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
    for (const owner of this.#swept) keys += owner.keys
    return keys
  }

  #restoredKey(owner: PartitionState, key: string): number {
    const known = owner.slotOf(key)
    if (known !== undefined) return known
    if (this.#keyCount() >= this.#plan.limits.keysMax) throw this.#full()
    this.#checkBytes()
    return owner.addKey(key)
  }

  #checkBytes(): void {
    const { bytesMax } = this.#plan.limits
    if (this.size().bytes <= bytesMax) return
    // What no event can see need not be held.
    this.#sweep(Infinity)
    const { bytes } = this.size()
    if (bytes <= bytesMax) return
    throw new ServiceError(
      'STATE_BYTES_MAX',
      `state weighs ${bytes} bytes within reach of its windows, bound STATE_BYTES_MAX=${bytesMax}`,
    )
  }

  /** Moves the hand over at most `steps` slots; keys that can go, go. */
  #sweep(steps: number): void {
    let found = this.#nextOutOfReach(Math.min(steps, this.#round()))
    for (; found !== undefined; found = this.#nextOutOfReach(found.stepsLeft)) {
      found.owner.removeKey(found.slot)
    }
  }

  /** The next key that can go; `undefined` when the hand has come by none after `steps` slots. */
  #nextOutOfReach(
    steps: number,
  ): { owner: PartitionState; slot: number; stepsLeft: number } | undefined {
    for (let stepsLeft = steps - 1; stepsLeft >= 0; stepsLeft--) {
      const owner = this.#swept[this.#sweptAt]
      const slot = owner?.sweep() ?? 'round'
      if (slot === 'round') this.#sweptAt = (this.#sweptAt + 1) % this.#swept.length
      else if (owner !== undefined && slot !== 'held') return { owner, slot, stepsLeft }
    }
    return undefined
  }

  /** Steps that bring the hand by every slot, wherever it stands: each partition's end costs one. */
  #round(): number {
    let slots = this.#swept.length + 1
    for (const owner of this.#swept) slots += owner.slots
    return slots
  }

  /**
   * Removes one key that is out of reach, in the open unit. Only one, so that a store at its bound
   * does not go over all its keys for every new one.
   */
  #makeRoom(): void {
    const found = this.#nextOutOfReach(this.#round())
    if (found === undefined) throw this.#full()
    found.owner.hideKey(found.slot)
    this.undoLog.keyHidden(found.owner, found.slot)
  }

  #full(): ServiceError {
    const { keysMax } = this.#plan.limits
    return new ServiceError(
      'STATE_KEYS_MAX',
      `state holds ${this.#keyCount()} keys within reach of their windows, bound STATE_KEYS_MAX=${keysMax}`,
    )
  }
}
