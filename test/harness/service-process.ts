import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '../..')
const WAIT_MS = 60_000

/** A line of the service's log. */
export interface LogLine {
  readonly level: string
  readonly code: string
  readonly msg: string
  readonly [field: string]: unknown
}

const MAIN = resolve(ROOT, 'src/main.ts')

/** Starts `millrace dlq watch`, which logs and serves as the service does. */
export function startWatch(t: TestContext, env: Readonly<Record<string, string>>): ServiceProcess {
  return new ServiceProcess(t, env, ROOT, [process.execPath, MAIN, 'dlq', 'watch'])
}

/** The service as its users run it: a process of its own, told apart by its environment alone. */
export class ServiceProcess {
  readonly lines: LogLine[] = []
  readonly #child: ChildProcess
  readonly #exited: Promise<number | string>
  #stderr = ''

  /**
   * Starts it in a folder; it is killed when the test ends, if it still runs.
   *
   * @param command what runs the service in the foreground, Node on the source by default
   */
  constructor(
    t: TestContext,
    env: Readonly<Record<string, string>>,
    cwd = ROOT,
    command: readonly [string, ...string[]] = [process.execPath, MAIN],
  ) {
    const { PATH = '' } = process.env
    const [program, ...args] = command
    this.#child = spawn(program, args, {
      cwd,
      // Nothing of the test's own environment reaches it.
      env: { PATH, MALLOC_ARENA_MAX: '1', HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('the service has no output')
    createInterface({ input: stdout }).on('line', (line) => this.lines.push(parseLine(line)))
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#exited = once(this.#child, 'close').then(([status, signal]: unknown[]) =>
      typeof status === 'number' ? status : String(signal),
    )
    t.after(() => this.kill())
  }

  /** The exit status, or the signal that ended it. @throws Error when it does not end in time */
  async exit(waitMs = WAIT_MS): Promise<number | string> {
    const timeout = new AbortController()
    const late = sleep(waitMs, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`the service did not end within ${waitMs} ms; ${this.describe()}`)
    })
    try {
      return await Promise.race([this.#exited, late])
    } finally {
      timeout.abort()
      late.catch(() => undefined)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** SIGTERM, and that it ends well. */
  async stop(): Promise<void> {
    this.signal('SIGTERM')
    const status = await this.exit()
    if (status !== 0) throw new Error(`the service ended with ${status}; ${this.describe()}`)
  }

  /** The first line with this code, at once or when it comes. */
  async logged(code: string, waitMs = WAIT_MS): Promise<LogLine> {
    return this.until(
      `log line ${code}`,
      () => this.lines.find((line) => line.code === code),
      waitMs,
    )
  }

  /** The address of its HTTP server, once it runs. */
  async url(): Promise<string> {
    const { port } = await this.logged('STARTED')
    return `http://127.0.0.1:${String(port)}`
  }

  /** `/status.json` of the running service. */
  async status(): Promise<ServiceStatus> {
    const answer = await fetch(`${await this.url()}/status.json`)
    return (await answer.json()) as ServiceStatus
  }

  /** Waits until `/status.json` is as wanted. */
  async statusIs(what: string, isSo: (status: ServiceStatus) => boolean): Promise<ServiceStatus> {
    return this.until(what, async () => {
      // A service that ends closes its connections; `until` then says how it ended.
      const status = await this.status().catch(() => undefined)
      return status !== undefined && isSo(status) ? status : undefined
    })
  }

  /** What it wrote to standard error. */
  get stderr(): string {
    return this.#stderr
  }

  /** What it said. */
  describe(): string {
    const said = this.lines.slice(-20).map(({ level, code, msg }) => `${level} ${code} ${msg}`)
    return `its last lines:\n${said.join('\n')}\n${this.#stderr}`
  }

  /** Asks until there is an answer. @throws Error when the service ends or the time is over */
  async until<Answer>(
    what: string,
    ask: () => Promise<Answer | undefined> | Answer | undefined,
    waitMs = WAIT_MS,
  ): Promise<Answer> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const answer = await ask()
      if (answer !== undefined) return answer
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null
      if (hasEnded || performance.now() > deadline) {
        const why = hasEnded ? 'the service ended' : `nothing within ${waitMs} ms`
        throw new Error(`waiting for ${what}: ${why}; ${this.describe()}`)
      }
      await sleep(20)
    }
  }
}

/** What tests look at of `/status.json`. */
export interface ServiceStatus {
  readonly phase: string
  readonly partitions: readonly {
    readonly partition: number
    readonly position: number
    readonly committedOffset: number
  }[]
  readonly totals: {
    readonly received: number
    readonly predicted: number
    readonly late: number
    readonly deadLetters: number
    readonly committedUnits: number
    readonly abortedUnits: number
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line)
  } catch {
    return { level: 'raw', code: 'RAW', msg: line }
  }
}
