import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBed } from '../../test/harness/bed.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { register, wireEncoder } from '../../test/harness/registry.ts'
import type { Cleanup } from '../torture/cleanup.ts'
import { Instance } from '../torture/instance.ts'
import { EVENT_SCHEMA, endlessRecords, planRecords } from '../torture/records.ts'
import { onTheLog, verify } from '../torture/verify.ts'
import type { Verdict } from '../torture/verify.ts'
import { writeEvenly } from '../torture/writer.ts'
import { readLog } from './instance-log.ts'
import type { LogLine } from './instance-log.ts'
import { Timeline } from './timeline.ts'

const SEED = 1
/** Bound on how long a stage may write. */
const WRITE_MAX_MS = 600_000
const ANSWER_WAIT_MS = 60_000
const STEP_MS = 20

/** What a stage is set up with. */
export interface StagePlan {
  /** Broker and registry, started by whoever calls. */
  readonly addresses: { readonly brokers: string; readonly registryUrl: string }
  readonly partitions: number
  /** Records a second. */
  readonly rate: number
  /** Settings of the service that are not its defaults. */
  readonly settings?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Topics of its own under steady load, instances of the service, and a reader that notes each commit. */
export class Stage {
  readonly timeline: Timeline
  readonly #plan: StagePlan
  readonly #bed: Bed
  readonly #logFolder: string
  readonly #instances = new Map<string, Instance>()
  readonly #ending = new AbortController()
  readonly #encode: (value: object) => Buffer
  readonly #ownEnds: string[] = []
  #written = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(plan: StagePlan, parts: { bed: Bed; timeline: Timeline; schemaId: number }) {
    this.#plan = plan
    this.#bed = parts.bed
    this.timeline = parts.timeline
    this.#encode = wireEncoder(parts.schemaId, EVENT_SCHEMA)
    this.#logFolder = mkdtempSync(join(tmpdir(), 'millrace-recovery-'))
  }

  /** What it starts, the cleanup ends. Nothing is written yet. */
  static async prepare(plan: StagePlan, cleanup: Cleanup): Promise<Stage> {
    const { addresses, partitions } = plan
    const bed = await createBed({ partitions, addresses })
    const timeline = await Timeline.watch(addresses.brokers, bed.topics.audit, partitions)
    cleanup.add(() => timeline.close())
    const schemaId = await register(addresses.registryUrl, bed.topics.input, EVENT_SCHEMA)
    const stage = new Stage(plan, { bed, timeline, schemaId })
    cleanup.add(() => stage.#end())
    return stage
  }

  /** Where the instances' logs are. */
  get logFolder(): string {
    return this.#logFolder
  }

  /** Begins to write, without end. */
  load(): void {
    const { partitions, rate, signal } = this.#plan
    this.#writing = writeEvenly({
      brokers: this.#bed.brokers,
      topic: this.#bed.topics.input,
      records: endlessRecords(SEED, this.#encode, partitions),
      count: Math.round((rate * WRITE_MAX_MS) / 1_000),
      writeMs: WRITE_MAX_MS,
      signal: AbortSignal.any([signal, this.#ending.signal]),
      onWritten: (count) => {
        this.#written = count
      },
    })
  }

  instance(id: string): Instance {
    const known = this.#instances.get(id)
    if (known !== undefined) return known
    const made = new Instance({
      id,
      env: { ...this.#bed.env, LOG_FORMAT: 'json', ...this.#plan.settings },
      logFile: this.#logFile(id),
      onOwnEnd: (status) => this.#ownEnds.push(`instance ${id} ended by itself: ${status}`),
    })
    this.#instances.set(id, made)
    return made
  }

  get partitions(): number {
    return this.#plan.partitions
  }

  /** Of the instances there have been. */
  get ids(): readonly string[] {
    return [...this.#instances.keys()]
  }

  /** Whether the newest process of an instance is through with its start. */
  hasStarted(id: string): boolean {
    const codes = this.log(id).map(({ code }) => code)
    return codes.lastIndexOf('STARTED') > codes.lastIndexOf('STARTING')
  }

  log(id: string): LogLine[] {
    return readLog(this.#logFile(id))
  }

  /** Waits. @throws Error when it does not come, an instance ends by itself, or the run is ended */
  async until(what: string, waitMs: number, isSo: () => boolean): Promise<void> {
    const deadline = performance.now() + waitMs
    while (!isSo()) {
      if (this.#plan.signal.aborted) throw new Error('ended before it was done')
      const [ownEnd] = this.#ownEnds
      if (ownEnd !== undefined) throw new Error(ownEnd)
      if (performance.now() > deadline) throw new Error(`no ${what} within ${waitMs} ms`)
      await sleep(STEP_MS)
    }
  }

  /** Writes no more, waits for every answer, stops the instances and compares with the oracle. */
  async verify(): Promise<Verdict> {
    this.#ending.abort()
    await this.#writing
    const { timeline } = this
    await this.until('last answer', ANSWER_WAIT_MS, () => timeline.answered >= this.#written)
    for (const instance of this.#instances.values()) {
      if (instance.isWanted) await instance.stop(ANSWER_WAIT_MS)
    }
    const { partitions } = this.#plan
    const records = planRecords(SEED, this.#written, this.#encode, partitions)
    return verify(this.#bed, onTheLog(await this.#bed.read('input'), records))
  }

  #logFile(id: string): string {
    return join(this.#logFolder, `instance-${id}.log`)
  }

  async #end(): Promise<void> {
    this.#ending.abort()
    await this.#writing.catch(() => undefined)
    await Promise.all([...this.#instances.values()].map((instance) => instance.kill()))
  }
}

/** What the verifier holds against a run. */
export function verdictFailures({ lost, doubled, wrong, differences }: Verdict): string[] {
  if (lost + doubled + wrong === 0) return []
  return [`${lost} lost, ${doubled} doubled, ${wrong} different`, ...differences]
}
