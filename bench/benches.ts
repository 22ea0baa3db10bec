import { backlogBench } from './backlog.ts'
import { codecsBench } from './codecs.ts'
import { driftBench } from './drift.ts'
import { growthBench } from './growth/main.ts'
import { inferenceBench } from './inference.ts'
import { latencyBench } from './latency.ts'
import { restoreBench } from './restore.ts'
import { startBench } from './start.ts'
import { windowsBench } from './windows.ts'

/** All benchmarks of Millrace alone, by the name that is typed, in the order in which `all` runs them. */
export const BENCHES = {
  backlog: backlogBench,
  latency: latencyBench,
  start: startBench,
  restore: restoreBench,
  codecs: codecsBench,
  windows: windowsBench,
  drift: driftBench,
  inference: inferenceBench,
  growth: growthBench,
} as const

export type Name = keyof typeof BENCHES

/** The names that can be typed. */
export const NAMES = Object.keys(BENCHES) as Name[]

/** Options of every benchmark. */
export const COMMON = { quick: 'flag', rounds: 'whole', json: 'flag', record: 'flag' } as const
