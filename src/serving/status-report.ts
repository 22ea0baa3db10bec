import type { LoopSnapshot, RestoreProgress } from '../loop/observer.ts'

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

/** What `/status.json` answers: the snapshot with times as ISO 8601 instead of ms, and who it is of. */
export function statusReport(
  snapshot: LoopSnapshot,
  identity: ServiceIdentity,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { phase, modelReady, replay, breaker, state, totals, deadLettersByReason } = snapshot
  return {
    ...identity,
    now: isoTime(nowMs),
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
  }
}

/** Progress with the figures that people ask for: a rate, and how long it still takes. */
function restoreReport({ partition, done, total, records, forMs }: RestoreProgress): object {
  const seconds = Math.max(forMs, 1) / 1_000
  const offsetsPerSecond = done / seconds
  return {
    partition,
    done,
    total,
    percent: total === 0 ? 100 : Math.round((done / total) * 100),
    recordsPerSecond: Math.round(records / seconds),
    secondsLeft: done === 0 ? null : Math.ceil((total - done) / offsetsPerSecond),
  }
}

/** ISO 8601 with ms; `null` for no time, or one that no calendar has. */
export function isoTime(ms: number | undefined): string | null {
  if (ms === undefined) return null
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
