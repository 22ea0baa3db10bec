/**
 * Measures what the Kafka client keeps of the offsets that are sent with a transaction. See `--help`.
 */
import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript'
import { runCommand, UsageError } from '../scripts/options.ts'
import type { OptionValues } from '../scripts/options.ts'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import { fromCallback } from '../src/runtime/callback.ts'
import { clientWarning } from '../src/runtime/kafka-addon.ts'
import { format, Progress } from './progress.ts'
import { slope } from './statistics.ts'

const HELP = `Usage: node bench/leak.ts [options]

Commits transactions that hold nothing but consumer offsets, on a real broker, and watches resident
memory: its slope over the last three quarters of the run, for each offset that was sent.

  --commits N      transactions                    (default 20000)
  --partitions N   offsets sent with each of them  (default 50)
  --json           prints the result as JSON
  --help           prints this

KAFKA_BROKERS and SCHEMA_REGISTRY_URL, both set, are used in place of the testbed.
Exit status: 0 at most 20 bytes stay for each offset; 1 more do; 2 wrong usage.
`
const COMMITS_MIN = 1_000
const BYTES_PER_OFFSET_MAX = 20
const MIB = 1024 * 1024
const CONNECT = { allTopics: false, timeout: 10_000 } as const
const REQUEST_TIMEOUT_MS = 30_000
const SAMPLE_EVERY = 100

interface Result {
  readonly isPatched: boolean
  readonly commits: number
  readonly partitions: number
  readonly seconds: number
  readonly residentMiB: { readonly first: number; readonly last: number }
  readonly bytesPerCommit: number
  readonly bytesPerOffset: number
}

const OPTIONS = { commits: 'whole', partitions: 'whole', json: 'flag' } as const

process.exitCode = await runCommand({ help: HELP, options: OPTIONS, run: runLeak })

async function runLeak(values: OptionValues<typeof OPTIONS>): Promise<number> {
  const { commits = 20_000, partitions = 50 } = values
  // Of fewer, V8's own coming and going would be most of the slope.
  if (commits < COMMITS_MIN) throw new UsageError(`--commits must be at least ${COMMITS_MIN}`)
  if (partitions < 1) throw new UsageError('--partitions must be at least 1')
  const result = await measure({ commits, partitions })
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : report(result))
  return result.bytesPerOffset > BYTES_PER_OFFSET_MAX ? 1 : 0
}

interface Load {
  readonly commits: number
  readonly partitions: number
}

async function measure(options: Load): Promise<Result> {
  const screen = new Progress()
  const testbed = await startTestbed()
  screen.step(`broker ${testbed.brokers}`)
  try {
    const topic = `leak-${process.pid}-${Date.now().toString(36)}`
    await testbed.createTopics([{ name: topic, partitions: options.partitions }])
    const consumer = new kafka.RdKafka.KafkaConsumer(
      { 'bootstrap.servers': testbed.brokers, 'group.id': topic, 'enable.auto.commit': false },
      {},
    )
    const producer = new kafka.RdKafka.Producer({
      'bootstrap.servers': testbed.brokers,
      'transactional.id': topic,
      'retry.backoff.ms': 5,
    })
    await fromCallback((done) => consumer.connect({ ...CONNECT, topic }, done))
    await fromCallback((done) => producer.connect({ ...CONNECT, topic }, done))
    producer.setPollInBackground(true)
    await answered((done) => producer.initTransactions(REQUEST_TIMEOUT_MS, done))
    const result = await commitAll({ ...options, topic, consumer, producer, screen })
    await fromCallback((done) => producer.disconnect(1_000, done))
    await fromCallback((done) => consumer.disconnect(done))
    return result
  } finally {
    await testbed.stop()
  }
}

async function commitAll(
  run: Load & {
    readonly topic: string
    readonly consumer: KafkaConsumer
    readonly producer: Producer
    readonly screen: Progress
  },
): Promise<Result> {
  const { topic, consumer, producer, commits, partitions, screen } = run
  const startedAt = performance.now()
  const points: { x: number; y: number }[] = []
  for (let commit = 0; commit < commits; commit++) {
    const offsets = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      offset: commit,
    }))
    await answered((done) => producer.beginTransaction(done))
    // The consumer is in no group: the broker takes such offsets as they are.
    await answered((done) =>
      producer.sendOffsetsToTransaction(offsets, consumer, REQUEST_TIMEOUT_MS, done),
    )
    await answered((done) => producer.commitTransaction(-1, done))
    if (commit % SAMPLE_EVERY === 0) points.push({ x: commit, y: process.memoryUsage.rss() })
    screen.count('commits', commit, commits)
  }
  const measured = points.filter(({ x }) => x >= commits / 4)
  const bytesPerCommit = slope(measured)
  return {
    isPatched: clientWarning() === undefined,
    commits,
    partitions,
    seconds: (performance.now() - startedAt) / 1_000,
    residentMiB: {
      first: (measured[0]?.y ?? Number.NaN) / MIB,
      last: (measured.at(-1)?.y ?? Number.NaN) / MIB,
    },
    bytesPerCommit,
    bytesPerOffset: bytesPerCommit / partitions,
  }
}

function answered(start: (done: (error: unknown) => void) => void): Promise<void> {
  return fromCallback<void>((done) => start((error) => done(error, undefined)))
}

function report(result: Result): string {
  const { isPatched, commits, partitions, seconds, residentMiB } = result
  const { bytesPerCommit, bytesPerOffset } = result
  return [
    `librdkafka ${kafka.librdkafkaVersion}, ${isPatched ? 'patched' : 'stock'} client, node ${process.version}`,
    `${format(commits)} commits of ${partitions} offsets in ${seconds.toFixed(0)} s`,
    `resident memory, MiB       ${residentMiB.first.toFixed(1)} to ${residentMiB.last.toFixed(1)}`,
    `growth, bytes per commit   ${bytesPerCommit.toFixed(0)}`,
    `growth, bytes per offset   ${bytesPerOffset.toFixed(1)}`,
    '',
  ].join('\n')
}
