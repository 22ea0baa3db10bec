import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../statistics.ts'
import { difference } from './backlog.ts'
import type { ContestantName } from './contestants.ts'
import { planRun, RunningPeer, whenQuiet } from './running.ts'
import type { Stage } from './running.ts'

const PYTHON = join(import.meta.dirname, 'python')
/** The peer has this long to start and join its group before the first event. */
const SETTLE_MS = 12_000
const WARM_UP_S = 10
/** The last seconds are left out of the CPU figures: the pacer ends a moment before. */
const MARGIN_S = 2
/** A reader has what was committed within this time. */
const READ_MS = 1_000
const BYTES = 8

/** One peer at a fixed rate; produce to visible for a read-committed reader, ms. */
export interface LatencyRun {
  readonly peer: ContestantName
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  /** Share of one core, %. */
  readonly cpuPercent: number
  readonly brokerCpuPercent: number | null
  readonly peakResidentMiB: number
  readonly busyBeforePercent: number
  readonly duplicates: number
  readonly missing: number
  readonly isCorrect: boolean
}

/**
 * Sends events at a fixed rate and has them measured by a reader in a process of its own.
 *
 * @throws Error when the peer or a part of the harness fails
 */
export async function runLatency(
  stage: Stage,
  name: ContestantName,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<LatencyRun> {
  const plan = await planRun(stage, name)
  const busyBeforePercent = await whenQuiet()
  const peer = new RunningPeer(name, plan, stage.testbed)
  const env = { BROKERS: plan.brokers, EVENT_SCHEMA_ID: String(plan.schemaId) }
  const python = (script: string, args: readonly string[]): ChildProcess =>
    spawn(stage.tools.python, [join(PYTHON, script), ...args], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 2, 2],
    })
  const files = { sent: join(plan.folder, 'sent'), seen: join(plan.folder, 'seen') }
  const meter = python('meter.py', [plan.predictions, files.seen])
  try {
    await sleep(SETTLE_MS)
    const total = Math.round(rate * (WARM_UP_S + seconds))
    const pacer = python('events.py', ['pace', plan.input, String(total), String(rate), files.sent])
    const paced = ended(pacer)
    await sleep((WARM_UP_S + MARGIN_S) * 1_000)
    const before = { cpu: peer.cpu(), atMs: performance.now() }
    await sleep((seconds - 2 * MARGIN_S) * 1_000)
    const used = difference(peer.cpu(), before.cpu)
    const share = (cpuSeconds: number): number =>
      (cpuSeconds / (performance.now() - before.atMs)) * 100_000
    const [cpuPercent, brokerCpuPercent] = [share(used.peer), share(used.broker)]
    await paced
    await peer.whenCommitted(total)
    await sleep(READ_MS)
    const peakResidentMiB = peer.peakResidentMiB()
    const metered = ended(meter)
    meter.stdin?.end()
    await metered
    await peer.stop()
    return {
      peer: name,
      ...summarize(numbersOf(files.sent), numbersOf(files.seen), rate * WARM_UP_S),
      cpuPercent,
      brokerCpuPercent: Number.isNaN(brokerCpuPercent) ? null : brokerCpuPercent,
      peakResidentMiB,
      busyBeforePercent,
    }
  } finally {
    meter.kill('SIGKILL')
    await peer.cleanUp()
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const [status] = (await once(child, 'close')) as unknown[]
  if (status !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${String(status)}`)
}

/** The numbers of a file, int64; ns since 1970 in ms keep a fraction. */
function numbersOf(file: string): BigInt64Array {
  const bytes = readFileSync(file)
  return new BigInt64Array(bytes.buffer.slice(0, bytes.length), 0, bytes.length / BYTES)
}

/**
 * @param sent by event, ns
 * @param seen pairs of event and ns
 * @param from events before it are warm-up
 */
function summarize(sent: BigInt64Array, seen: BigInt64Array, from: number) {
  const counts = new Uint8Array(sent.length)
  const latencies: number[] = []
  for (let at = 0; at < seen.length; at += 2) {
    const event = Number(seen[at])
    counts[event] = (counts[event] ?? 0) + 1
    if (event >= from) latencies.push(Number((seen[at + 1] ?? 0n) - (sent[event] ?? 0n)) / 1e6)
  }
  const sorted = latencies.toSorted((a, b) => a - b)
  const duplicates = counts.filter((count) => count > 1).length
  const missing = counts.filter((count) => count === 0).length
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
    duplicates,
    missing,
    isCorrect: duplicates === 0 && missing === 0,
  }
}
