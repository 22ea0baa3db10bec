import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '../..')
const READY_WAIT_MS = 30_000
const LOG_TAIL_LENGTH = 3_000

/** What the demo asks of `/status.json`. */
export interface Status {
  readonly partitions: readonly object[]
  readonly totals: {
    readonly predicted: number
    readonly late: number
    readonly deadLetters: number
    readonly committedUnits: number
    readonly abortedUnits: number
  }
}

/** The service as a process of its own. */
export class DemoService {
  readonly url: string
  readonly #child: ChildProcess
  readonly #logFile: string

  constructor(options: {
    readonly port: number
    readonly env: Readonly<Record<string, string>>
    readonly logFile: string
  }) {
    const { port, env, logFile } = options
    this.url = `http://127.0.0.1:${port}`
    this.#logFile = logFile
    mkdirSync(dirname(logFile), { recursive: true })
    const log = openSync(logFile, 'w')
    this.#child = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      env: {
        MALLOC_ARENA_MAX: '1',
        ...process.env,
        ...env,
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(port),
      },
      stdio: ['ignore', log, log],
      // Ctrl-C is answered by the demo, which then stops it.
      detached: true,
    })
    closeSync(log)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * Waits until it is ready and owns partitions: records sent before would wait for the group.
   *
   * @throws Error with the end of its log when it ends or takes too long
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WAIT_MS
    while (!(await this.#isReady())) {
      this.requireAlive()
      if (performance.now() > deadline) throw new Error(`not ready; ${this.#tail()}`)
      await sleep(50)
    }
  }

  async status(): Promise<Status> {
    const answer = await fetch(`${this.url}/status.json`)
    return (await answer.json()) as Status
  }

  async metrics(): Promise<string> {
    const answer = await fetch(`${this.url}/metrics`)
    return answer.text()
  }

  /** @throws Error when it has ended */
  requireAlive(): void {
    if (this.#hasEnded()) throw new Error(`the service has ended; ${this.#tail()}`)
  }

  /** SIGTERM, and waits. @throws Error when it does not end with status 0 */
  async stop(): Promise<void> {
    if (this.#hasEnded()) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await closed
    if (this.#child.exitCode !== 0) throw new Error(`the service ended badly; ${this.#tail()}`)
  }

  kill(): void {
    if (!this.#hasEnded()) this.#child.kill('SIGKILL')
  }

  /** Lets this process end while the service goes on. */
  leave(): void {
    this.#child.unref()
  }

  async #isReady(): Promise<boolean> {
    try {
      const { ok } = await fetch(`${this.url}/health/ready`)
      return ok && (await this.status()).partitions.length > 0
    } catch {
      return false
    }
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #tail(): string {
    const text = readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL_LENGTH)
    return `the end of ${this.#logFile}:\n${text}`
  }
}
