import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from '../../src/domain/errors.ts'
import { createBed } from '../../test/harness/bed.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { register, wireEncoder } from '../../test/harness/registry.ts'
import { freePorts } from '../testbed/ports.ts'
import { startOwn } from '../testbed/testbed.ts'
import { Faults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { planFaults } from './plan.ts'
import type { Size } from './plan.ts'
import { Progress } from './progress.ts'
import type { Recovery } from './progress.ts'
import { BreakingProxy } from './proxy.ts'
import { EVENT_SCHEMA, PARTITIONS, planRecords } from './records.ts'
import { verify } from './verify.ts'
import type { Verdict } from './verify.ts'
import { writeEvenly } from './writer.ts'

const POLL_MS = 100
/** Between the start of the services and the first fault: what has not begun cannot be broken. */
const FIRST_COMMIT_MAX_MS = 60_000

/** Small units, so that faults hit the middle of something; time-outs as short as the broker takes. */
const SETTINGS = {
  BATCH_MAX_RECORDS: '100',
  COMMIT_MAX_RECORDS: '300',
  COMMIT_INTERVAL_MS: '20',
  SESSION_TIMEOUT_MS: '6000',
  TRANSACTION_TIMEOUT_MS: '4000',
  LOG_FORMAT: 'json',
} as const

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
  /** Ends of instances that nobody asked for, by instance and status; they were started again. */
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
  const [brokerPort = 0, proxyPort = 0] = await freePorts(2)
  const logFolder = mkdtempSync(join(tmpdir(), 'millrace-torture-'))
  const testbed = await startOwn({ port: brokerPort, advertisedPort: proxyPort })
  const proxy = await BreakingProxy.listen(proxyPort, brokerPort)
  plan.onStep(`broker ${testbed.brokers}, proxy before it on ${proxyPort}, logs in ${logFolder}`)
  const bed = await createBed({ partitions: PARTITIONS, addresses: testbed })
  const env: Readonly<Record<string, string>> = {
    ...bed.env,
    ...SETTINGS,
    KAFKA_BROKERS: `127.0.0.1:${proxyPort}`,
  }
  const fleet = new Fleet(env, logFolder)
  const progress = await Progress.watch(testbed.brokers, bed.topics.audit)
  const counts = new Map<string, number>()
  const onFault = (kind: string): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    plan.onStep(`${kind} at ${(progress.elapsedMs / 1_000).toFixed(2)} s`)
    progress.mark(kind)
  }
  const appId = env['APP_ID'] ?? ''
  const faults = new Faults({ fleet, testbed, proxy, appId, onFault })
  const failures: string[] = []
  let verdict: Verdict | undefined
  try {
    verdict = await work(plan, { bed, fleet, progress, faults })
    failures.push(...failuresOf(verdict, fleet))
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    await fleet.kill()
    await progress.close()
    await proxy.close()
    // A frozen part ends no other way.
    testbed.registry().signal('SIGCONT')
    await testbed.stop(failures.length > 0)
  }
  if (failures.length === 0) rmSync(logFolder, { recursive: true })
  return {
    seed: plan.seed,
    seconds: (performance.now() - startedAt) / 1_000,
    faults: Object.fromEntries(counts),
    recoveries: progress.recoveries,
    longestStandstillMs: Math.round(progress.longestStandstillMs),
    ownEnds: Object.fromEntries(fleet.ownEnds),
    stops: Object.fromEntries(fleet.stops),
    verdict,
    failures,
    logs: failures.length === 0 ? [] : [logFolder, testbed.folder ?? ''],
  }
}

interface Parts {
  readonly bed: Bed
  readonly fleet: Fleet
  readonly progress: Progress
  readonly faults: Faults
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
    await watch(parts, { size, written, signal: stop })
  } finally {
    ending.abort()
    await Promise.allSettled([done])
  }
  await fleet.stop()
  onStep('all answered; reading everything back')
  return verify(bed, records)
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

function failuresOf(verdict: Verdict, fleet: Fleet): string[] {
  const { lost, doubled, wrong } = verdict
  const failures: string[] = []
  if (lost > 0) failures.push(`${lost} records lost`)
  if (doubled > 0) failures.push(`${doubled} records answered again`)
  if (wrong > 0) failures.push(`${wrong} differences from the oracle`)
  if (fleet.stops.has('status SIGKILL')) failures.push('an instance did not stop within its grace')
  for (const what of fleet.ownEnds.keys()) {
    // The other statuses are the world's faults, for which a restart is the answer.
    if (what.endsWith(`status ${EXIT.internal}`) || what.endsWith(`status ${EXIT.config}`)) {
      failures.push(`instance ${what}: a bug, not the world`)
    }
  }
  return failures
}
