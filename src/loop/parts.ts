import type { FeatureEngine } from '../features/engine.ts'
import type { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import type { ChangelogReader } from '../source/changelog-port.ts'
import type { Source } from '../source/port.ts'
import type { LoopEvents } from './events.ts'
import type { Fetcher } from './fetcher.ts'
import type { Fencing } from './former-owners.ts'
import type { FloodGate } from './flood-gate.ts'
import type { StatePolicy } from './locate.ts'
import type { LoopObserver } from './observer.ts'
import type { PartitionTable } from './partitions.ts'
import type { Processor } from './processor.ts'
import type { Tally } from './tally.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** When a unit of work is committed, whatever comes first. */
export interface CommitBounds {
  readonly intervalMs: number
  readonly recordsMax: number
}

/** What the loop drives. */
export interface LoopParts {
  readonly inputTopic: string
  /** Of this instance: named in each committed offset. */
  readonly instanceId: string
  readonly fencing: Fencing
  readonly bounds: CommitBounds
  /** Longest time that a unit's commit may hold up a rebalance, ms. */
  readonly rebalanceDrainMs: number
  readonly source: Source
  /** `undefined` when the model keeps no state. */
  readonly changelog: ChangelogReader | undefined
  readonly policy: StatePolicy
  readonly fetcher: Fetcher
  readonly gate: FloodGate
  readonly processor: Processor
  readonly engine: FeatureEngine
  readonly unit: UnitOfWork
  readonly tally: Tally
  readonly partitions: PartitionTable
  readonly observer: LoopObserver
  readonly events: LoopEvents
  readonly clock: Clock
  readonly backoff: Backoff
}
