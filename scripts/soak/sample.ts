import { readFileSync, readdirSync } from 'node:fs'

const KIB_PER_MIB = 1024
const ANSWER_WAIT_MS = 10_000

/** What is sampled of the process; each has a bound on its rise. */
export const FIGURES = ['residentMiB', 'handles', 'threads', 'eventLoopDelayMs'] as const

export type Figure = (typeof FIGURES)[number]

/** One second of a process. */
export interface Sample extends Readonly<Record<Figure, number>> {
  /** Of the run, s. */
  readonly atSeconds: number
  /** Committed transactions since it started. */
  readonly commits: number
}

/** Asks the kernel and the service. @throws Error when the process is gone or does not answer */
export async function takeSample(pid: number, url: string, atSeconds: number): Promise<Sample> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ANSWER_WAIT_MS) })
  const metrics = await answer.text()
  const delay = /^millrace_event_loop_delay_seconds\{statistic="p99"\} (\S+)$/m
  const commits = /^millrace_transactions_total\{result="committed"\} (\S+)$/m
  return {
    atSeconds,
    residentMiB: numberIn(status, /^VmRSS:\s+(\d+) kB$/m) / KIB_PER_MIB,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: numberIn(status, /^Threads:\s+(\d+)$/m),
    eventLoopDelayMs: numberIn(metrics, delay) * 1_000,
    commits: numberIn(metrics, commits),
  }
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`nothing matches ${pattern.source}`)
  return Number(found)
}
