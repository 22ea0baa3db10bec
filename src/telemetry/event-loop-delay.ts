import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { SampleTable } from './sample-table.ts'

/** How often the delay is sampled. Node's figures include this interval; it is taken off again. */
const RESOLUTION_MS = 10

/** Watches how late the main thread's timers fire. */
export interface EventLoopDelay {
  /** Puts the delays since the last call into an empty table and begins anew. */
  addTo(table: SampleTable): void
  stop(): void
}

/** Begins to watch. Keeps no process alive. */
export function watchEventLoop(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return {
    addTo: (table) => {
      const name = 'millrace_event_loop_delay_seconds'
      table.set(name, { statistic: 'p50' }, delaySeconds(histogram.percentile(50)))
      table.set(name, { statistic: 'p99' }, delaySeconds(histogram.percentile(99)))
      table.set(name, { statistic: 'max' }, delaySeconds(histogram.max))
      histogram.reset()
    },
    stop: () => {
      histogram.disable()
    },
  }
}

function delaySeconds(intervalNs: number): number {
  return Math.max(0, intervalNs / 1e9 - RESOLUTION_MS / 1e3)
}
