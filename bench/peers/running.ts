import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import type { Testbed } from '../../scripts/testbed/testbed.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { fromCallback } from '../../src/runtime/callback.ts'
import { PARTITIONS } from '../cluster.ts'
import { cpuSecondsOf, machineTime } from '../proc.ts'
import { MeasuredProcess } from '../process.ts'
import { CONTESTANTS } from './contestants.ts'
import type { ContestantName, RunPlan } from './contestants.ts'
import type { Tools } from './setup.ts'

const POLL_MS = 20
const QUIET_PERCENT = 12
const QUIET_LOOKS = 15
const LOOK_MS = 2_000
/** Longest time of one run: the slowest peer needs some five minutes for 2,000,000 events. */
const LIMIT_MS = 600_000

/** What a comparison is made on. */
export interface Stage {
  readonly testbed: Testbed
  readonly tools: Tools
  /** Registry id of the input's schema. */
  readonly schemaId: number
}

/** CPU time so far, s; of the broker NaN when it is not ours to look at. */
export interface CpuTimes {
  readonly peer: number
  readonly broker: number
  readonly machine: number
}

/** The first record of a run, as the peer says itself. */
export interface FirstRecord {
  /** Ms since 1970. */
  readonly atMs: number
  readonly cpu: CpuTimes
}

/** A peer at work. */
export class RunningPeer {
  readonly startedAtMs = Date.now()
  readonly plan: RunPlan
  readonly #process: MeasuredProcess
  readonly #brokerPid: number | undefined
  readonly #admin: ReturnType<typeof kafka.RdKafka.AdminClient.create>
  #first: FirstRecord | undefined

  constructor(name: ContestantName, plan: RunPlan, testbed: Testbed) {
    const { commitMs, program, firstRecordAt } = CONTESTANTS[name]
    this.plan = plan
    this.#brokerPid = testbed.isOwn ? testbed.broker().pid : undefined
    this.#admin = kafka.RdKafka.AdminClient.create({ 'bootstrap.servers': plan.brokers })
    this.#process = new MeasuredProcess({
      name,
      ...program(plan, commitMs),
      logFile: join(plan.folder, 'peer.log'),
      onLine: (line) => {
        const atMs = this.#first === undefined ? firstRecordAt(line) : undefined
        if (atMs !== undefined) this.#first = { atMs, cpu: this.cpu() }
      },
    })
  }

  get first(): FirstRecord | undefined {
    return this.#first
  }

  cpu(): CpuTimes {
    return {
      peer: this.#process.cpuSeconds(),
      broker: this.#brokerPid === undefined ? Number.NaN : cpuSecondsOf(this.#brokerPid),
      machine: machineTime().busy,
    }
  }

  peakResidentMiB(): number {
    return this.#process.peakResidentMiB()
  }

  /** Records whose offsets are committed. */
  async #committed(): Promise<number> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic: this.plan.input,
      partition,
    }))
    const groups = [{ groupId: this.plan.app, partitions }]
    const found = await fromCallback<{ partitions: { offset: number }[] }[]>((done) =>
      this.#admin.listConsumerGroupOffsets(groups, { timeout: 5_000 }, done),
    )
    const offsets = found.flatMap((group) => group.partitions.map(({ offset }) => offset))
    return offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0)
  }

  /**
   * Waits until so many records are committed, as seen from outside.
   *
   * @throws Error when the peer ends, or is not there in time
   */
  async whenCommitted(records: number): Promise<void> {
    const deadline = performance.now() + LIMIT_MS
    for (;;) {
      this.#process.requireAlive()
      // The group is not there before its first member.
      const committed = await this.#committed().catch(() => 0)
      if (committed >= records) return
      if (performance.now() > deadline) {
        throw new Error(`${this.plan.app}: ${committed} of ${records} records are committed`)
      }
      await sleep(POLL_MS)
    }
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  /** Ends it if it still runs, and removes all that it wrote. */
  async cleanUp(): Promise<void> {
    this.#process.kill()
    const topics = await fromCallback<string[]>((done) => this.#admin.listTopics({}, done))
    for (const topic of topics.filter((each) => each.includes(this.plan.app))) {
      await fromCallback((done) =>
        this.#admin.deleteTopic(topic, 10_000, (error) => done(error, undefined)),
      )
    }
    this.#admin.disconnect()
    rmSync(this.plan.folder, { recursive: true, force: true })
  }
}

/** Creates what a run writes to. `input` by default is a topic of its own, else one that is there. */
export async function planRun(
  { testbed, tools, schemaId }: Stage,
  name: ContestantName,
  input?: string,
): Promise<RunPlan> {
  const { brokers, registryUrl } = testbed
  const app = `peer-${name}-${Date.now().toString(36)}`
  const folder = mkdtempSync(join(tmpdir(), 'millrace-peer-'))
  mkdirSync(join(folder, 'state'))
  const own = ['features', 'predictions', 'audit', 'late', 'dead-letters'].map((each) => ({
    name: `${app}-${each}`,
    partitions: PARTITIONS,
  }))
  const changelog = {
    name: `${app}-changelog`,
    partitions: PARTITIONS,
    config: { 'cleanup.policy': 'compact' },
  }
  const inputs = input === undefined ? [{ name: `${app}-input`, partitions: PARTITIONS }] : []
  await createTopics(brokers, [...own, changelog, ...inputs])
  return {
    brokers,
    registryUrl,
    schemaId,
    app,
    folder,
    tools,
    input: input ?? `${app}-input`,
    features: `${app}-features`,
    predictions: `${app}-predictions`,
    audit: `${app}-audit`,
  }
}

/** Waits, half a minute at most, for two seconds in which the machine has little to do. @returns how busy it was, % */
export async function whenQuiet(): Promise<number> {
  let percent = 100
  for (let look = 0; look < QUIET_LOOKS && percent > QUIET_PERCENT; look++) {
    const before = machineTime()
    await sleep(LOOK_MS)
    const after = machineTime()
    const busy = after.busy - before.busy
    percent = (100 * busy) / (busy + after.idle - before.idle)
  }
  return percent
}
