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
const STALL_MAX_MS = 30_000

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
  readonly stateBytes: number
}

/** The service under measurement. */
export interface MeasuredService {
  readonly process: MeasuredProcess
  readonly metricsUrl: string
  progress(): Promise<Progress>
}

/** Creates the topics of a run. Their names are used once. */
export async function createRunTopics({ brokers }: Cluster, name: string): Promise<RunTopics> {
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
    Object.values(topics).map((topic: string) => ({ name: topic, partitions: PARTITIONS })),
  )
  return topics
}

/** Starts the service on a run's topics and waits until its HTTP side answers. */
export async function startService(
  { brokers, registryUrl }: Cluster,
  topics: RunTopics,
  isProfiled = false,
): Promise<MeasuredService> {
  mkdirSync(RESULTS, { recursive: true })
  const [port = 0] = await freePorts(1)
  const profile = isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : []
  const service = new MeasuredProcess({
    name: 'the service',
    args: [...profile, join(ROOT, 'src/main.ts')],
    env: {
      MALLOC_ARENA_MAX: '1',
      KAFKA_BROKERS: brokers,
      SCHEMA_REGISTRY_URL: registryUrl,
      SCHEMA_AUTO_REGISTER: 'true',
      APP_ID: topics.input,
      INSTANCE_ID: 'bench',
      MODEL_DIR: join(ROOT, 'bench/model'),
      INPUT_TOPIC: topics.input,
      FEATURES_TOPIC: topics.features,
      PREDICTIONS_TOPIC: topics.predictions,
      AUDIT_TOPIC: topics.audit,
      LATE_TOPIC: topics.late,
      DEAD_LETTER_TOPIC: topics.deadLetters,
      COMMIT_INTERVAL_MS: '100',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
    },
    logFile: join(RESULTS, `${topics.input}.log`),
  })
  const url = `http://127.0.0.1:${port}`
  const progress = (): Promise<Progress> => readProgress(`${url}/status.json`)
  const deadline = performance.now() + STALL_MAX_MS
  while (!(await isAnswered(url))) {
    service.requireAlive()
    if (performance.now() > deadline) throw new Error('the service does not answer')
    await sleep(20)
  }
  return { process: service, metricsUrl: `${url}/metrics`, progress }
}

/**
 * Waits until so many records are answered.
 *
 * @throws Error when the service ends, or answers nothing for half a minute
 */
export async function whenAnswered(
  service: MeasuredService,
  records: number,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Progress> {
  let last = 0
  let movedAt = performance.now()
  for (;;) {
    service.process.requireAlive()
    const progress = await service.progress()
    onProgress(progress)
    if (progress.answered >= records) return progress
    if (progress.answered > last) {
      last = progress.answered
      movedAt = performance.now()
    } else if (performance.now() - movedAt > STALL_MAX_MS) {
      throw new Error(`the service stands still at ${last} of ${records} records`)
    }
    await sleep(100)
  }
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
  const { totals, lastCommitAt, state } = (await answer.json()) as {
    totals: { predicted: number; late: number; deadLetters: number }
    lastCommitAt: string | null
    state: { bytes: number }
  }
  return {
    answered: totals.predicted + totals.late + totals.deadLetters,
    predicted: totals.predicted,
    committedAtMs: lastCommitAt === null ? 0 : Date.parse(lastCommitAt),
    stateBytes: state.bytes,
  }
}
