import type { LoopSnapshot, ReplayProgress } from '../loop/observer.ts'

/**
 * Longest time between two turns of the loop before it counts as stalled, ms. Above what a rebalance
 * or a commit may take while a broker is away: a restart would not heal that.
 */
export const HEARTBEAT_MAX_MS = 60_000

/** One thing that was looked at. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  /** Says why. */
  readonly detail: string
}

/** The answer to a probe. */
export interface Health {
  readonly status: 'ok' | 'fail'
  readonly checks: readonly HealthCheck[]
}

/** Whether a restart could help: not, as long as the loop itself moves or has not begun. */
export function live(
  snapshot: LoopSnapshot,
  nowMs: number,
  heartbeatMaxMs: number = HEARTBEAT_MAX_MS,
): Health {
  const { phase, heartbeatAtMs } = snapshot
  if (phase === 'starting') return healthOf([passed('loop', 'has not begun yet')])
  if (phase === 'stopped') return healthOf([failed('loop', 'has ended')])
  const silentMs = Math.max(0, nowMs - heartbeatAtMs)
  const detail = `began a turn ${silentMs} ms ago, at most ${heartbeatMaxMs} ms is well`
  return healthOf([{ name: 'loop', ok: silentMs <= heartbeatMaxMs, detail }])
}

/** Whether the start is over: the model is ready and the loop is a member of its group. */
export function startup(snapshot: LoopSnapshot): Health {
  const { phase, trouble } = snapshot
  const waitsFor = trouble.map(({ code, detail }) => `${code}: ${detail}`).join('; ')
  const loop =
    phase === 'starting'
      ? failed('loop', waitsFor === '' ? 'has not begun yet' : `waits for ${waitsFor}`)
      : passed('loop', phase === 'waiting-for-assignment' ? 'stands by' : phase)
  return healthOf([modelCheck(snapshot), loop])
}

/** Whether the service does its work, or would at once if it were given a partition. */
export function ready(snapshot: LoopSnapshot): Health {
  return healthOf([
    modelCheck(snapshot),
    assignmentCheck(snapshot),
    restoreCheck(snapshot),
    replayCheck(snapshot.replay),
    troubleCheck(snapshot, 'kafka', 'KAFKA_UNAVAILABLE'),
    troubleCheck(snapshot, 'registry', 'REGISTRY_UNAVAILABLE'),
    ...otherTroubles(snapshot),
  ])
}

function modelCheck({ modelReady }: LoopSnapshot): HealthCheck {
  return modelReady
    ? passed('model', 'loaded, self-test passed')
    : failed('model', 'is not loaded yet')
}

function assignmentCheck({ phase, partitions }: LoopSnapshot): HealthCheck {
  if (phase === 'waiting-for-assignment') {
    return passed('assignment', 'stands by: the group has given this instance no partition')
  }
  const isMember = ['running', 'restoring', 'replaying', 'tripped'].includes(phase)
  if (!isMember) return failed('assignment', `the service is ${phase}`)
  const count = partitions.length
  return passed('assignment', `owns ${count} ${count === 1 ? 'partition' : 'partitions'}`)
}

/** One partition that waits for its state must not take the others out of service. */
function restoreCheck({ restore, partitions }: LoopSnapshot): HealthCheck {
  const done = restore.reduce((sum, progress) => sum + progress.done, 0)
  const total = restore.reduce((sum, progress) => sum + progress.total, 0)
  const detail =
    restore.length === 0
      ? 'state is complete'
      : `restoring ${restore.length} partitions: ${done} of ${total} offsets of the changelog read`
  return { name: 'restore', ok: restore.length === 0 || partitions.length > 0, detail }
}

function replayCheck(replay: readonly ReplayProgress[]): HealthCheck {
  const done = replay.reduce((sum, progress) => sum + progress.done, 0)
  const total = replay.reduce((sum, progress) => sum + progress.total, 0)
  return replay.length === 0
    ? passed('replay', 'state is complete')
    : failed('replay', `rebuilding state: ${done} of ${total} offsets read back`)
}

function troubleCheck({ trouble }: LoopSnapshot, name: string, code: string): HealthCheck {
  const found = trouble.find((each) => each.code === code)
  return found === undefined ? passed(name, 'no trouble') : failed(name, `${code}: ${found.detail}`)
}

function otherTroubles({ trouble }: LoopSnapshot): readonly HealthCheck[] {
  return trouble
    .filter(({ code }) => code !== 'KAFKA_UNAVAILABLE' && code !== 'REGISTRY_UNAVAILABLE')
    .map(({ code, detail }) => failed(code, `${code}: ${detail}`))
}

/** A check that holds. */
export function passed(name: string, detail: string): HealthCheck {
  return { name, ok: true, detail }
}

/** A check that does not hold. */
export function failed(name: string, detail: string): HealthCheck {
  return { name, ok: false, detail }
}

/** Well when every check holds. */
export function healthOf(checks: readonly HealthCheck[]): Health {
  return { status: checks.every(({ ok }) => ok) ? 'ok' : 'fail', checks }
}
