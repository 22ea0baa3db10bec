import { fill } from './backlog.ts'
import type { RunOptions } from './backlog.ts'
import { startService, whenAnswered } from './service.ts'
import { slope } from './statistics.ts'

/** What a long run costs in memory. */
export interface MemoryResult {
  readonly events: number
  readonly peakResidentMiB: number
  /** Rise of resident memory over the second half of the run, MiB per million events. */
  readonly growthMiBPerMillion: number
  /** What the service itself says its state weighs at the end, MiB. */
  readonly stateMiB: number
}

const MIB = 1024 * 1024

/** Works off a long backlog and watches resident memory. */
export async function runMemory(options: RunOptions): Promise<MemoryResult> {
  const { cluster, events, screen } = options
  const topics = await fill(options, 'memory')
  const service = await startService(cluster, topics)
  try {
    const points: { x: number; y: number }[] = []
    const last = await whenAnswered(service, events, ({ answered }) => {
      points.push({ x: answered / 1e6, y: service.process.residentMiB() })
      screen.count('watching memory', answered, events)
    })
    const peakResidentMiB = service.process.peakResidentMiB()
    await service.process.stop()
    const late = points.filter(({ x }) => x * 1e6 > events / 2)
    return {
      events,
      peakResidentMiB,
      growthMiBPerMillion: slope(late),
      stateMiB: last.stateBytes / MIB,
    }
  } finally {
    service.process.kill()
  }
}
