import { parseMetadata } from '../features/offset-metadata.ts'
import type { Clock } from '../runtime/clock.ts'
import type { CommittedOffset } from '../source/port.ts'
import type { LoopEvents } from './events.ts'
import type { LoopObserver } from './observer.ts'

/**
 * How long a restore stands still before somebody's open transaction is taken for the reason. Longer
 * than a commit takes, so that a former owner who is well is left in peace.
 */
export const STALL_MS = 1_000
const STEP_MS = 100

/** What was done about a former owner: it is fenced, or that was refused. */
export const FENCING_RESULTS = ['fenced', 'refused'] as const

export type FencingResult = (typeof FENCING_RESULTS)[number]

/** What can be learnt of other instances, and done to them. */
export interface Fencing {
  /** What is committed for these partitions, without waiting for open transactions to be decided. */
  lastWritten(partitions: readonly number[]): Promise<readonly CommittedOffset[]>
  /** Aborts what the producer of an instance left open, and ends that producer. */
  fence(instanceId: string): Promise<void>
}

/** What it takes to know and fence former owners. */
export interface FormerOwnersParts {
  /** Of this instance, which has no open transaction of an earlier life: its start has seen to that. */
  readonly instanceId: string
  readonly fencing: Fencing
  readonly clock: Clock
  readonly events: Pick<LoopEvents, 'fenced' | 'notFenced'>
  readonly observer: Pick<LoopObserver, 'formerOwner'>
}

/**
 * Ends what dead owners of partitions left open. Nothing of an open transaction can be read, nor
 * anything behind it, until the broker aborts it after `TRANSACTION_TIMEOUT_MS` and up to its own
 * clean-up interval; a new producer of the same name has it aborted at once.
 *
 * An owner that is alive after all, and was only slow, finds itself fenced, takes a new producer and
 * reads its unit again: it loses time and nothing else.
 */
export class FormerOwners {
  readonly #parts: FormerOwnersParts
  /** Partitions whose former owner was fenced in this assignment: once must do. */
  readonly #tried = new Set<number>()

  constructor(parts: FormerOwnersParts) {
    this.#parts = parts
  }

  /** These partitions are newly assigned. */
  forget(partitions: readonly number[]): void {
    for (const partition of partitions) this.#tried.delete(partition)
  }

  /** Waits for a request about partitions, and fences their former owners when it stalls. */
  async during<Value>(partitions: readonly number[], request: Promise<Value>): Promise<Value> {
    const { clock } = this.#parts
    const state = { isDone: false }
    const watched = request.finally(() => {
      state.isDone = true
    })
    const stalledAt = clock.monotonic() + STALL_MS
    const watch = async (): Promise<void> => {
      while (!state.isDone && clock.monotonic() < stalledAt) await clock.sleep(STEP_MS)
      if (!state.isDone) await this.fence(partitions)
    }
    void watch()
    return watched
  }

  /** Fences whoever wrote these partitions last, unless that was done or it was this instance. Never throws. */
  async fence(partitions: readonly number[]): Promise<void> {
    const { fencing, instanceId, events, observer } = this.#parts
    const stalled = partitions.filter((partition) => !this.#tried.has(partition))
    if (stalled.length === 0) return
    for (const partition of stalled) this.#tried.add(partition)
    try {
      const stored = await fencing.lastWritten(stalled)
      const writers = new Set(
        stored.flatMap(({ metadata }) => parseMetadata(metadata)?.writer ?? []),
      )
      writers.delete(instanceId)
      for (const writer of writers) {
        await fencing.fence(writer)
        events.fenced(writer, stalled)
        observer.formerOwner('fenced')
      }
    } catch (error) {
      // The broker aborts what is open in its own time.
      events.notFenced(error instanceof Error ? error.message : String(error), stalled)
      observer.formerOwner('refused')
    }
  }
}
