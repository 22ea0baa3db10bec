import type { Cleanup } from '../torture/cleanup.ts'
import { ownedIn } from './instance-log.ts'
import { Stage, verdictFailures } from './stage.ts'
import type { StagePlan } from './stage.ts'
import { lengthOf } from './timeline.ts'

const START_WAIT_MS = 60_000
const SETTLE_WAIT_MS = 60_000
const STOP_WAIT_MS = 20_000

/** How long a partition was without a commit while instances came or went. */
export interface Idle {
  readonly partition: number
  readonly hasMoved: boolean
  /** When it began, wall-clock ms: to be looked up in the instances' logs. */
  readonly fromMs: number
  readonly idleMs: number
  /** Of it, for reading its state back, ms. */
  readonly restoreMs: number
}

/** One change in the number of instances. */
export interface Phase {
  readonly name: string
  readonly idle: readonly Idle[]
}

/** What a run of rebalances came to. */
export interface RebalanceResult {
  readonly phases: readonly Phase[]
  readonly records: number
  readonly failures: readonly string[]
  /** Nothing was lost or doubled: failures are of time alone. */
  readonly isExact: boolean
  readonly logs: string
}

/** Bounds on idle time, ms. */
export interface IdleBounds {
  /** Beyond the restore, of a partition that moves. */
  readonly movedMs: number
  readonly untouchedMs: number
}

/** Instances go 1 → 3 → 2 → 1 under load; idle time is what a read-committed reader sees. */
export async function measureRebalances(
  plan: StagePlan & { readonly bounds: IdleBounds; readonly steadyMs: number },
  cleanup: Cleanup,
): Promise<RebalanceResult> {
  const settings = { LEAVE_GROUP_ON_STOP: 'true', ...plan.settings }
  const stage = await Stage.prepare({ ...plan, settings }, cleanup)
  const { steadyMs, partitions } = plan
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const ids: string[] = ['a']
  stage.load()
  stage.instance('a').start()
  await stage.until('first commits', START_WAIT_MS, () => stage.timeline.isGoingSince(0))
  const settled = async (since: number): Promise<void> => {
    const shares = (): number[] => ids.map((id) => ownedIn(stage.log(id)).size)
    const isShared = (): boolean => {
      const owned = shares()
      const isAll = owned.reduce((sum, each) => sum + each, 0) === all.length
      return isAll && Math.max(...owned) - Math.min(...owned) <= 1
    }
    await stage.until('even shares', SETTLE_WAIT_MS, isShared)
    const sharedAtMs = Date.now()
    const isGoing = (): boolean => stage.timeline.isGoingSince(Math.max(since, sharedAtMs))
    await stage.until('commits everywhere', SETTLE_WAIT_MS, isGoing)
    await pause(stage, steadyMs)
  }
  await settled(0)
  const phases: Phase[] = []
  const during = async (name: string, change: () => Promise<void>): Promise<void> => {
    const fromMs = Date.now()
    await change()
    await settled(fromMs)
    phases.push({ name, idle: idleTimes(stage, fromMs) })
  }
  await during('1 → 3', async () => {
    ids.push('b', 'c')
    for (const id of ['b', 'c']) stage.instance(id).start()
    const isUp = (): boolean => ['b', 'c'].every((id) => stage.hasStarted(id))
    await stage.until('start', START_WAIT_MS, isUp)
  })
  for (const [name, id] of [
    ['3 → 2', 'c'],
    ['2 → 1', 'b'],
  ] as const) {
    await during(name, async () => {
      ids.splice(ids.indexOf(id), 1)
      await stage.instance(id).stop(STOP_WAIT_MS)
    })
  }
  const verdict = await stage.verify()
  const inexact = verdictFailures(verdict)
  return {
    phases,
    records: verdict.records,
    failures: [...inexact, ...idleFailures(phases, plan.bounds)],
    isExact: inexact.length === 0,
    logs: stage.logFolder,
  }
}

async function pause(stage: Stage, forMs: number): Promise<void> {
  const untilMs = performance.now() + forMs
  await stage.until('end of a pause', forMs * 2, () => performance.now() >= untilMs)
}

function idleTimes(stage: Stage, fromMs: number): Idle[] {
  const lines = stage.ids.flatMap((id) => stage.log(id)).filter(({ atMs }) => atMs >= fromMs)
  const of = (code: string) => lines.filter((line) => line.code === code)
  const moved = new Set(of('ASSIGNED').flatMap(({ partitions }) => partitions))
  return stage.timeline.longestGaps(fromMs, Date.now()).map((gap) => {
    const { partition } = gap
    const restores = of('RESTORE_DONE').filter(({ partitions }) => partitions.includes(partition))
    const restoreMs = Math.max(0, ...restores.map(({ forMs }) => forMs ?? 0))
    const hasMoved = moved.has(partition)
    return { partition, hasMoved, fromMs: gap.fromMs, idleMs: lengthOf(gap), restoreMs }
  })
}

function idleFailures(phases: readonly Phase[], { movedMs, untouchedMs }: IdleBounds): string[] {
  return phases.flatMap(({ name, idle }) =>
    idle.flatMap(({ partition, hasMoved, idleMs, restoreMs }) => {
      const most = hasMoved ? restoreMs + movedMs : untouchedMs
      if (idleMs <= most) return []
      const what = hasMoved ? 'a moved' : 'an untouched'
      return `${name}: ${what} partition, ${partition}, was idle for ${idleMs} ms, at most ${most}`
    }),
  )
}
