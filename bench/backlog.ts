import { readCommitted } from '../scripts/testbed/read.ts'
import { PARTITIONS } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { EventGenerator, EVENT_SCHEMA, sequenceOf } from './events.ts'
import { fillTopic } from './fill.ts'
import type { Progress as Screen } from './progress.ts'
import { RecordReader, registerSchema } from './registry.ts'
import { createRunTopics, startService, whenAnswered } from './service.ts'
import type { RunTopics } from './service.ts'

/** How fast the service works off what waits for it. */
export interface BacklogResult {
  readonly eventsPerSecond: number
  /** CPU time of the service, all its threads, per million events. */
  readonly cpuSecondsPerMillion: number
  readonly peakResidentMiB: number
}

/** What a part of the benchmark is given. */
export interface RunOptions {
  readonly cluster: Cluster
  readonly events: number
  readonly isProfiled: boolean
  readonly screen: Screen
}

/** An input topic filled with events. */
export async function fill(
  { cluster, events, screen }: Pick<RunOptions, 'cluster' | 'events' | 'screen'>,
  name: string,
): Promise<RunTopics> {
  const topics = await createRunTopics(cluster, name)
  const schemaId = await registerSchema(cluster.registryUrl, topics.input, EVENT_SCHEMA)
  const generator = new EventGenerator(schemaId)
  const { brokers } = cluster
  await fillTopic({ brokers, topic: topics.input, events, generator, progress: screen })
  return topics
}

/**
 * Works a backlog off. Measured from the first commit seen, so that starting and joining the group do
 * not count, up to the last commit.
 *
 * @throws Error when not every event was predicted exactly once
 */
export async function runBacklog(options: RunOptions, topics: RunTopics): Promise<BacklogResult> {
  const { cluster, events, isProfiled, screen } = options
  const service = await startService(cluster, topics, isProfiled)
  try {
    const first = await whenAnswered(service, 1)
    const cpuBefore = service.process.cpuSeconds()
    const last = await whenAnswered(service, events, ({ answered }) =>
      screen.count('working the backlog off', answered, events),
    )
    const cpuSeconds = service.process.cpuSeconds() - cpuBefore
    const measured = last.answered - first.answered
    const result = {
      eventsPerSecond: measured / ((last.committedAtMs - first.committedAtMs) / 1_000),
      cpuSecondsPerMillion: (cpuSeconds / measured) * 1e6,
      peakResidentMiB: service.process.peakResidentMiB(),
    }
    await service.process.stop()
    await requireExactlyOnce(cluster, topics, events)
    return result
  } finally {
    service.process.kill()
  }
}

/** That each event's prediction is there once, as an independent reader sees it. */
async function requireExactlyOnce(
  { brokers, registryUrl }: Cluster,
  { predictions }: RunTopics,
  events: number,
): Promise<void> {
  const values: Buffer[] = []
  await readCommitted({ brokers, topic: predictions, partitions: PARTITIONS }, (messages) => {
    for (const { value } of messages) if (value !== null) values.push(value)
  })
  const [first] = values
  if (first === undefined) throw new Error('no prediction can be read')
  const reader = new RecordReader(registryUrl)
  await reader.learn(first)
  const seen = new Uint8Array(events)
  for (const value of values) {
    const sequence = sequenceOf(reader.textOf(value, 'event_id'))
    seen[sequence] = (seen[sequence] ?? 0) + 1
  }
  const wrong = seen.findIndex((count) => count !== 1)
  if (wrong >= 0) throw new Error(`event ${wrong} has ${seen[wrong]} predictions`)
  if (values.length !== events) throw new Error(`${values.length} predictions of ${events} events`)
}
