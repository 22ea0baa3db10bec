/**
 * Measures how fast state comes back from the changelog. See `--help`.
 */
import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import kafka from '@confluentinc/kafka-javascript'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import { createTopics } from '../scripts/testbed/topics.ts'
import { invariant } from '../src/domain/errors.ts'
import { FeatureEngine } from '../src/features/engine.ts'
import { encodeMetadata } from '../src/features/offset-metadata.ts'
import { parseModelSpec } from '../src/features/spec.ts'
import { Restorer } from '../src/loop/restore.ts'
import { fromCallback } from '../src/runtime/callback.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { KafkaChangelog } from '../src/source/kafka-changelog.ts'
import { format, Progress } from './progress.ts'
import { median } from './statistics.ts'

const HELP = `Usage: node bench/restore.ts [--tiles N] [--keys N] [--partitions N] [--rounds N] [--json]

Writes tiles of the benchmark's model to a changelog and measures how fast they are read back into
state, from the request to the last partition being ready. Tells tiles a second and memory.

  --tiles N       tiles in all (default 1000000)
  --keys N        entity keys in all (default 100000)
  --partitions N  partitions they are spread over (default 4)
  --rounds N      restores measured (default 3)
  --json          prints the result as JSON
`
const MODEL = resolve(import.meta.dirname, 'model/model.yaml')
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
  const rates: number[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    const engine = new FeatureEngine(spec, LIMITS)
    const startedAt = performance.now()
    await restore(brokers, topic, { written, engine })
    rates.push(plan.tiles / ((performance.now() - startedAt) / 1_000))
    const { keys, tiles } = engine.size()
    invariant(tiles === plan.tiles, `${tiles} tiles of ${plan.tiles} came back`)
    screen.step(`round ${round}: ${format(rates.at(-1) ?? 0)} tiles/s, ${format(keys)} keys`)
  }
  const residentMiB = process.memoryUsage().rss / 2 ** 20
  const result = { ...plan, tilesPerSecond: median(rates), rates, residentMiB }
  process.stdout.write(
    isJson
      ? `${JSON.stringify(result, undefined, 2)}\n`
      : `restore: ${format(result.tilesPerSecond)} tiles/s (median of ${rates.length}), ${format(residentMiB)} MiB\n`,
  )
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
  brokers: string,
  topic: string,
  { written, engine }: { readonly written: Written; readonly engine: FeatureEngine },
): Promise<void> {
  const changelog = new KafkaChangelog(topic, {
    'bootstrap.servers': brokers,
    'group.id': topic,
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.partition.eof': true,
    'fetch.wait.max.ms': 20,
    'fetch.message.max.bytes': 4 * 2 ** 20,
    'queued.min.messages': 500_000,
    'queued.max.messages.kbytes': 65_536,
    'fetch.queue.backoff.ms': 10,
  })
  const nothing = (): void => undefined
  const restorer = new Restorer({
    inputTopic: 'events',
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
    events: { restoring: nothing, restored: nothing, changelogUnusable: nothing },
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
