import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../scripts/testbed/ports.ts'
import { createTopics } from '../scripts/testbed/topics.ts'
import { PARTITIONS } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { MeasuredProcess } from './process.ts'

const ROOT = resolve(import.meta.dirname, '..')
const RESULTS = join(ROOT, 'bench/results')
const STALL_MAX_MS = 60_000
const LOOK_MS = 50

/** The topics of one run. */
export interface RunTopics {
  readonly input: string
  readonly features: string
  readonly predictions: string
  readonly audit: string
  readonly late: string
  readonly deadLetters: string
}

/** What `/status.json` says that a measurement needs. */
export interface Progress {
  /** Records answered, committed. */
  readonly answered: number
  readonly predicted: number
  /** When the last unit was committed, ms; 0 before the first. */
  readonly committedAtMs: number
  /** When the first unit was committed, ms; 0 before. */
  readonly firstCommitAtMs: number
  readonly stateBytes: number
  /** Events that drift was watched in, of the window it shows; `undefined` where it is not watched. */
  readonly driftRecords: number | undefined
  /** Whether each instance has answered a record. */
  readonly isShared: boolean
}

/** The service under measurement. */
export interface MeasuredService {
  readonly process: MeasuredProcess
  /** When its process was started, ms since 1970. */
  readonly startedAtMs: number
  progress(): Promise<Progress>
}

/** Creates the topics of a run. Their names are used once. */
export async function createRunTopics(
  { brokers }: Cluster,
  name: string,
  partitions = PARTITIONS,
): Promise<RunTopics> {
  const prefix = `bench-${Date.now().toString(36)}-${name}`
  const topics: RunTopics = {
    input: `${prefix}-events`,
    features: `${prefix}-features`,
    predictions: `${prefix}-predictions`,
    audit: `${prefix}-audit`,
    late: `${prefix}-late`,
    deadLetters: `${prefix}-dead-letters`,
  }
  await createTopics(
    brokers,
    Object.values(topics).map((topic: string) => ({ name: topic, partitions })),
  )
  return topics
}

/** How the service is started for a run, where it is not as it comes. */
export interface ServiceOptions {
  /** The benchmark's own by default. */
  readonly modelFolder?: string
  /** Settings of the service. */
  readonly env?: Readonly<Record<string, string>>
  readonly instance?: string
  /** Writes a CPU profile to `bench/results/`. */
  readonly isProfiled?: boolean
}

/** Starts the service on a run's topics and waits until its HTTP side answers. */
export async function startService(
  { brokers, registryUrl }: Cluster,
  topics: RunTopics,
  options: ServiceOptions = {},
): Promise<MeasuredService> {
  const { modelFolder = join(ROOT, 'bench/model'), env = {}, instance = 'bench' } = options
  mkdirSync(RESULTS, { recursive: true })
  const [port = 0] = await freePorts(1)
  const profile = options.isProfiled === true ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : []
  const startedAtMs = Date.now()
  const service = new MeasuredProcess({
    name: 'the service',
    args: [...profile, join(ROOT, 'src/main.ts')],
    env: {
      MALLOC_ARENA_MAX: '1',
      KAFKA_BROKERS: brokers,
      SCHEMA_REGISTRY_URL: registryUrl,
      SCHEMA_AUTO_REGISTER: 'true',
      APP_ID: topics.input,
      INSTANCE_ID: instance,
      MODEL_DIR: modelFolder,
      INPUT_TOPIC: topics.input,
      FEATURES_TOPIC: topics.features,
      PREDICTIONS_TOPIC: topics.predictions,
      AUDIT_TOPIC: topics.audit,
      LATE_TOPIC: topics.late,
      DEAD_LETTER_TOPIC: topics.deadLetters,
      COMMIT_INTERVAL_MS: '100',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      ...env,
    },
    logFile: join(RESULTS, `${topics.input}.log`),
  })
  const url = `http://127.0.0.1:${port}`
  const progress = (): Promise<Progress> => {
    service.requireAlive()
    return readProgress(`${url}/status.json`)
  }
  const deadline = performance.now() + STALL_MAX_MS
  while (!(await isAnswered(url))) {
    service.requireAlive()
    if (performance.now() > deadline) throw new Error('the service does not answer')
    await sleep(20)
  }
  return { process: service, startedAtMs, progress }
}

/** Several instances as one: sums, and the last commit of all. */
export function together(services: readonly MeasuredService[]): Pick<MeasuredService, 'progress'> {
  return {
    progress: async () => {
      const all = await Promise.all(services.map((service) => service.progress()))
      const sum = (pick: (each: Progress) => number): number =>
        all.reduce((total, each) => total + pick(each), 0)
      return {
        answered: sum((each) => each.answered),
        predicted: sum((each) => each.predicted),
        committedAtMs: Math.max(...all.map(({ committedAtMs }) => committedAtMs)),
        firstCommitAtMs: Math.min(...all.map(({ firstCommitAtMs }) => firstCommitAtMs)),
        stateBytes: sum((each) => each.stateBytes),
        driftRecords: all[0]?.driftRecords === undefined ? undefined : sum(driftRecordsOf),
        isShared: all.every((each) => each.answered > 0),
      }
    },
  }
}

/**
 * Waits until so many records are answered, or something else is so.
 *
 * @throws Error when the service ends, or answers nothing for a minute
 */
export async function whenAnswered(
  service: Pick<MeasuredService, 'progress'>,
  records: number | ((progress: Progress) => boolean),
  onProgress: (progress: Progress) => void = () => undefined,
  lookMs = LOOK_MS,
): Promise<Progress> {
  let last = 0
  let movedAt = performance.now()
  for (;;) {
    const progress = await service.progress()
    onProgress(progress)
    if (typeof records === 'number' ? progress.answered >= records : records(progress)) {
      return progress
    }
    if (progress.answered > last) {
      last = progress.answered
      movedAt = performance.now()
    } else if (performance.now() - movedAt > STALL_MAX_MS) {
      throw new Error(`the service stands still at ${last} records`)
    }
    await sleep(lookMs)
  }
}

function driftRecordsOf({ driftRecords = 0 }: Progress): number {
  return driftRecords
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/live`)).ok
  } catch {
    return false
  }
}

async function readProgress(url: string): Promise<Progress> {
  const answer = await fetch(url)
  const { totals, firstCommitAt, lastCommitAt, state, drift } = (await answer.json()) as {
    totals: { predicted: number; late: number; deadLetters: number }
    firstCommitAt: string | null
    lastCommitAt: string | null
    state: { bytes: number }
    drift?: { window: { records: number } }
  }
  return {
    answered: totals.predicted + totals.late + totals.deadLetters,
    predicted: totals.predicted,
    committedAtMs: lastCommitAt === null ? 0 : Date.parse(lastCommitAt),
    firstCommitAtMs: firstCommitAt === null ? 0 : Date.parse(firstCommitAt),
    stateBytes: state.bytes,
    driftRecords: drift?.window.records,
    isShared: totals.predicted + totals.late + totals.deadLetters > 0,
  }
}
