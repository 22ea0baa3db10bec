import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Testbed } from './testbed.ts'

const STATE = join(import.meta.dirname, '../../.millrace/testbed.json')
const STOP_WAIT_MS = 15_000

/** Processes that were left running, and where they are reached. */
export interface Running {
  readonly pids: readonly number[]
  readonly folder: string
  readonly brokers: string
  readonly registryUrl: string
}

/** What was left running and still runs; `undefined` when nothing does. */
export function findRunning(): Running | undefined {
  if (!existsSync(STATE)) return undefined
  const running: Running = JSON.parse(readFileSync(STATE, 'utf8'))
  return running.pids.every(isAlive) ? running : undefined
}

/** Lets this process end while the testbed goes on, and other processes with it. */
export function leaveRunning(testbed: Testbed, otherPids: readonly number[] = []): Running {
  const parts = [testbed.broker(), testbed.registry()]
  const own = parts.flatMap((part) => (part.pid === undefined ? [] : [part.pid]))
  const { brokers, registryUrl, folder = '' } = testbed
  const running: Running = { pids: [...otherPids, ...own], folder, brokers, registryUrl }
  writeFileSync(STATE, `${JSON.stringify(running, undefined, 2)}\n`)
  for (const part of parts) part.leave()
  return running
}

/** Stops what was left running, by process id. @returns false when there was nothing */
export async function stopRunning(): Promise<boolean> {
  if (!existsSync(STATE)) return false
  const { pids, folder }: Running = JSON.parse(readFileSync(STATE, 'utf8'))
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + STOP_WAIT_MS
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) {
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    }
    await sleep(50)
  }
  rmSync(folder, { recursive: true, force: true })
  rmSync(STATE)
  return true
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
