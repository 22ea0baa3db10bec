import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from '../../src/domain/errors.ts'
import { register, wireEncoder } from '../../test/harness/registry.ts'
import { Cleanup } from './cleanup.ts'
import { planFaults, shortfall } from './plan.ts'
import type { Size } from './plan.ts'
import type { Progress } from './progress.ts'
import type { Recovery } from './progress.ts'
import type { InputPlan } from './records.ts'
import { EVENT_SCHEMA, planRecords } from './records.ts'
import { prepare } from './stage.ts'
import type { Parts } from './stage.ts'
import { onTheLog, verify } from './verify.ts'
import type { Verdict } from './verify.ts'
import { writeEvenly } from './writer.ts'

/**
 * How an instance that is asked to stop may end: well, or without the answers that it waited for. SIGKILL is what
 * it gets when it does not end in time.
 */
const STOPPED: ReadonlySet<string> = new Set(
  [EXIT.ok, EXIT.unavailable, EXIT.forced].map((status) => `status ${status}`),
)
const POLL_MS = 100
/** Between the start of the services and the first fault: what has not begun cannot be broken. */
const FIRST_COMMIT_MAX_MS = 60_000

/** What a run is to do. */
export interface TorturePlan {
  readonly seed: number
  readonly size: Size
  /** Told in words how far it is. */
  readonly onStep: (text: string) => void
  /** Ends it early. */
  readonly signal: AbortSignal
}

/** What came of it. */
export interface TortureResult {
  readonly seed: number
  readonly seconds: number
  /** By kind, as they happened. */
  readonly faults: Readonly<Record<string, number>>
  readonly recoveries: readonly Recovery[]
  readonly longestStandstillMs: number
  /** Ends of instances that nobody asked for, by instance, status and cause; they were started again. */
  readonly ownEnds: Readonly<Record<string, number>>
  readonly stops: Readonly<Record<string, number>>
  readonly verdict: Verdict | undefined
  /** Why the run fails; none: it holds. */
  readonly failures: readonly string[]
  /** Where the logs are; only of a run that fails. */
  readonly logs: readonly string[]
}

/** Broker, registry, proxy and services of its own; all of them ended when it returns. */
export async function torture(plan: TorturePlan): Promise<TortureResult> {
  const startedAt = performance.now()
  const logFolder = mkdtempSync(join(tmpdir(), 'millrace-torture-'))
  const cleanup = new Cleanup()
  const failures: string[] = []
  const logs: string[] = [logFolder]
  const counts = new Map<string, number>()
  let parts: Parts | undefined
  let verdict: Verdict | undefined
  try {
    parts = await prepare(plan.onStep, { cleanup, failures, logs, counts })
    verdict = await work(plan, parts)
    failures.push(...failuresOf(verdict))
    failures.push(...shortfall(plan.size.counts, Object.fromEntries(counts)))
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    failures.push(...(await cleanup.run()))
  }
  // Nothing that the plan does is an end's reason: outages are waited out, a thawed instance heals in the process.
  for (const what of parts?.fleet.ownEnds.keys() ?? []) {
    failures.push(`instance ${what}: nothing of the plan explains that it ended`)
  }
  for (const status of parts?.fleet.stops.keys() ?? []) {
    if (!STOPPED.has(status))
      failures.push(`an instance that was asked to stop ended with ${status}`)
  }
  const isClean = failures.length === 0
  if (isClean) rmSync(logFolder, { recursive: true })
  return {
    seed: plan.seed,
    seconds: (performance.now() - startedAt) / 1_000,
    faults: Object.fromEntries(counts),
    recoveries: parts?.progress.recoveries ?? [],
    longestStandstillMs: Math.round(parts?.progress.longestStandstillMs ?? 0),
    ownEnds: Object.fromEntries(parts?.fleet.ownEnds ?? []),
    stops: Object.fromEntries(parts?.fleet.stops ?? []),
    verdict,
    failures,
    logs: isClean ? [] : logs,
  }
}

/** @throws Error when commits stand still, or the run is ended */
async function work(plan: TorturePlan, parts: Parts): Promise<Verdict> {
  const { bed, fleet, progress, faults } = parts
  const { seed, size, signal, onStep } = plan
  const id = await register(bed.registryUrl, bed.topics.input, EVENT_SCHEMA)
  const records = planRecords(seed, size.records, wireEncoder(id, EVENT_SCHEMA))
  fleet.start()
  const ending = new AbortController()
  const stop = AbortSignal.any([signal, ending.signal])
  const { brokers, topics } = bed
  const written = { count: 0 }
  let log: readonly InputPlan[] = records
  const writing = writeEvenly({
    brokers,
    topic: topics.input,
    records,
    count: records.length,
    writeMs: size.writeMs,
    signal: stop,
    onWritten: (count) => {
      written.count = count
    },
  })
  const breaking = firstCommit(progress, stop).then(() => faults.run(planFaults(seed, size), stop))
  const done = Promise.all([writing, breaking])
  try {
    await Promise.race([done, watch(parts, { size, written, signal: stop })])
    await done
    onStep(`${progress.answered} of ${records.length} answered; no more faults`)
    log = onTheLog(await bed.read('input'), records)
    const whole = { ...size, records: log.length }
    await watch(parts, { size: whole, written: { count: log.length }, signal: stop })
  } finally {
    ending.abort()
    await Promise.allSettled([done])
  }
  await fleet.stop()
  onStep('all answered; reading everything back')
  return verify(bed, log)
}

async function firstCommit(progress: Progress, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + FIRST_COMMIT_MAX_MS
  while (progress.answered === 0 && !signal.aborted) {
    if (performance.now() > deadline) throw new Error('no first commit')
    await sleep(POLL_MS)
  }
}

/** Until everything is answered. @throws Error when commits stand still, or the run is ended */
async function watch(
  { progress }: Parts,
  run: {
    readonly size: Size
    readonly written: { readonly count: number }
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { size, written, signal } = run
  while (progress.answered < size.records) {
    if (signal.aborted) throw new Error('ended before it was done')
    const isOwed = progress.answered < written.count
    if (isOwed && progress.standstillMs > size.standstillMaxMs) {
      const seconds = Math.round(progress.standstillMs / 1_000)
      throw new Error(`no commit for ${seconds} s, at ${progress.answered} of ${size.records}`)
    }
    await sleep(POLL_MS)
  }
}

function failuresOf(verdict: Verdict): string[] {
  const { lost, doubled, wrong } = verdict
  const failures: string[] = []
  if (lost > 0) failures.push(`${lost} records lost`)
  if (doubled > 0) failures.push(`${doubled} records answered again`)
  if (wrong > 0) failures.push(`${wrong} differences from the oracle`)
  return failures
}
