import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanup } from '../torture/cleanup.ts'
import { ownedIn } from './instance-log.ts'
import type { LogLine } from './instance-log.ts'
import { Stage, verdictFailures } from './stage.ts'
import type { StagePlan } from './stage.ts'

const START_WAIT_MS = 60_000
const STOP_WAIT_MS = 20_000
const SETTLE_WAIT_MS = 60_000
/** A commit from before an end is seen by then. */
const READER_LAG_MS = 100
/** Between two rounds, so that each begins with a group that is at rest. */
const REST_MS = 2_000

/** How an instance ends, and who goes on with its partitions. */
export const ENDINGS = ['sigterm-restart', 'sigkill-restart', 'sigkill-takeover'] as const
export type Ending = (typeof ENDINGS)[number]

/** One end and what came after it. Times are ms since the signal. */
export interface Round {
  readonly ending: Ending
  /** The next commit of any of its partitions. */
  readonly firstCommitMs: number
  /** The next commit of the last of its partitions. */
  readonly everyPartitionMs: number
  /** Rebalances that the other instance took part in. */
  readonly rebalances: number
  /** What the log of the instance that goes on says, and when. */
  readonly steps: Readonly<Record<string, number>>
}

/** What the rounds came to. */
export interface RestartResult {
  readonly rounds: readonly Round[]
  readonly records: number
  readonly failures: readonly string[]
  /** Nothing was lost or doubled: failures are of time alone. */
  readonly isExact: boolean
  readonly logs: string
}

/** Bounds on the time from the signal to the commit, ms. */
export interface RestartBounds {
  readonly rollingMs: number
  readonly crashMs: number
}

/** Two instances under load, of which one ends and comes back, again and again. */
export async function measureRestarts(
  plan: StagePlan & {
    readonly endings: readonly Ending[]
    readonly rounds: number
    readonly bounds: RestartBounds
    readonly onRound: (round: Round) => void
  },
  cleanup: Cleanup,
): Promise<RestartResult> {
  const stage = await Stage.prepare(plan, cleanup)
  stage.load()
  for (const id of ['a', 'b']) stage.instance(id).start()
  await stage.until('start', START_WAIT_MS, () => ['a', 'b'].every((id) => stage.hasStarted(id)))
  await shared(stage)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    for (const ending of plan.endings) {
      const done = await endOnce(stage, ending)
      plan.onRound(done)
      rounds.push(done)
      if (ending === 'sigkill-takeover') stage.instance('a').start()
      await shared(stage)
    }
  }
  const verdict = await stage.verify()
  const inexact = verdictFailures(verdict)
  return {
    rounds,
    records: verdict.records,
    failures: [...inexact, ...lateRounds(rounds, plan.bounds)],
    isExact: inexact.length === 0,
    logs: stage.logFolder,
  }
}

async function endOnce(stage: Stage, ending: Ending): Promise<Round> {
  const instance = stage.instance('a')
  const own = [...ownedIn(stage.log('a'))]
  const fromMs = Date.now()
  if (ending === 'sigterm-restart') await instance.stop(STOP_WAIT_MS)
  else await instance.kill()
  const endedAtMs = Date.now()
  if (ending !== 'sigkill-takeover') instance.start()
  const seenFrom = endedAtMs + READER_LAG_MS
  const commits = (): number[] =>
    own.flatMap((partition) => stage.timeline.firstAfter(seenFrom, partition) ?? [])
  await stage.until('commit', SETTLE_WAIT_MS, () => commits().length === own.length)
  const heir = stage.log(ending === 'sigkill-takeover' ? 'b' : 'a')
  const told = stage.log('b').filter(({ atMs, code }) => atMs > fromMs && isRebalance(code))
  return {
    ending,
    firstCommitMs: Math.min(...commits()) - fromMs,
    everyPartitionMs: Math.max(...commits()) - fromMs,
    rebalances: told.length,
    steps: { ENDED: endedAtMs - fromMs, ...stepsOf(heir, fromMs) },
  }
}

/** The last line of each code. */
function stepsOf(lines: readonly LogLine[], fromMs: number): Record<string, number> {
  const since = lines.filter(({ atMs }) => atMs >= fromMs)
  return Object.fromEntries(since.map(({ code, atMs }) => [code, atMs - fromMs]))
}

function isRebalance(code: string): boolean {
  return code === 'ASSIGNED' || code === 'REVOKED' || code === 'LOST'
}

/** Both have partitions, all have commits, and the group is at rest. */
async function shared(stage: Stage): Promise<void> {
  const since = Date.now()
  const isShared = (): boolean => {
    const [a = 0, b = 0] = ['a', 'b'].map((id) => ownedIn(stage.log(id)).size)
    return a > 0 && b > 0 && a + b === stage.partitions && stage.timeline.isGoingSince(since)
  }
  await stage.until('shares for both', SETTLE_WAIT_MS, isShared)
  await sleep(REST_MS)
}

function lateRounds(rounds: readonly Round[], { rollingMs, crashMs }: RestartBounds): string[] {
  return rounds.flatMap(({ ending, firstCommitMs, everyPartitionMs, rebalances }) => {
    if (ending !== 'sigterm-restart') {
      if (everyPartitionMs <= crashMs) return []
      return `${ending}: every partition again after ${everyPartitionMs} ms, at most ${crashMs}`
    }
    const failures: string[] = []
    if (rebalances > 0) failures.push(`${ending}: ${rebalances} rebalances, there must be none`)
    if (firstCommitMs > rollingMs) {
      failures.push(`${ending}: first commit after ${firstCommitMs} ms, at most ${rollingMs}`)
    }
    return failures
  })
}
