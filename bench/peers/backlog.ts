import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { PARTITIONS } from '../cluster.ts'
import { CONTESTANTS } from './contestants.ts'
import type { ContestantName } from './contestants.ts'
import { countOutputs, readOutputs } from './outputs.ts'
import type { Outputs } from './outputs.ts'
import { planRun, RunningPeer, whenQuiet } from './running.ts'
import type { CpuTimes, Stage } from './running.ts'

const EVENTS_SCRIPT = join(import.meta.dirname, 'python/events.py')
const run = promisify(execFile)

/** One peer working one backlog off. */
export interface BacklogRun {
  readonly peer: ContestantName
  readonly eventsPerSecond: number
  /** From the start of the process to its first record, s. */
  readonly firstRecordSeconds: number
  /** From the start of the process until its first commit is seen, s. */
  readonly firstCommitSeconds: number
  /** From the first record to the last commit. */
  readonly cpuSecondsPerMillion: number
  readonly brokerCpuSecondsPerMillion: number | null
  /** CPU time of everything else on the machine meanwhile, this harness included, s. */
  readonly otherCpuSeconds: number
  readonly peakResidentMiB: number
  /** Of the machine, in the seconds before the run. */
  readonly busyBeforePercent: number
  /** Of a ceiling, how many predictions there are. */
  readonly outputs: Outputs | { readonly predictions: number }
  readonly isCorrect: boolean
}

/** Fills a topic with the events of the comparison. */
export async function fillInput(
  { testbed, tools, schemaId }: Stage,
  events: number,
): Promise<string> {
  const topic = `peer-events-${events}-${Date.now().toString(36)}`
  await createTopics(testbed.brokers, [{ name: topic, partitions: PARTITIONS }])
  const env = { BROKERS: testbed.brokers, EVENT_SCHEMA_ID: String(schemaId) }
  await run(tools.python, [EVENTS_SCRIPT, 'fill', topic, String(events)], {
    env: { ...process.env, ...env },
  })
  return topic
}

/**
 * Works the whole of the input off and checks what comes of it. Measured from the first record that the
 * peer sees until the group's committed offsets reach the end.
 *
 * @throws Error when the peer fails or does not get there
 */
export async function runBacklog(
  stage: Stage,
  name: ContestantName,
  { input, events }: { readonly input: string; readonly events: number },
): Promise<BacklogRun> {
  const plan = await planRun(stage, name, input)
  const busyBeforePercent = await whenQuiet()
  const peer = new RunningPeer(name, plan, stage.testbed)
  try {
    await peer.whenCommitted(1)
    const firstCommitSeconds = (Date.now() - peer.startedAtMs) / 1_000
    await peer.whenCommitted(events)
    const endedAtMs = Date.now()
    const { first } = peer
    if (first === undefined) throw new Error(`${name} did not say when it saw its first record`)
    const used = difference(peer.cpu(), first.cpu)
    const peakResidentMiB = peer.peakResidentMiB()
    await peer.stop()
    const { isCeiling, isOurs } = CONTESTANTS[name]
    const outputs = isCeiling
      ? { predictions: await countOutputs(plan) }
      : await readOutputs(plan, { isOurs, events })
    return {
      peer: name,
      eventsPerSecond: events / ((endedAtMs - first.atMs) / 1_000),
      firstRecordSeconds: (first.atMs - peer.startedAtMs) / 1_000,
      firstCommitSeconds,
      cpuSecondsPerMillion: (used.peer / events) * 1e6,
      brokerCpuSecondsPerMillion: Number.isNaN(used.broker) ? null : (used.broker / events) * 1e6,
      otherCpuSeconds: used.machine - used.peer - (used.broker || 0),
      peakResidentMiB,
      busyBeforePercent,
      outputs,
      isCorrect: isWhole(outputs, events),
    }
  } finally {
    await peer.cleanUp()
  }
}

/** What was used between two looks. */
export function difference(after: CpuTimes, before: CpuTimes): CpuTimes {
  return {
    peer: after.peer - before.peer,
    broker: after.broker - before.broker,
    machine: after.machine - before.machine,
  }
}

function isWhole(outputs: BacklogRun['outputs'], events: number): boolean {
  if (outputs.predictions !== events) return false
  if (!('audits' in outputs)) return true
  const { audits, features, duplicates, missing } = outputs
  return audits === events && features === events && duplicates === 0 && missing === 0
}
