import { failed, HEARTBEAT_MAX_MS, healthOf, passed } from './health.ts'
import type { Health } from './health.ts'

/** How a watch of the dead letters fares. */
export interface WatchSnapshot {
  /** When it last heard from Kafka, or gave up waiting for it; ms since the epoch. */
  readonly heartbeatAtMs: number
  /** As of when it has read to the ends of the topic; `undefined` until it first has. */
  readonly readAtMs: number | undefined
  /** Records read so far. */
  readonly records: number
  /** What keeps it from reading to the ends. */
  readonly trouble: { readonly code: string; readonly message: string } | undefined
}

/** Whether a restart could help: not while calls to Kafka come back, whatever they say. */
export function watchLive({ heartbeatAtMs }: WatchSnapshot, nowMs: number): Health {
  const silentMs = Math.max(0, nowMs - heartbeatAtMs)
  const detail = `moved ${silentMs} ms ago, at most ${HEARTBEAT_MAX_MS} ms is well`
  return healthOf([{ name: 'watch', ok: silentMs <= HEARTBEAT_MAX_MS, detail }])
}

/** Whether what it tells is what the topic holds. */
export function watchReady({ readAtMs, records, trouble }: WatchSnapshot): Health {
  return healthOf([
    readAtMs === undefined
      ? failed('read', `has not read to the ends of the topic yet: ${records} records so far`)
      : passed(
          'read',
          `has read to the ends of the topic as of ${new Date(readAtMs).toISOString()}`,
        ),
    trouble === undefined
      ? passed('kafka', 'no trouble')
      : failed('kafka', `${trouble.code}: ${trouble.message}`),
  ])
}
