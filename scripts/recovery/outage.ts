import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../testbed/ports.ts'
import type { Testbed } from '../testbed/testbed.ts'
import type { Cleanup } from '../torture/cleanup.ts'
import { Stage, verdictFailures } from './stage.ts'
import type { StagePlan } from './stage.ts'

const START_WAIT_MS = 60_000
const SAMPLE_MS = 500
const ANSWER_WAIT_MS = 5_000
const MIB = 2 ** 20

/** What a broker's outage did to the service. */
export interface OutageResult {
  readonly awayMs: number
  /** Most resident memory while the broker was away, less what it was before, MiB. */
  readonly residentRiseMiB: number
  /** CPU time while the broker was away, as a share of one core. */
  readonly cpuShare: number
  /** What readiness said meanwhile, each text once. */
  readonly readiness: readonly string[]
  /** From the broker's return to a commit of every partition. */
  readonly backMs: number
  readonly records: number
  readonly failures: readonly string[]
  readonly logs: string
}

/** Most that an outage may cost. */
export interface OutageBounds {
  readonly residentRiseMiB: number
  readonly cpuShare: number
  readonly backMs: number
}

/** What the process says of itself. */
interface Figures {
  readonly residentMiB: number
  readonly cpuSeconds: number
}

/** The broker goes, under load, and comes back after a while. */
export async function measureOutage(
  plan: StagePlan & {
    readonly addresses: Testbed
    readonly awayMs: number
    readonly bounds: OutageBounds
  },
  cleanup: Cleanup,
): Promise<OutageResult> {
  const { addresses: testbed, awayMs, bounds } = plan
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const stage = await Stage.prepare({ ...plan, settings: { HTTP_PORT: `${port}` } }, cleanup)
  stage.load()
  stage.instance('a').start()
  await stage.until('first commits', START_WAIT_MS, () => stage.timeline.isGoingSince(0))
  const before = await figuresOf(url)
  await testbed.broker().stop('SIGKILL')
  const away = await watch(url, awayMs, plan.signal)
  await testbed.broker().start()
  const backAtMs = Date.now()
  const isBack = (): boolean => stage.timeline.isGoingSince(backAtMs)
  await stage.until('commits after the outage', START_WAIT_MS, isBack)
  const backMs = Date.now() - backAtMs
  const verdict = await stage.verify()
  const result = {
    awayMs,
    residentRiseMiB: away.residentMaxMiB - before.residentMiB,
    cpuShare: away.cpuShare,
    readiness: away.readiness,
    backMs,
  }
  const failures = [...verdictFailures(verdict), ...outageFailures(result, bounds)]
  return { ...result, records: verdict.records, failures, logs: stage.logFolder }
}

async function watch(url: string, forMs: number, signal: AbortSignal) {
  const first = await figuresOf(url)
  const startedAt = performance.now()
  const readiness = new Set<string>()
  let last = first
  let residentMaxMiB = 0
  while (performance.now() - startedAt < forMs && !signal.aborted) {
    await sleep(SAMPLE_MS)
    last = await figuresOf(url)
    residentMaxMiB = Math.max(residentMaxMiB, last.residentMiB)
    readiness.add(await readinessOf(url))
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const cpuShare = (last.cpuSeconds - first.cpuSeconds) / seconds
  return { cpuShare, residentMaxMiB, readiness: [...readiness] }
}

async function figuresOf(url: string): Promise<Figures> {
  const metrics = await textOf(`${url}/metrics`)
  const figure = (name: string): number =>
    Number(new RegExp(`^millrace_process_${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  const residentMiB = figure('resident_memory_bytes') / MIB
  return { residentMiB, cpuSeconds: figure('cpu_seconds_total') }
}

/** Without the times it has lasted, so that the same trouble is the same text. */
async function readinessOf(url: string): Promise<string> {
  return (await textOf(`${url}/health/ready`)).replaceAll(/\d+/g, 'N')
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WAIT_MS) })
  return answer.text()
}

function outageFailures(
  result: Omit<OutageResult, 'records' | 'failures' | 'logs'>,
  bounds: OutageBounds,
): string[] {
  const failures = (['residentRiseMiB', 'cpuShare', 'backMs'] as const).flatMap((name) =>
    result[name] <= bounds[name]
      ? []
      : [`${name} of an outage: ${result[name].toFixed(2)}, at most ${bounds[name]}`],
  )
  const isTold = result.readiness.some((text) => text.includes('no broker reachable'))
  return isTold ? failures : [...failures, 'readiness did not say that no broker is reachable']
}
