import type { DriftFigures, Histogram, RecentFigures } from '../loop/figures.ts'
import type { LoopSnapshot, RestoreProgress } from '../loop/observer.ts'
import { restoreFigures } from '../loop/restore-figures.ts'
import { doing } from './doing.ts'
import { ready } from './health.ts'

/** Who answers. */
export interface ServiceIdentity {
  /** Of Millrace. */
  readonly version: string
  readonly appId: string
  readonly instanceId: string
  readonly model: {
    readonly name: string
    readonly version: string
    readonly modelSha256: string
    readonly specSha256: string
  }
}

/** What is told beside the snapshot. */
export interface Figures {
  readonly recent: RecentFigures
  /** First scores of all committed predictions. */
  readonly scores: Histogram
  readonly drift?: DriftFigures
}

/** What `/status.json` answers: the snapshot with times as ISO 8601 instead of ms, and who it is of. */
export function statusReport(
  snapshot: LoopSnapshot,
  identity: ServiceIdentity,
  { recent, scores, drift, nowMs }: Figures & { readonly nowMs: number },
) {
  const { phase, modelReady, replay, breaker, state, totals, deadLettersByReason } = snapshot
  return {
    ...identity,
    now: isoTime(nowMs),
    doing: doing(snapshot, recent, nowMs),
    ready: ready(snapshot).status === 'ok',
    phase,
    startedAt: isoTime(snapshot.startedAtMs),
    heartbeatAt: isoTime(snapshot.heartbeatAtMs),
    firstCommitAt: isoTime(snapshot.firstCommitAtMs),
    lastCommitAt: isoTime(snapshot.lastCommitAtMs),
    modelReady,
    trouble: snapshot.trouble.map(({ code, detail, sinceMs }) => ({
      code,
      detail,
      since: isoTime(sinceMs),
    })),
    partitions: snapshot.partitions.map(({ streamTimeMs, lag, ...rest }) => ({
      ...rest,
      lag: lag ?? null,
      streamTime: isoTime(streamTimeMs),
    })),
    replay,
    restore: snapshot.restore.map(restoreReport),
    acceptedGaps: snapshot.acceptedGaps,
    lostBefore: snapshot.lostBefore,
    breaker,
    state,
    totals,
    deadLettersByReason,
    lastDeadLetterAt: timesOf(snapshot.lastDeadLetterAtMs),
    recent,
    scores,
    ...(drift !== undefined && { drift }),
  }
}

/** As it is before it becomes JSON, where what is `undefined` is left out. */
export type StatusReport = ReturnType<typeof statusReport>

/** Progress with the figures that people ask for. */
function restoreReport(progress: RestoreProgress) {
  const { partition, done, total } = progress
  return { partition, done, total, ...restoreFigures(progress) }
}

function timesOf(times: Readonly<Record<string, number>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, isoTime(ms)]))
}

/** ISO 8601 with ms; `null` for no time, or one that no calendar has. */
function isoTime(ms: number | undefined): string | null {
  if (ms === undefined) return null
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
