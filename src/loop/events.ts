import type { ServiceError } from '../domain/errors.ts'
import type { OffsetCommit } from '../sink/port.ts'
import type { Rebalance } from '../source/port.ts'
import type { Location } from './locate.ts'
import type { RestoreProgress } from './observer.ts'
import type { Recovery } from './recover.ts'

/** A partition's state as read from the changelog. */
export interface Restoration {
  readonly partition: number
  readonly tiles: number
  readonly records: number
  readonly forMs: number
}

/** The loop's rare events, for the log. Never throws, never waits. */
export interface LoopEvents {
  assigned(rebalanceNumber: number, partitions: readonly number[]): void
  released(
    rebalance: Pick<
      Exclude<Rebalance, { kind: 'assigned' }>,
      'kind' | 'number' | 'partitions' | 'why'
    >,
  ): void
  /** A partition's start was decided: whether and how far state is rebuilt from the log. */
  located(location: Location): void
  /** State of a partition is being read from the changelog; `offsets` is how far there is to go. */
  restoring(partition: number, offsets: number): void
  /** How far the restores are that go on for a while. */
  restoreGoesOn(progress: readonly RestoreProgress[]): void
  restored(result: Restoration): void
  /** A former owner's open transaction held up the restore of these partitions, and is aborted. */
  fenced(instanceId: string, partitions: readonly number[]): void
  /** That could not be done: the broker will abort it in its own time. */
  notFenced(why: string, partitions: readonly number[]): void
  /** The changelog does not give what was committed: the input log must do. */
  changelogUnusable(partition: number, problem: string): void
  committed(offsets: readonly OffsetCommit[]): void
  aborted(cause: string): void
  /** The producer cannot go on, or a commit's result is unknown: it is being found out. */
  recovering(error: ServiceError): void
  recovered(result: Recovery): void
  registryUnavailable(error: ServiceError): void
  registryBack(): void
  /** Dead letters are a flood: nothing of it is committed, and reading waits. */
  breakerTripped(why: string, pauseMs: number): void
  /** The unit that probed was good enough. */
  breakerClosed(): void
  /** A call to Kafka is tried again. */
  retrying(error: ServiceError, waitMs: number): void
}
