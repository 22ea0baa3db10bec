/**
 * Measures how fast the input is read, before anything is done with it. See `--help`.
 */
import { parseArgs } from 'node:util'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import { createTopics } from '../scripts/testbed/topics.ts'
import { consumerProperties } from '../src/config/client-properties.ts'
import { loadConfig } from '../src/config/load.ts'
import { canKafka } from '../src/runtime/kafka-addon.ts'
import { KafkaSource } from '../src/source/kafka-consumer.ts'
import { PARTITIONS } from './cluster.ts'
import { EventGenerator } from './events.ts'
import { fillTopic } from './fill.ts'
import { format, Progress } from './progress.ts'
import { median } from './statistics.ts'

const HELP = `Usage: node bench/consume.ts [--events N] [--rounds N]

Reads the benchmark's input through the service's source, key and value of each record looked at, from
the first record on; in each round also the way of a client without our patches. Tells events a second
and CPU time (all threads).

  --events N  events on the topic (default 600000)
  --rounds N  times it is read each way (default 5)
`
const RECORDS_MAX = 1_000
const SCHEMA_ID = 1

interface Sample {
  readonly eventsPerSecond: number
  readonly cpuSecondsPerMillion: number
}

await main()

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { events: text, rounds: text, help: { type: 'boolean' } },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return
  }
  const testbed = await startTestbed()
  try {
    const { events = 600_000, rounds = 5 } = values
    await measure(testbed.brokers, Number(events), Number(rounds))
  } finally {
    await testbed.stop(false)
  }
}

async function measure(brokers: string, events: number, rounds: number): Promise<void> {
  const progress = new Progress()
  const topic = `bench-${Date.now().toString(36)}-events`
  await createTopics(brokers, [{ name: topic, partitions: PARTITIONS }])
  const generator = new EventGenerator(SCHEMA_ID)
  await fillTopic({ brokers, topic, events, generator, progress })
  const ways = (canKafka('consumeBatch') ? [false, true] : [false]).map((isPatched) => ({
    isPatched,
    name: isPatched ? 'patched' : 'stock',
    samples: [] as Sample[],
  }))
  for (let round = 1; round <= rounds; round++) {
    for (const { isPatched, name, samples } of ways) {
      const group = `${topic}-${name}-${round}`
      const sample = await readAll(sourceOf(brokers, { topic, group, isPatched }), events)
      samples.push(sample)
      progress.step(`round ${round}, ${name}: ${describe(sample)}`)
    }
  }
  for (const { name, samples } of ways) {
    const eventsPerSecond = median(samples.map((sample) => sample.eventsPerSecond))
    const cpuSecondsPerMillion = median(samples.map((sample) => sample.cpuSecondsPerMillion))
    process.stdout.write(`${name}: ${describe({ eventsPerSecond, cpuSecondsPerMillion })}\n`)
  }
}

/** With the service's own settings. */
function sourceOf(
  brokers: string,
  { topic, group, isPatched }: { topic: string; group: string; isPatched: boolean },
): KafkaSource {
  const env = { KAFKA_BROKERS: brokers, APP_ID: group, MODEL_DIR: 'bench', INPUT_FORMAT: 'json' }
  const { config } = loadConfig(env, { readFile: () => '', hostname: 'bench' })
  return new KafkaSource({ topic, properties: consumerProperties(config), isPatched })
}

async function readAll(source: KafkaSource, events: number): Promise<Sample> {
  await source.connect()
  const assigned: number[] = []
  source.subscribe((rebalance) => {
    rebalance.answer()
    if (rebalance.kind === 'assigned') assigned.push(...rebalance.partitions)
  })
  while (assigned.length < PARTITIONS) await source.poll(RECORDS_MAX)
  await source.seek(assigned.map((partition) => ({ partition, offset: 0 })))
  let read = 0
  let bytes = 0
  let startedAt = performance.now()
  let cpu = process.cpuUsage()
  let first = 0
  while (read < events) {
    const records = await source.poll(RECORDS_MAX)
    for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.[0] ?? 0)
    read += records.length
    if (first > 0 || read === 0) continue
    first = read
    startedAt = performance.now()
    cpu = process.cpuUsage()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  await source.close()
  if (bytes === 0) throw new Error('records without bytes')
  const measured = read - first
  return {
    eventsPerSecond: measured / seconds,
    cpuSecondsPerMillion: (user + system) / measured,
  }
}

function describe({ eventsPerSecond, cpuSecondsPerMillion }: Sample): string {
  return `${format(eventsPerSecond)} events/s, ${cpuSecondsPerMillion.toFixed(2)} CPU-s a million`
}
