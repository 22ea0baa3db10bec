import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Ticks a second of the CPU times in /proc: fixed for programs on Linux. */
const TICKS_PER_SECOND = 100
const STOP_WAIT_MS = 20_000
const LOG_TAIL_LENGTH = 3000

/** A program under measurement, and what the kernel knows of it. */
export class MeasuredProcess {
  readonly #child: ChildProcess
  readonly #logFile: string
  readonly #name: string

  /** Starts Node with these arguments. Its output goes to the log file. */
  constructor(options: {
    readonly name: string
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
    readonly logFile: string
  }) {
    this.#name = options.name
    this.#logFile = options.logFile
    const log = openSync(options.logFile, 'a')
    this.#child = spawn(process.execPath, [...options.args], {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
  }

  /** @throws Error with the tail of its log when the process has ended */
  requireAlive(): void {
    if (this.#isAlive()) return
    const how = this.#child.signalCode ?? `status ${this.#child.exitCode}`
    throw new Error(`${this.#name} ended with ${how}; the end of its log:\n${this.#logTail()}`)
  }

  /** CPU time of all its threads since it started, s. */
  cpuSeconds(): number {
    const stat = this.#read('stat')
    // The program's name, in parentheses, may hold spaces; fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }

  /** Resident memory now, MiB. */
  residentMiB(): number {
    return this.#status('VmRSS')
  }

  /** The most memory it ever had resident, MiB. */
  peakResidentMiB(): number {
    return this.#status('VmHWM')
  }

  /**
   * Asks it to end and waits.
   *
   * @throws Error when it does not end in time (it is killed then) or ends with another status than 0
   */
  async stop(): Promise<void> {
    this.requireAlive()
    this.#child.kill('SIGTERM')
    const deadline = performance.now() + STOP_WAIT_MS
    while (this.#isAlive() && performance.now() < deadline) await sleep(20)
    if (this.#isAlive()) {
      this.kill()
      throw new Error(`${this.#name} did not end within ${STOP_WAIT_MS} ms of SIGTERM`)
    }
    if (this.#child.exitCode !== 0) this.requireAlive()
  }

  /** Ends it at once, if it still runs. */
  kill(): void {
    if (this.#isAlive()) this.#child.kill('SIGKILL')
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  #status(field: string): number {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(this.#read('status'))
    return Number(line?.[1]) / 1024
  }

  #read(file: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${file}`, 'utf8')
  }

  #logTail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL_LENGTH)
  }
}
