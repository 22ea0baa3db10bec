import type { RecentFigures } from '../loop/figures.ts'
import type { LoopSnapshot, ReplayProgress, RestoreProgress } from '../loop/observer.ts'
import { count, duration, latency, partitionNames, percent } from './words.ts'

/** Longest backlog, in seconds of the present rate, of a service that has caught up. */
const CAUGHT_UP_S = 1

/** Whether to look closer: `busy` will pass by itself, `bad` may not. */
export type Tone = 'good' | 'idle' | 'busy' | 'bad'

/** What the service is doing now, for people. */
export interface Doing {
  /** A word or two. */
  readonly state: string
  readonly tone: Tone
  /** One sentence, without a full stop. */
  readonly sentence: string
}

/** What a service with this snapshot is doing. */
export function doing(snapshot: LoopSnapshot, recent: RecentFigures, nowMs: number): Doing {
  const { phase, trouble } = snapshot
  if (phase === 'stopped') return say('stopped', 'bad', 'stopped')
  if (phase === 'draining') {
    return say('stopping', 'busy', 'stopping: finishing what is in flight')
  }
  const gone = trouble.find(({ code }) => code === 'KAFKA_UNAVAILABLE')
  if (phase === 'starting') return starting(snapshot)
  if (gone !== undefined) {
    const forLong = duration(nowMs - gone.sinceMs)
    const sentence = `broker gone for ${forLong}: nothing is committed until it is back`
    return say('broker gone', 'bad', sentence)
  }
  switch (phase) {
    case 'waiting-for-assignment':
      return say('standing by', 'idle', 'standing by: the group has given it no partition')
    case 'tripped':
      return say(
        'tripped',
        'bad',
        'tripped: a flood of dead letters, of which nothing is committed',
      )
    case 'recovering':
      return say(
        'recovering',
        'busy',
        'recovering: asking the broker what became of the last transaction',
      )
    case 'restoring':
      return restoring(snapshot, recent)
    case 'replaying':
      return say('rebuilding', 'busy', replayed(snapshot.replay))
    default:
      return running(snapshot, recent)
  }
}

function starting({ trouble, modelReady }: LoopSnapshot): Doing {
  const [first] = trouble
  if (first !== undefined) {
    return say('starting', 'bad', `starting: waits for ${waitedFor(first.code)}`)
  }
  return say(
    'starting',
    'busy',
    modelReady ? 'starting: joining the group' : 'starting: loading the model',
  )
}

function waitedFor(code: string): string {
  if (code === 'KAFKA_UNAVAILABLE') return 'the brokers, which do not answer'
  if (code === 'REGISTRY_UNAVAILABLE') return 'the schema registry, which does not answer'
  return code
}

function restoring(snapshot: LoopSnapshot, recent: RecentFigures): Doing {
  const { restore, partitions } = snapshot
  if (restore.length === 0)
    return say('restoring', 'busy', 'restoring: asking how far there is to go')
  const others = partitions.length > 0 ? `; the others go on, ${pace(recent)}` : ''
  return say('restoring', 'busy', `${restored(restore)}${others}`)
}

function restored(restore: readonly RestoreProgress[]): string {
  const lefts = restore.map(({ done, total, forMs }) =>
    done === 0 ? undefined : ((total - done) * forMs) / done,
  )
  const isKnown = lefts.every((left) => left !== undefined)
  // They are read side by side, so the slowest says when all is done.
  const left = isKnown ? `, ${duration(Math.max(...lefts), 'up')} left` : ''
  return `restoring ${partitionNames(restore)}, ${percentOf(restore)}${left}`
}

function replayed(replay: readonly ReplayProgress[]): string {
  return `rebuilding ${partitionNames(replay)} from the input log, ${percentOf(replay)}`
}

function running(snapshot: LoopSnapshot, recent: RecentFigures): Doing {
  const { partitions, trouble } = snapshot
  const registry = trouble.find(({ code }) => code === 'REGISTRY_UNAVAILABLE')
  if (registry !== undefined) {
    return say('registry gone', 'bad', 'schema registry gone: records that need it wait')
  }
  const lag = partitions.reduce((sum, partition) => sum + (partition.lag ?? 0), 0)
  const allowed = partitions.length + recent.recordsPerSecond * CAUGHT_UP_S
  if (lag > allowed) {
    return say('catching up', 'busy', `catching up, ${count(lag)} records behind, ${pace(recent)}`)
  }
  if (recent.recordsPerSecond === 0) {
    return say('caught up', 'good', 'caught up, waiting for events')
  }
  const p99 = recent.p99Ms === undefined ? '' : `, P99 ${latency(recent.p99Ms)}`
  return say('caught up', 'good', `caught up, ${pace(recent)}${p99}`)
}

function pace({ recordsPerSecond }: RecentFigures): string {
  const isSlow = recordsPerSecond > 0 && recordsPerSecond < 10
  const shown = isSlow ? recordsPerSecond.toFixed(1) : count(recordsPerSecond)
  return `${shown} events/s`
}

function percentOf(progress: readonly { readonly done: number; readonly total: number }[]): string {
  const done = progress.reduce((sum, each) => sum + each.done, 0)
  const total = progress.reduce((sum, each) => sum + each.total, 0)
  return percent(done, total)
}

function say(state: string, tone: Tone, sentence: string): Doing {
  return { state, tone, sentence }
}
