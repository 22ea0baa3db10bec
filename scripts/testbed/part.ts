import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const LOG_TAIL_LENGTH = 3000
const STOP_WAIT_MS = 15_000

/** How a part of the testbed is started and known to be up. */
export interface PartOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly logFile: string
  /** Asked until it says yes. */
  readonly isUp: () => Promise<boolean>
  readonly startWaitMs: number
}

/** A program of the testbed: started, health-checked, stopped by its process id. */
export class Part {
  readonly #options: PartOptions
  #child: ChildProcess | undefined

  constructor(options: PartOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child)
  }

  /** @throws Error with the end of its log when it ends, or is not up in time */
  async start(): Promise<void> {
    const { name, command, args, cwd, logFile, isUp, startWaitMs } = this.#options
    const log = openSync(logFile, 'a')
    // A group of its own: Ctrl-C in a terminal must reach whoever stops the testbed, not its parts.
    const child = spawn(command, [...args], { cwd, stdio: ['ignore', log, log], detached: true })
    closeSync(log)
    this.#child = child
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    const deadline = performance.now() + startWaitMs
    while (!(await isUp())) {
      const isOver = failure !== undefined || hasEnded(child)
      if (isOver || performance.now() > deadline) {
        const how = failure?.message ?? (isOver ? 'it ended' : `not up after ${startWaitMs} ms`)
        await this.stop('SIGKILL')
        throw new Error(`${name} did not start (${how}); the end of its log:\n${tail(logFile)}`)
      }
      await sleep(50)
    }
  }

  /** Ends it; killed when it does not end in time. Nothing happens when it does not run. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || hasEnded(child) || child.pid === undefined) return
    child.kill(signal)
    const deadline = performance.now() + STOP_WAIT_MS
    while (!hasEnded(child)) {
      if (performance.now() > deadline) child.kill('SIGKILL')
      await sleep(20)
    }
  }

  /** Sends a signal, e.g. SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Lets this process end while the part goes on. */
  leave(): void {
    this.#child?.unref()
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-LOG_TAIL_LENGTH)
}
