import { ServiceError } from '../domain/errors.ts'
import type { CommittedOffset } from '../source/port.ts'
import type { PartitionProgress } from './partitions.ts'

/**
 * What became of a transaction in doubt.
 *
 * - `committed`: the committed offsets are the unit's own; its changes are kept.
 * - `aborted`: they are those from before the unit; it is taken back and read again.
 * - `restored`: they are neither, so somebody else has been at work; state is built anew.
 */
export const RECOVERIES = ['committed', 'aborted', 'restored'] as const

export type Recovery = (typeof RECOVERIES)[number]

/** How far a unit would have brought a partition. */
export type Moved = Pick<PartitionProgress, 'partition' | 'position' | 'committedOffset'>

/**
 * Tells from the committed offsets what became of the unit that moved these partitions.
 *
 * @param moved the partitions the unit would have committed; with none there was nothing to commit
 * @param stored what the group coordinator holds for them now, once no transaction is open
 */
export function recoveryOf(moved: readonly Moved[], stored: readonly CommittedOffset[]): Recovery {
  const offsets = new Map(stored.map(({ partition, offset }) => [partition, offset]))
  const isBefore = ({ partition, committedOffset }: Moved): boolean => {
    const offset = offsets.get(partition)
    return offset === undefined || offset === committedOffset
  }
  if (moved.every(isBefore)) return 'aborted'
  const isAfter = ({ partition, position }: Moved): boolean => offsets.get(partition) === position
  return moved.every(isAfter) ? 'committed' : 'restored'
}

/** Whether an error of the unit can be answered in the process: by an abort or a new producer. */
export function isMendable(error: unknown): error is ServiceError {
  const disposition = error instanceof ServiceError ? error.disposition : undefined
  return disposition === 'abort' || disposition === 'rebuild'
}
