import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf, residentMiBOf } from './proc.ts'

const STOP_WAIT_MS = 20_000
const LOG_TAIL_LENGTH = 3000

/** How a program under measurement is started. */
export interface ProcessOptions {
  readonly name: string
  /** This Node by default. */
  readonly command?: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Gets its output. */
  readonly logFile: string
  /** Gets each line of its standard output at once. */
  readonly onLine?: (line: string) => void
  /** Exit status of an end that was asked for. */
  readonly endsWith?: number
}

/** A program under measurement, and what the kernel knows of it. */
export class MeasuredProcess {
  readonly #options: ProcessOptions
  readonly #child: ChildProcess

  constructor(options: ProcessOptions) {
    this.#options = options
    const { command = process.execPath, args, env, logFile, onLine } = options
    const log = openSync(logFile, 'a')
    this.#child = spawn(command, [...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', onLine === undefined ? log : 'pipe', log],
    })
    closeSync(log)
    const { stdout } = this.#child
    if (stdout === null || onLine === undefined) return
    createInterface({ input: stdout }).on('line', (line) => {
      onLine(line)
      appendFileSync(logFile, `${line}\n`)
    })
  }

  /** @throws Error with the tail of its log when the process has ended */
  requireAlive(): void {
    if (this.#isAlive()) return
    const how = this.#child.signalCode ?? `status ${this.#child.exitCode}`
    const tail = readFileSync(this.#options.logFile, 'utf8').slice(-LOG_TAIL_LENGTH)
    throw new Error(`${this.#options.name} ended with ${how}; the end of its log:\n${tail}`)
  }

  /** CPU time of all its threads since it started, s. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.#pid)
  }

  /** Resident memory now, MiB. */
  residentMiB(): number {
    return residentMiBOf(this.#pid, 'VmRSS')
  }

  /** The most memory it ever had resident, MiB. */
  peakResidentMiB(): number {
    return residentMiBOf(this.#pid, 'VmHWM')
  }

  /**
   * Asks it to end and waits.
   *
   * @throws Error when it does not end in time (it is killed then) or ends with another status
   */
  async stop(): Promise<void> {
    const { name, endsWith = 0 } = this.#options
    this.requireAlive()
    this.#child.kill('SIGTERM')
    const deadline = performance.now() + STOP_WAIT_MS
    while (this.#isAlive() && performance.now() < deadline) await sleep(20)
    if (this.#isAlive()) {
      this.kill()
      throw new Error(`${name} did not end within ${STOP_WAIT_MS} ms of SIGTERM`)
    }
    if (this.#child.exitCode !== endsWith) this.requireAlive()
  }

  /** Ends it at once, if it still runs. */
  kill(): void {
    if (this.#isAlive()) this.#child.kill('SIGKILL')
  }

  get #pid(): number {
    return this.#child.pid ?? 0
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }
}
