/**
 * Measures how fast state comes back from the changelog. See `--help`.
 */
import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import kafka from '@confluentinc/kafka-javascript'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import { createTopics } from '../scripts/testbed/topics.ts'
import { changelogProperties } from '../src/config/client-properties.ts'
import type { ClientProperties } from '../src/config/client-properties.ts'
import { loadConfig } from '../src/config/load.ts'
import { invariant } from '../src/domain/errors.ts'
import { FeatureEngine } from '../src/features/engine.ts'
import { encodeMetadata } from '../src/features/offset-metadata.ts'
import { parseModelSpec } from '../src/features/spec.ts'
import { Restorer } from '../src/loop/restore.ts'
import { fromCallback } from '../src/runtime/callback.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { canKafka } from '../src/runtime/kafka-addon.ts'
import { KafkaChangelog } from '../src/source/kafka-changelog.ts'
import { format, Progress } from './progress.ts'
import { median } from './statistics.ts'

const HELP = `Usage: node bench/restore.ts [--tiles N] [--keys N] [--partitions N] [--rounds N] [--json]

Writes tiles of the benchmark's model to a changelog and measures how fast they are read, and how fast
they are read back into state, from the request to the last partition being ready. In each round also
the way of a client without our patches. Tells tiles a second, CPU time (all threads) and memory.

  --tiles N       tiles in all (default 1000000)
  --keys N        entity keys in all (default 100000)
  --partitions N  partitions they are spread over (default 4)
  --rounds N      restores measured (default 3)
  --json          prints the result as JSON
`
const MODEL = resolve(import.meta.dirname, 'model/model.yaml')
/** Records of one poll, as the restorer takes them. */
const RECORDS_MAX = 5_000
const TILE_MS = 60_000
const FIRST_MS = 1_700_000_040_000
const LIMITS = { keysMax: 10_000_000, bytesMax: Infinity }
const PAUSE_MS = 5

interface Plan {
  readonly tiles: number
  readonly keys: number
  readonly partitions: number
  readonly rounds: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    options: { tiles: text, keys: text, partitions: text, rounds: text, json: flag, help: flag },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const { tiles = 1_000_000, keys = 100_000, partitions = 4, rounds = 3 } = values
  const plan = {
    tiles: Number(tiles),
    keys: Number(keys),
    partitions: Number(partitions),
    rounds: Number(rounds),
  }
  const testbed = await startTestbed()
  try {
    await measure(testbed.brokers, plan, values.json === true)
  } finally {
    await testbed.stop(false)
  }
  return 0
}

async function measure(brokers: string, plan: Plan, isJson: boolean): Promise<void> {
  const screen = new Progress()
  const topic = `bench-${Date.now().toString(36)}-state`
  await createTopics(brokers, [{ name: topic, partitions: plan.partitions }])
  const spec = parseModelSpec(readFileSync(MODEL, 'utf8'), 'model.yaml')
  const written = await fill(brokers, topic, { plan, engine: new FeatureEngine(spec, LIMITS) })
  screen.step(`${format(plan.tiles)} tiles written`)
  const ways: Way[] = []
  for (const isPatched of canKafka('consumeBatch') ? [false, true] : [false]) {
    const client = isPatched ? 'patched' : 'stock'
    const open = (): KafkaChangelog => new KafkaChangelog(topic, properties(brokers), isPatched)
    ways.push(
      { name: `${client}, read alone`, run: () => readAll(open(), plan), samples: [] },
      {
        name: `${client}, into state`,
        run: async () => {
          const engine = new FeatureEngine(spec, LIMITS)
          await restore(open(), { written, engine })
          return engine.size().tiles
        },
        samples: [],
      },
    )
  }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const way of ways) {
      const sample = await sampleOf(way, plan)
      way.samples.push(sample)
      screen.step(`round ${round}, ${way.name}: ${describe(sample)}`)
    }
  }
  const results = ways.map(({ name, samples }) => ({ name, ...medianOf(samples) }))
  process.stdout.write(
    isJson
      ? `${JSON.stringify({ ...plan, results }, undefined, 2)}\n`
      : results.map(({ name, ...sample }) => `restore, ${name}: ${describe(sample)}\n`).join(''),
  )
}

/** A way of reading all tiles. */
interface Way {
  readonly name: string
  /** @returns how many tiles came */
  readonly run: () => Promise<number>
  readonly samples: Sample[]
}

interface Sample {
  readonly tilesPerSecond: number
  /** User and system, all threads, for a million tiles. */
  readonly cpuSecondsPerMillion: number
  readonly residentMiB: number
}

async function sampleOf({ run }: Way, { tiles }: Plan): Promise<Sample> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const read = await run()
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  invariant(read === tiles, `${read} tiles of ${tiles} came back`)
  return {
    tilesPerSecond: tiles / seconds,
    cpuSecondsPerMillion: (user + system) / tiles,
    residentMiB: process.memoryUsage().rss / 2 ** 20,
  }
}

