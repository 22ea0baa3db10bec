import type { DeadLetterReason } from '../domain/outcome.ts'
import type { FencingResult } from './former-owners.ts'
import type { Recovery } from './recover.ts'

/** The timed parts of a unit of work. */
export type LoopStage = 'poll' | 'decode' | 'features' | 'inference' | 'produce' | 'commit'

/** Records and bytes written to a topic. */
export interface TopicVolume {
  records: number
  bytes: number
}

/** What a unit of work did, up to its commit or to where it was taken back; one call a commit, so nothing here costs per record but the times. */
export interface CommittedUnit {
  readonly records: number
  readonly committedAtMs: number
  readonly predicted: number
  readonly late: number
  /** Tombstones passed over. */
  readonly skipped: number
  readonly deadLetters: ReadonlyMap<DeadLetterReason, number>
  readonly outputs: ReadonlyMap<string, TopicVolume>
  /** Record timestamps of all input records of the unit, ms; −1 when unknown. First `records` entries. */
  readonly recordTimestampsMs: Float64Array
  /** Event times of the predicted events, ms; first `predicted` entries. */
  readonly eventTimesMs: Float64Array
  /** Published first scores of the predicted events; first `predicted` entries. */
  readonly scores: Float64Array
  /** Predicted events by cell of the model's reference; absent where it has none. */
  readonly drift?: Float64Array
  /** When each micro-batch of the unit was received, and how many records it had. */
  readonly received: readonly { readonly atMs: number; readonly records: number }[]
}

/** What an input partition looks like now. */
export interface PartitionStatus {
  readonly partition: number
  /** Next offset to read. */
  readonly position: number
  readonly committedOffset: number
  /** Records up to the last stable offset not yet processed; `undefined` until the client knows. */
  readonly lag: number | undefined
  /** Largest event time seen, ms; `undefined` before the first event. */
  readonly streamTimeMs: number | undefined
}

/** What the state of all owned partitions weighs. */
export interface StateSize {
  readonly keys: number
  readonly tiles: number
  readonly bytes: number
}

/** Watches the loop. Never throws, never waits, never changes anything. */
export interface LoopObserver {
  stage(stage: LoopStage, durationMs: number): void
  received(topic: string, records: number, bytes: number): void
  inferenceBatch(rows: number): void
  unitCommitted(unit: CommittedUnit): void
  /** @param unit as far as it had come, until it was taken back at `committedAtMs` */
  unitAborted(cause: string, unit: CommittedUnit): void
  recovered(result: Recovery): void
  /** A former owner's open transaction held up a restore. */
  formerOwner(result: FencingResult): void
}

/** Where the service is in its life. */
export type LoopPhase =
  | 'starting'
  | 'waiting-for-assignment'
  | 'restoring'
  | 'replaying'
  | 'running'
  | 'recovering'
  | 'tripped'
  | 'draining'
  | 'stopped'

/** Something that keeps the service from its work right now. */
export interface Trouble {
  readonly code: string
  readonly detail: string
  readonly sinceMs: number
}

/** State being rebuilt from the input log, in offsets. */
export interface ReplayProgress {
  readonly partition: number
  readonly done: number
  readonly total: number
}

/** State being read from the changelog. */
export interface RestoreProgress {
  readonly partition: number
  /** Offsets passed, of `total`. */
  readonly done: number
  readonly total: number
  /** Records applied so far, and for how long, ms. */
  readonly records: number
  readonly forMs: number
}

/** What was missing when partitions were begun. */
export interface Losses {
  /** Partitions started although state or records were missing, as STATE_ON_GAP=accept allows. */
  readonly acceptedGaps: number
  /** Offsets that the log had lost before the group first read it. */
  readonly lostBefore: number
}

/** Everything the outside may see of the loop, taken when asked for. Times are wall-clock ms. */
export interface LoopSnapshot extends Losses {
  readonly phase: LoopPhase
  readonly startedAtMs: number
  /** When the loop last began a turn. */
  readonly heartbeatAtMs: number
  readonly firstCommitAtMs?: number
  readonly lastCommitAtMs?: number
  readonly modelReady: boolean
  readonly trouble: readonly Trouble[]
  readonly partitions: readonly PartitionStatus[]
  readonly replay: readonly ReplayProgress[]
  readonly restore: readonly RestoreProgress[]
  readonly breaker: {
    /** Dead letters are a flood, so nothing is committed. */
    readonly isOpen: boolean
    readonly trips: number
  }
  readonly state: StateSize
  readonly totals: {
    readonly received: number
    readonly predicted: number
    readonly late: number
    readonly skipped: number
    readonly deadLetters: number
    readonly committedUnits: number
    readonly abortedUnits: number
  }
  readonly deadLettersByReason: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** When the last of each reason was committed, ms. */
  readonly lastDeadLetterAtMs: Readonly<Partial<Record<DeadLetterReason, number>>>
}
