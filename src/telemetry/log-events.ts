import type { ServiceError } from '../domain/errors.ts'
import type { LoopEvents } from '../loop/events.ts'
import type { RestoreProgress } from '../loop/observer.ts'
import { restoreFigures } from '../loop/restore-figures.ts'
import type { CacheEvents } from '../runtime/registry-cache.ts'
import type { Log, LogFields } from './log.ts'
import type { SpanIds } from './unit-spans.ts'

/** Causes of an error that are told, the nearest first. */
const CAUSES_MAX = 10

/**
 * Writes the loop's rare events, a line each; nothing per record, commits at `trace` only.
 *
 * @param spanIds of the last unit of work, where it has a span
 */
export function logEvents(
  log: Log,
  spanIds: () => SpanIds | undefined = () => undefined,
): LoopEvents {
  const replaying = new Set<number>()
  return {
    assigned: (rebalanceNumber, partitions) => {
      const message = `assigned ${told(partitions)} (rebalance ${rebalanceNumber})`
      log('ASSIGNED', message, { rebalance: rebalanceNumber, partitions })
    },
    released: ({ kind, number, partitions, why }) => {
      for (const partition of partitions) replaying.delete(partition)
      const because = why === undefined ? '' : `: ${why}`
      const message = `${kind} ${told(partitions)} (rebalance ${number})${because}`
      const code = kind === 'lost' ? 'LOST' : 'REVOKED'
      log(code, message, { rebalance: number, partitions })
    },
    restoring: (partition, offsets) => {
      const message = `partition ${partition}: reads ${offsets} offsets of the changelog`
      log('RESTORE_STARTED', message, { partition, offsets })
    },
    restoreGoesOn: (progress) => {
      for (const each of progress) logRestore(log, each)
    },
    restored: ({ partition, tiles, records, forMs }) => {
      const message = `partition ${partition}: ${tiles} tiles restored in ${Math.round(forMs)} ms`
      log('RESTORE_DONE', message, { partition, tiles, records, forMs: Math.round(forMs) })
    },
    fenced: (instanceId, partitions) => {
      const message = `${told(partitions)}: the transaction that instance "${instanceId}" left open is aborted`
      log('FORMER_OWNER_FENCED', message, { formerOwner: instanceId, partitions })
    },
    notFenced: (why, partitions) =>
      log('FORMER_OWNER_NOT_FENCED', `${told(partitions)}: ${why}`, { partitions }),
    changelogUnusable: (partition, problem) =>
      log('CHANGELOG_UNUSABLE', `partition ${partition}: ${problem}`, { partition }),
    located: ({ partition, start, replayUntil, gap, lostBefore }) => {
      if (lostBefore !== undefined) {
        const begins = `partition ${partition}: no offset is committed; begins at ${start}`
        if (lostBefore === 0) log('FIRST_START', begins, { partition, start })
        else log('FIRST_START_LATE', `${begins}, where the log does`, { partition, start })
      }
      if (gap !== undefined) log('STATE_GAP_ACCEPTED', gap, { partition, start })
      if (start >= replayUntil) return
      replaying.add(partition)
      const message = `partition ${partition}: reads back offsets ${start} to ${replayUntil}`
      log('REPLAY_STARTED', message, { partition, start, replayUntil })
    },
    committed: (offsets) => {
      for (const { partition, offset } of replaying.size > 0 ? offsets : []) {
        if (!replaying.delete(partition)) continue
        log('REPLAY_DONE', `partition ${partition}: state is rebuilt`, { partition, offset })
      }
      log('COMMITTED', 'unit committed', { offsets })
    },
    aborted: (cause) =>
      log('UNIT_ABORTED', `unit of work aborted: ${cause}`, { cause, ...spanIds() }),
    recovering: (error) => log('RECOVERING', error.message, { error: error.code }),
    recovered: (result) => log('RECOVERED', `the transaction in doubt is ${result}`, { result }),
    registryUnavailable: (error) =>
      log('REGISTRY_UNAVAILABLE', `partitions wait: ${error.message}`, { error: error.code }),
    registryBack: () => log('REGISTRY_BACK', 'the schema registry answers again'),
    breakerTripped: (why, pauseMs) => log('BREAKER_TRIPPED', why, { pauseMs: Math.round(pauseMs) }),
    breakerClosed: () => log('BREAKER_CLOSED', 'a probing unit is committed: work goes on'),
    retrying: (error, waitMs) => log('RETRYING', error.message, retryFields(error, waitMs)),
  }
}

/** Writes what the cache of registry answers has to say. */
export function logCacheEvents(log: Log): CacheEvents {
  return {
    used: (what, error) =>
      log('SCHEMA_CACHE_USED', `the answer used is the one kept of ${what}: ${error.message}`, {
        error: error.code,
      }),
    problem: (message) => log('SCHEMA_CACHE_PROBLEM', message),
  }
}

function retryFields(error: ServiceError, waitMs: number): LogFields {
  return { error: error.code, waitMs: Math.round(waitMs) }
}

/** The line that tells why the process ends, with every cause behind it. */
export function logFailure(log: Log, error: unknown, exitStatus: number): void {
  const chain = causeChain(error)
  const [first, ...causes] = chain
  log('FAILED', first?.message ?? 'unknown error', {
    error: first?.code ?? first?.name,
    causes: causes.map(({ code, name, message }) => `${code ?? name}: ${message}`),
    exitStatus,
    ...(error instanceof Error && { stack: error.stack }),
  })
}

interface Cause {
  readonly code: string | undefined
  readonly name: string
  readonly message: string
}

function causeChain(error: unknown): readonly Cause[] {
  const chain: Cause[] = []
  for (let next = error; next !== undefined && chain.length < CAUSES_MAX; ) {
    chain.push(causeOf(next))
    next = next instanceof Error ? next.cause : undefined
  }
  return chain
}

function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { code: undefined, name: 'Error', message: String(error) }
  const code = 'code' in error ? String(error.code) : undefined
  return { code, name: error.name, message: error.message }
}

function logRestore(log: Log, progress: RestoreProgress): void {
  const { partition, records } = progress
  const figures = restoreFigures(progress)
  const left = figures.secondsLeft === null ? '' : `, ${figures.secondsLeft} s left`
  const message = `partition ${partition}: ${figures.percent} %, ${figures.recordsPerSecond} records/s${left}`
  log('RESTORE_PROGRESS', message, { partition, records, ...figures })
}

function told(partitions: readonly number[]): string {
  return partitions.length === 0 ? 'no partitions' : `partitions ${partitions.join(', ')}`
}
