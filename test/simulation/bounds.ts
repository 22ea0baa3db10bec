import type { InMemory } from '../../src/loop/in-memory.ts'

/** What an instance of the simulation is started with. */
export interface BoundSettings {
  readonly batchRecordsMax: number
  readonly commitRecordsMax: number
  readonly partitions: number
}

/** A record changes one tile, of the one size that the model's windows share, and may bring a key. */
const CHANGES_PER_RECORD = 2
/** A feature row, a prediction and an audit record. */
const OUTPUTS_PER_RECORD = 3

/** Most that a loop may hold at any time. */
export function boundsOf({
  batchRecordsMax,
  commitRecordsMax,
  partitions,
}: BoundSettings): InMemory {
  // A unit is looked at after each batch: the last one may bring it past its bound.
  const unitRecords = commitRecordsMax - 1 + batchRecordsMax
  const answers = batchRecordsMax * OUTPUTS_PER_RECORD
  return {
    records: unitRecords,
    changes: unitRecords * CHANGES_PER_RECORD,
    undecoded: batchRecordsMax,
    blocked: partitions,
    // One batch is filled while the client takes another: answers, or at the end the unit's tiles.
    unsent: answers + Math.max(answers, unitRecords),
    restores: partitions,
    // The group stands still until it is answered.
    rebalances: 1,
  }
}

/** What a loop that has ended well may hold; what the group still wants is answered by who closes. */
export const NOTHING: InMemory = {
  records: 0,
  changes: 0,
  undecoded: 0,
  blocked: 0,
  unsent: 0,
  restores: 0,
  rebalances: 1,
}

/** Says what is more than it may be; `undefined` when nothing is. */
export function excess(held: InMemory, bounds: InMemory): string | undefined {
  for (const [what, count] of Object.entries(held)) {
    const bound = Object.entries(bounds).find(([name]) => name === what)?.[1] ?? 0
    if (count > bound) return `${count} ${what} in memory, bound ${bound}`
  }
  return undefined
}
