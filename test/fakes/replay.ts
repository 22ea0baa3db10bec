import { replay } from '../../src/tools/dlq/replay.ts'
import type { ReplayOptions } from '../../src/tools/dlq/replay.ts'
import type { FakeBench } from './workbench.ts'

/** All of it at once, to the input topic, told as JSON. */
export const REPLAY_ALL: ReplayOptions = {
  to: 'input',
  filter: () => true,
  isDryRun: false,
  includeLate: false,
  limit: Infinity,
  rate: Infinity,
  json: true,
}

/** What a replay tells. */
export interface Report {
  readonly to: string
  readonly replayed: number
  readonly replayedBefore: number
  readonly total: Readonly<Record<string, number>>
  readonly failures: readonly {
    readonly reason: string
    readonly becomes: string
    readonly letters: number
    readonly example: string
    readonly detail: string
  }[]
  readonly behind: number
}

/** Replays what a bench has. @returns the exit status, and what was told */
export async function run(bench: FakeBench, options: ReplayOptions) {
  bench.printed = ''
  const status = await replay(bench, options)
  return { status, report: JSON.parse(bench.printed) as Report }
}

/** A value that decodes. */
export function good(value: number): string {
  return JSON.stringify({ user_id: 'u', action: 'click', value })
}
