import { readCommitted } from '../scripts/testbed/read.ts'
import { PARTITIONS } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { EventGenerator, schemaOf, sequenceOf } from './events.ts'
import type { EventOptions, Fate } from './events.ts'
import { fillTopic } from './fill.ts'
import { cpuSecondsOf } from './proc.ts'
import type { Progress as Screen } from './progress.ts'
import { RecordReader, registerSchema } from './registry.ts'
import { createRunTopics, startService, together, whenAnswered } from './service.ts'
import type { MeasuredService, Progress, RunTopics, ServiceOptions } from './service.ts'
import { slope } from './statistics.ts'

/** How fast the service works off what waits for it, and what that costs. */
export interface WorkResult {
  readonly eventsPerSecond: number
  /** CPU time of the service, all threads of all instances, per million events. */
  readonly cpuSecondsPerMillion: number
  /** The same of the broker; `undefined` when it is not ours to look at. */
  readonly brokerCpuSecondsPerMillion: number | undefined
  /** Of all instances together. */
  readonly peakResidentMiB: number
  /** Rise of resident memory over the second half of the run, MiB per million events. */
  readonly growthMiBPerMillion: number
  /** What the service itself says its state weighs at the end, MiB. */
  readonly stateMiB: number
  /** Events that drift was watched in; `undefined` where it was not. */
  readonly driftRecords: number | undefined
}

/** The work of a run. */
export interface Work {
  readonly cluster: Cluster
  readonly events: number
  readonly screen: Screen
  readonly partitions?: number
  readonly input?: EventOptions
  readonly service?: ServiceOptions
  readonly instances?: number
  /** Time between two looks at `/status.json` while it works, ms: a look costs, too. */
  readonly lookMs?: number
}

/** An input topic filled with events. */
export interface Filled extends RunTopics {
  /** What must become of each event. */
  readonly fates: readonly Fate[]
}

const MIB = 1024 * 1024

/** Creates the topics of a run and fills the input. */
export async function fill(work: Work, name: string): Promise<Filled> {
  const { cluster, events, screen, partitions = PARTITIONS, input = {} } = work
  const { brokers, registryUrl } = cluster
  const topics = await createRunTopics(cluster, name, partitions)
  const schemaId = await registerSchema(registryUrl, topics.input, schemaOf(input))
  const generator = new EventGenerator(schemaId, input)
  const fates = await fillTopic({
    brokers,
    topic: topics.input,
    events,
    generator,
    progress: screen,
  })
  return { ...topics, fates }
}

/**
 * Works a filled input off. Measured from the first commit seen, of each instance when there are
 * several, so that starting and joining the group do not count, up to the last commit. What was written
 * is left to be checked.
 *
 * @throws Error when the service ends, or stands still
 */
export async function runWork(work: Work, topics: RunTopics): Promise<WorkResult> {
  const { cluster, events, instances = 1, service: options = {} } = work
  const services = await startAll(cluster, topics, { ...options, instances })
  try {
    const all = together(services)
    const first = await whenAnswered(all, (now) => now.isShared || now.answered >= events)
    const cpuBefore = cpuOf(services)
    const brokerBefore = brokerCpu(cluster)
    const points: { x: number; y: number }[] = []
    const onProgress = ({ answered }: Progress): void => {
      const resident = services.reduce((sum, { process }) => sum + process.residentMiB(), 0)
      points.push({ x: answered / 1e6, y: resident })
      work.screen.count('working the backlog off', answered, events)
    }
    const last = await whenAnswered(all, events, onProgress, work.lookMs)
    const measured = last.answered - first.answered
    if (measured <= 0)
      throw new Error(`${events} events were done before all was started: more are needed`)
    const perMillion = (seconds: number): number => (seconds / measured) * 1e6
    const broker = brokerCpu(cluster)
    const result = {
      eventsPerSecond: measured / ((last.committedAtMs - first.committedAtMs) / 1_000),
      cpuSecondsPerMillion: perMillion(cpuOf(services) - cpuBefore),
      brokerCpuSecondsPerMillion:
        broker === undefined ? undefined : perMillion(broker - (brokerBefore ?? 0)),
      peakResidentMiB: services.reduce((sum, { process }) => sum + process.peakResidentMiB(), 0),
      growthMiBPerMillion: slope(points.filter(({ x }) => x * 1e6 > events / 2)),
      stateMiB: last.stateBytes / MIB,
      driftRecords: last.driftRecords,
    }
    await Promise.all(services.map(({ process }) => process.stop()))
    return result
  } finally {
    for (const { process } of services) process.kill()
  }
}

async function startAll(
  cluster: Cluster,
  topics: RunTopics,
  { instances, ...options }: ServiceOptions & { readonly instances: number },
): Promise<readonly MeasuredService[]> {
  const names = Array.from({ length: instances }, (_, index) => `bench-${index + 1}`)
  const started = await Promise.allSettled(
    names.map((instance) => startService(cluster, topics, { ...options, instance })),
  )
  const services = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = started.find((each) => each.status === 'rejected')
  if (failed === undefined) return services
  for (const { process } of services) process.kill()
  throw failed.reason
}

function cpuOf(services: readonly MeasuredService[]): number {
  return services.reduce((sum, { process }) => sum + process.cpuSeconds(), 0)
}

function brokerCpu({ brokerPid }: Cluster): number | undefined {
  return brokerPid === undefined ? undefined : cpuSecondsOf(brokerPid)
}

/**
 * That each event that must be predicted is, once, and no other, as an independent reader sees it.
 *
 * @returns the sum of the scores: the same for the same work, but for the order in which they are added
 * @throws Error when it is not so
 */
export async function requireExactlyOnce(
  { brokers, registryUrl }: Cluster,
  { predictions, fates }: Filled,
  partitions = PARTITIONS,
): Promise<number> {
  const values: Buffer[] = []
  await readCommitted({ brokers, topic: predictions, partitions }, (messages) => {
    for (const { value } of messages) if (value !== null) values.push(value)
  })
  const [first] = values
  if (first === undefined) throw new Error('no prediction can be read')
  const reader = new RecordReader(registryUrl)
  await reader.learn(first)
  const seen = new Uint8Array(fates.length)
  let scores = 0
  for (const value of values) {
    const record = reader.recordOf(value)
    const sequence = sequenceOf(String(record['event_id']))
    seen[sequence] = (seen[sequence] ?? 0) + 1
    scores += Number(record['score'])
  }
  const wanted = fates.map((fate) => (fate === 'predicted' ? 1 : 0))
  const wrong = seen.findIndex((count, sequence) => count !== wanted[sequence])
  if (wrong >= 0) throw new Error(`event ${wrong} (${fates[wrong]}) has ${seen[wrong]} predictions`)
  const total = wanted.filter((each) => each === 1).length
  if (values.length !== total) throw new Error(`${values.length} predictions, must be ${total}`)
  return scores
}