function medianOf(samples: readonly Sample[]): Sample {
  return {
    tilesPerSecond: median(samples.map((sample) => sample.tilesPerSecond)),
    cpuSecondsPerMillion: median(samples.map((sample) => sample.cpuSecondsPerMillion)),
    residentMiB: median(samples.map((sample) => sample.residentMiB)),
  }
}

function describe({ tilesPerSecond, cpuSecondsPerMillion, residentMiB }: Sample): string {
  const cpu = `${cpuSecondsPerMillion.toFixed(1)} CPU-s a million`
  return `${format(tilesPerSecond)} tiles/s, ${cpu}, ${format(residentMiB)} MiB`
}

/** The service's own, from its defaults. */
function properties(brokers: string): ClientProperties {
  const env = { KAFKA_BROKERS: brokers, APP_ID: 'bench', MODEL_DIR: 'bench', INPUT_FORMAT: 'json' }
  return changelogProperties(loadConfig(env, { readFile: () => '', hostname: 'bench' }).config)
}

/** The reader alone, from the connection to the end of every partition. */
async function readAll(changelog: KafkaChangelog, { partitions }: Plan): Promise<number> {
  const ends: number[] = []
  for (let partition = 0; partition < partitions; partition++) {
    ends.push((await changelog.bounds(partition)).end)
    changelog.open(partition, 0)
  }
  let records = 0
  const isDone = (): boolean => ends.every((end, index) => changelog.position(index) >= end)
  while (!isDone()) records += await changelog.poll(RECORDS_MAX, () => undefined)
  await changelog.disconnect()
  return records
}

/** What the group would have stored of each partition. */
type Written = ReadonlyMap<number, { readonly offset: number; readonly metadata: string }>

/** Events of all keys, a tile each, in units of one tile; what a unit changes goes to the changelog. */
async function fill(
  brokers: string,
  topic: string,
  { plan, engine }: { readonly plan: Plan; readonly engine: FeatureEngine },
): Promise<Written> {
  const { tiles, keys, partitions } = plan
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'queue.buffering.max.messages': 2_000_000,
    'compression.codec': 'lz4',
  })
  await fromCallback((done) =>
    producer.connect({ topic: '', allTopics: false, timeout: 10_000 }, done),
  )
  const row = new Float64Array(engine.columns)
  for (let partition = 0; partition < partitions; partition++) engine.open(partition)
  for (let tile = 0; tile < tiles; tile++) {
    const key = tile % keys
    const timeMs = FIRST_MS + Math.floor(tile / keys) * TILE_MS
    const event = { key: `user-${key}`, timeMs, id: '', values: [tile % 100] }
    engine.apply(key % partitions, tile, event, -1, row, 0)
    if ((tile + 1) % keys !== 0 && tile + 1 !== tiles) continue
    engine.changes((partition, { key: name, value }) => {
      producer.produce(topic, partition, Buffer.from(value), Buffer.from(name))
    })
    engine.accept()
    await fromCallback((done) => producer.flush(60_000, (error) => done(error, undefined)))
  }
  await fromCallback((done) => producer.disconnect(1_000, done))
  const { layout } = engine
  return new Map(
    Array.from({ length: partitions }, (_, partition) => {
      const changelog = { from: 0, tiles: engine.reachableTiles(partition) }
      const position = engine.streamPosition(partition)
      return [partition, { offset: 1, metadata: encodeMetadata({ position, layout, changelog }) }]
    }),
  )
}

/** The restorer of the service on the real changelog; only what the group stored is made up. */
async function restore(
  changelog: KafkaChangelog,
  { written, engine }: { readonly written: Written; readonly engine: FeatureEngine },
): Promise<void> {
  const nothing = (): void => undefined
  const restorer = new Restorer({
    inputTopic: 'events',
    instanceId: 'bench',
    fencing: { lastWritten: async () => [], fence: async () => undefined },
    observer: { formerOwner: nothing },
    policy: { onMismatch: 'refuse', onGap: 'refuse' },
    source: {
      committed: async (partitions) =>
        partitions.map((partition) => ({
          partition,
          offset: 0,
          metadata: '',
          ...written.get(partition),
        })),
      logBounds: async () => ({ first: 0, end: 1 }),
    },
    changelog,
    engine,
    clock: systemClock,
    insist: (call) => call(),
    events: {
      restoring: nothing,
      restored: nothing,
      changelogUnusable: nothing,
      fenced: nothing,
      notFenced: nothing,
    },
  })
  const partitions = [...written.keys()]
  restorer.begin(partitions)
  let ready = 0
  while (ready < partitions.length) {
    ready += restorer.take().length
    await systemClock.sleep(PAUSE_MS)
  }
  await restorer.close()
}
