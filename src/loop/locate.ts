import { ServiceError } from '../domain/errors.ts'
import { parseMetadata, replayStart } from '../features/stream-time.ts'
import type { StreamPosition } from '../features/stream-time.ts'
import type { CommittedOffset, LogBounds } from '../source/port.ts'
import type { PartitionStart } from './partitions.ts'

/** Where to read a newly assigned partition from, and the stream time that holds there. */
export interface Location extends PartitionStart {
  /** Stream time at `start`; `undefined` at the beginning of a log nobody has read. */
  readonly restored: StreamPosition | undefined
  /** What the last commit said; `undefined` when there was none to read. */
  readonly committed: StreamPosition | undefined
}

/**
 * Decides where a partition starts, so that its windows hold what they held at the last commit.
 *
 * State is rebuilt by reading the input log back: the offset's metadata names the first offset whose
 * event a window may still reach. Those records update state and are answered no second time.
 *
 * @throws ServiceError `STATE_GAP` when the log no longer holds what is needed: features would be
 *   wrong without anyone noticing
 */
export function locate(topic: string, stored: CommittedOffset, bounds: LogBounds): Location {
  const { partition, offset: committed } = stored
  if (committed === undefined) {
    const start = bounds.first
    return { partition, start, replayUntil: start, restored: undefined, committed: undefined }
  }
  if (committed < bounds.first || committed > bounds.end) {
    throw gap(`${topic}-${partition}: committed offset ${committed} is outside the log`, bounds)
  }
  const position = parseMetadata(stored.metadata)
  const start = Math.min(position?.replayFrom ?? 0, committed)
  if (start < bounds.first && start < committed) {
    const why = position === undefined ? 'no usable stream position is committed, so ' : ''
    throw gap(
      `${topic}-${partition}: ${why}state must be rebuilt from offset ${start} on, but it is gone`,
      bounds,
    )
  }
  const restored = position === undefined ? undefined : replayStart(position)
  return { partition, start, replayUntil: committed, restored, committed: position }
}

function gap(what: string, bounds: LogBounds): ServiceError {
  return new ServiceError('STATE_GAP', `${what} (log holds ${bounds.first} to ${bounds.end})`)
}
