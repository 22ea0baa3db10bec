import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '../..')

/** How an instance is run. */
export interface InstanceOptions {
  readonly id: string
  readonly env: Readonly<Record<string, string>>
  /** Everything its processes say, one after the other. */
  readonly logFile: string
  /** Told of an end that nobody asked for, with the last error in its log; it is started again, as an orchestrator would. */
  readonly onOwnEnd: (status: number | string, cause: string) => void
}

/** Between an end that nobody asked for and the next start. */
const BACKOFF_MS = 500
const KILL_WAIT_MS = 15_000

/** An instance of the service: one name, one process after the other. */
export class Instance {
  readonly id: string
  readonly #options: InstanceOptions
  #child: ChildProcess | undefined
  #isWanted = false
  #isFrozen = false

  constructor(options: InstanceOptions) {
    this.id = options.id
    this.#options = options
  }

  /** Whether it is to run and is not frozen: a fault can hit it. */
  get canBeHit(): boolean {
    return this.#isWanted && !this.#isFrozen && this.isRunning
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  get isWanted(): boolean {
    return this.#isWanted
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined
  }

  start(): void {
    this.#isWanted = true
    const { id, env, logFile } = this.#options
    const log = openSync(logFile, 'a')
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      // Nothing of this process's own environment reaches it.
      env: {
        PATH,
        MALLOC_ARENA_MAX: '1',
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: '0',
        ...env,
        INSTANCE_ID: id,
      },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#child = child
    child.once('exit', (status, signal) => {
      if (!this.#isWanted || child !== this.#child) return
      this.#options.onOwnEnd(status ?? String(signal), lastError(this.#options.logFile))
      setTimeout(() => {
        if (this.#isWanted && child === this.#child) this.start()
      }, BACKOFF_MS)
    })
  }

  /** SIGKILL, and when it is gone. It does not come back by itself. */
  async kill(): Promise<void> {
    this.#isWanted = false
    this.#isFrozen = false
    this.#child?.kill('SIGKILL')
    const deadline = performance.now() + KILL_WAIT_MS
    while (this.isRunning) {
      if (performance.now() > deadline) throw new Error(`instance ${this.id} cannot be killed`)
      await sleep(5)
    }
  }

  /** SIGTERM. @returns its exit status; killed when it does not end in time */
  async stop(waitMs: number): Promise<number | string> {
    this.#isWanted = false
    this.#child?.kill('SIGTERM')
    const deadline = performance.now() + waitMs
    while (this.isRunning && performance.now() < deadline) await sleep(20)
    await this.kill()
    return this.#child?.exitCode ?? this.#child?.signalCode ?? 0
  }

  freeze(): void {
    this.#isFrozen = true
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#isFrozen = false
    this.#child?.kill('SIGCONT')
  }
}

/** The code and the words of the last error that a process logged. */
function lastError(logFile: string): string {
  const line = readFileSync(logFile, 'utf8')
    .split('\n')
    .findLast((text) => text.startsWith('{"level":"error"'))
  if (line === undefined) return 'nothing logged'
  const { code, msg }: { code?: unknown; msg?: unknown } = JSON.parse(line)
  return `${String(code)}: ${String(msg)}`
}
