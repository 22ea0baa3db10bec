import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readFlights } from '../scripts/flights/flights.ts'
import { FLIGHT_SCHEMA } from '../scripts/flights/record.ts'
import { readCommitted } from '../scripts/testbed/read.ts'
import type { Bench, Context } from './bench.ts'
import { PARTITIONS } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { fillTopic } from './fill.ts'
import { FlightGenerator } from './flight-events.ts'
import { wholeNumbers } from './options.ts'
import { format } from './progress.ts'
import { RecordReader, registerSchema } from './registry.ts'
import { Cases } from './result.ts'
import type { Measured } from './result.ts'
import { createRunTopics } from './service.ts'
import { runWork } from './work.ts'
import type { Work, WorkResult } from './work.ts'

const MODEL = resolve(import.meta.dirname, '../models/flight-delay')
const EVENTS = 400_000
const EVENTS_QUICK = 40_000
const ROUNDS = 8
/** With drift, an answer of /status.json holds every bin. As often as the page asks, not as a benchmark likes to. */
const LOOK_MS = 1_000
const OPTIONS = { events: 'text' } as const
const WITHOUT = 'without reference.json'
const WITH = 'with reference.json'
const FIGURES = {
  rate: { title: 'events/s', digits: 0 },
  rateShare: { title: 'events/s, of those without, same round', digits: 3 },
  cpu: { title: 'CPU-s per million events', digits: 2 },
  cpuShare: { title: 'CPU time, of that without, same round', digits: 3 },
} as const

/** What watching drift costs of the throughput: the same backlog with and without a reference, in turn. */
export const driftBench: Bench<typeof OPTIONS> = {
  summary: 'what watching drift costs: a backlog with and without reference.json, in turn',
  help: `The service works the same topic of flights off with models/flight-delay as it is, whose reference watches 17
features and scores in 33 columns, and with a copy without its reference. Both in turn, each round in the
other order. Every prediction is read, and that each event was counted for drift.

  --events N   events of the backlog      (default ${EVENTS}: more than a year of flights)
`,
  options: OPTIONS,
  run: async (context) => {
    const [events = EVENTS] = wholeNumbers('--events', context.options.events, [
      context.isQuick ? EVENTS_QUICK : EVENTS,
    ])
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
    try {
      const bare = join(folder, 'flight-delay')
      cpSync(MODEL, bare, { recursive: true })
      rmSync(join(bare, 'reference.json'))
      return [await measure(context, events, bare)]
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function measure(
  context: Context<typeof OPTIONS>,
  events: number,
  bare: string,
): Promise<Measured> {
  const { screen, rounds = context.isQuick ? 1 : ROUNDS } = context
  const cluster = await context.cluster()
  const input = await fillFlights({ cluster, events, screen })
  const cases = new Cases()
  const problems: string[] = []
  const run = async (label: string, modelFolder: string): Promise<WorkResult> => {
    const topics = { ...(await createRunTopics(cluster, 'drift')), input }
    const env = { APP_ID: topics.predictions }
    const result = await runWork(
      { cluster, events, screen, lookMs: LOOK_MS, service: { modelFolder, env } },
      topics,
    )
    screen.step(`${label}: ${format(result.eventsPerSecond)} events/s`)
    const predicted = await distinctPredictions(cluster, topics.predictions)
    const counted = modelFolder === MODEL ? events : undefined
    if (predicted !== events || result.driftRecords !== counted) {
      problems.push(`${label}: ${predicted} predictions, ${result.driftRecords} counted for drift`)
    }
    return result
  }
  for (let round = 1; round <= rounds; round++) {
    const first = round % 2 === 0 ? await run(WITH, MODEL) : undefined
    const without = await run(WITHOUT, bare)
    const watched = first ?? (await run(WITH, MODEL))
    cases.add(WITHOUT, { rate: without.eventsPerSecond, cpu: without.cpuSecondsPerMillion })
    cases.add(WITH, {
      rate: watched.eventsPerSecond,
      rateShare: watched.eventsPerSecond / without.eventsPerSecond,
      cpu: watched.cpuSecondsPerMillion,
      cpuShare: watched.cpuSecondsPerMillion / without.cpuSecondsPerMillion,
    })
  }
  return {
    id: `drift-${events}`,
    title: 'Watching drift',
    how: `A backlog of ${format(events)} flights by models/flight-delay, which watches 17 features and scores, and by the same model without its reference; the same input, in turn, each round in the other order.`,
    figures: FIGURES,
    drawn: ['rate', 'cpu'],
    cases: cases.all(),
    problems,
  }
}

/** @returns the topic */
async function fillFlights({
  cluster,
  events,
  screen,
}: Pick<Work, 'cluster' | 'events' | 'screen'>): Promise<string> {
  const { brokers, registryUrl } = cluster
  const { input: topic } = await createRunTopics(cluster, 'flights')
  const schemaId = await registerSchema(registryUrl, topic, JSON.stringify(FLIGHT_SCHEMA))
  const generator = new FlightGenerator(await readFlights(), schemaId)
  await fillTopic({ brokers, topic, events, generator, progress: screen })
  return topic
}

/** How many flights have a prediction. */
async function distinctPredictions(
  { brokers, registryUrl }: Cluster,
  topic: string,
): Promise<number> {
  const reader = new RecordReader(registryUrl)
  const values: Buffer[] = []
  await readCommitted({ brokers, topic, partitions: PARTITIONS }, (messages) => {
    for (const { value } of messages) if (value !== null) values.push(value)
  })
  const [first] = values
  if (first === undefined) return 0
  await reader.learn(first)
  const ids = new Set(values.map((value) => reader.textOf(value, 'event_id')))
  return ids.size === values.length ? ids.size : Number.NaN
}
