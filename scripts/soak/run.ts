import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { register, wireEncoder } from '../../test/harness/registry.ts'
import { Cleanup } from '../torture/cleanup.ts'
import { EVENT_SCHEMA, endlessRecords } from '../torture/records.ts'
import { writeEvenly } from '../torture/writer.ts'
import { takeSample } from './sample.ts'
import type { Sample } from './sample.ts'
import { prepare } from './stage.ts'
import type { Parts } from './stage.ts'
import { trendsOf } from './verdict.ts'
import type { Trend } from './verdict.ts'

const SAMPLE_MS = 1_000
const START_WAIT_MS = 60_000
const ANSWER_WAIT_MS = 60_000
const STOP_WAIT_MS = 20_000
const SEED = 1
/** What a soak is to do. */
export interface SoakPlan {
  readonly minutes: number
  /** Records a second. */
  readonly rate: number
  /** A second instance joins, and leaves again after the same time. */
  readonly rebalanceSeconds: number
  readonly onStep: (text: string) => void
  /** Ends it early. */
  readonly signal: AbortSignal
}

/** What came of it. */
export interface SoakResult {
  readonly minutes: number
  readonly records: number
  readonly answered: number
  readonly commits: number
  readonly rebalances: number
  readonly longestStandstillMs: number
  readonly trends: readonly Trend[]
  readonly samples: readonly Sample[]
  /** Why the run fails; none: it holds. */
  readonly failures: readonly string[]
  /** Where the logs are; only of a run that fails. */
  readonly logs: readonly string[]
}

/** Broker, registry and services of its own; all of them ended when it returns. */
export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const logFolder = mkdtempSync(join(tmpdir(), 'millrace-soak-'))
  const cleanup = new Cleanup()
  const failures: string[] = []
  const seen: Seen = { samples: [], records: 0, rebalances: 0 }
  let parts: Parts | undefined
  try {
    parts = await prepare(logFolder, failures, cleanup)
    await work(plan, parts, seen)
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    failures.push(...(await cleanup.run()))
  }
  const trends = trendsOf(seen.samples)
  for (const { figure, holds } of trends) if (!holds) failures.push(`${figure} rises`)
  if (failures.length === 0) rmSync(logFolder, { recursive: true })
  return {
    minutes: plan.minutes,
    records: seen.records,
    answered: parts?.progress.answered ?? 0,
    commits: seen.samples.at(-1)?.commits ?? 0,
    rebalances: seen.rebalances,
    longestStandstillMs: Math.round(parts?.progress.longestStandstillMs ?? 0),
    trends,
    samples: seen.samples,
    failures,
    logs: failures.length === 0 ? [] : [logFolder],
  }
}

interface Seen {
  readonly samples: Sample[]
  records: number
  rebalances: number
}

/** @throws Error when something does not answer, or the run is ended */
async function work(plan: SoakPlan, parts: Parts, seen: Seen): Promise<void> {
  const { bed, watched, progress } = parts
  const { minutes, rate, onStep } = plan
  const id = await register(bed.registryUrl, bed.topics.input, EVENT_SCHEMA)
  watched.start()
  const count = Math.round(minutes * 60 * rate)
  const ending = new AbortController()
  const signal = AbortSignal.any([plan.signal, ending.signal])
  const writing = writeEvenly({
    brokers: bed.brokers,
    topic: bed.topics.input,
    records: endlessRecords(SEED, wireEncoder(id, EVENT_SCHEMA)),
    count,
    writeMs: minutes * 60_000,
    signal,
    onWritten: (written) => {
      seen.records = written
    },
  })
  try {
    await until('a first commit', START_WAIT_MS, () => progress.answered > 0)
    onStep('commits come; sampling')
    const rebalancing = rebalance(plan, parts, { seen, signal })
    await Promise.all([sampleWhile(parts, { seen, count, signal }), writing])
    ending.abort()
    await rebalancing
  } finally {
    ending.abort()
    await Promise.allSettled([writing])
  }
  if (plan.signal.aborted) throw new Error('ended before it was done')
  await until('every answer', ANSWER_WAIT_MS, () => progress.answered >= count)
  const status = await watched.stop(STOP_WAIT_MS)
  if (status !== 0) throw new Error(`the instance stopped with ${status}`)
}

/** A sample a second, until everything is written. */
async function sampleWhile(
  { watched, url }: Parts,
  run: { readonly seen: Seen; readonly count: number; readonly signal: AbortSignal },
): Promise<void> {
  const { seen, count, signal } = run
  const startedAt = performance.now()
  while (seen.records < count && !signal.aborted) {
    const { pid } = watched
    if (pid === undefined) throw new Error('the measured instance is gone')
    const atSeconds = (performance.now() - startedAt) / 1_000
    seen.samples.push(await takeSample(pid, url, atSeconds))
    await sleep(SAMPLE_MS)
  }
}

/** The guest comes and goes. */
async function rebalance(
  { rebalanceSeconds, onStep }: SoakPlan,
  { guest }: Parts,
  { seen, signal }: { readonly seen: Seen; readonly signal: AbortSignal },
): Promise<void> {
  const wait = (): Promise<void> =>
    sleep(rebalanceSeconds * 1_000, undefined, { signal }).catch(() => undefined)
  for (;;) {
    await wait()
    if (signal.aborted) break
    if (guest.isWanted) await guest.stop(STOP_WAIT_MS)
    else guest.start()
    seen.rebalances += 1
    onStep(guest.isWanted ? 'a second instance joins' : 'the second instance has left')
  }
  if (guest.isWanted) await guest.stop(STOP_WAIT_MS)
}

async function until(what: string, waitMs: number, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMs
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${waitMs} ms`)
    await sleep(50)
  }
}
