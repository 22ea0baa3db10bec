import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import kafka from '@confluentinc/kafka-javascript'
import { UsageError } from '../scripts/options.ts'
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
import type { Bench, Context } from './bench.ts'
import { format } from './progress.ts'
import { Cases } from './result.ts'
import type { Measured } from './result.ts'

const MODEL = resolve(import.meta.dirname, 'model/model.yaml')
/** Records of one poll, as the restorer takes them. */
const RECORDS_MAX = 5_000
const TILE_MS = 60_000
const FIRST_MS = 1_700_000_040_000
const LIMITS = { keysMax: 10_000_000, bytesMax: Infinity }
const PAUSE_MS = 5

const TILES = 1_000_000
const TILES_QUICK = 100_000
const ROUNDS = 3
const OPTIONS = { tiles: 'whole', keys: 'whole', partitions: 'whole' } as const
const FIGURES = {
  rate: { title: 'tiles/s', digits: 0 },
  cpu: { title: 'CPU-s per million tiles, all threads', digits: 2 },
} as const

interface Plan {
  readonly tiles: number
  readonly keys: number
  readonly partitions: number
}

/** State comes back from the changelog. */
export const restoreBench: Bench<typeof OPTIONS> = {
  summary: 'tiles/s back from the changelog, read alone and into state',
  help: `Writes tiles of the benchmark's model to a changelog and measures how fast they are read, and how fast they
are read back into state, from the request to the last partition being ready. In each round also the way
of a client without our patches. Fails when a tile is missing.

  --tiles N        tiles in all                          (default ${TILES})
  --keys N         entity keys in all                    (default a tenth of the tiles)
  --partitions N   partitions they are spread over       (default 4)
`,
  options: OPTIONS,
  run: async (context) => {
    const { tiles = context.isQuick ? TILES_QUICK : TILES, partitions = 4 } = context.options
    const { keys = Math.ceil(tiles / 10) } = context.options
    if (tiles < 1 || keys < 1 || partitions < 1) {
      throw new UsageError('--tiles, --keys and --partitions must be at least 1')
    }
    return [await measure(context, { tiles, keys, partitions })]
  },
}

async function measure(context: Context<typeof OPTIONS>, plan: Plan): Promise<Measured> {
  const { screen, rounds = context.isQuick ? 1 : ROUNDS } = context
  const { brokers } = await context.cluster()
  const topic = `bench-${Date.now().toString(36)}-state`
  await createTopics(brokers, [{ name: topic, partitions: plan.partitions }])
  const spec = parseModelSpec(readFileSync(MODEL, 'utf8'), 'model.yaml')
  const written = await fill(brokers, topic, { plan, engine: new FeatureEngine(spec, LIMITS) })
  screen.step(`${format(plan.tiles)} tiles written`)
  const ways = [true, false].filter((isPatched) => !isPatched || canKafka('consumeBatch'))
  const cases = new Cases()
  for (let round = 1; round <= rounds; round++) {
    for (const isPatched of ways) {
      const client = isPatched ? 'Millrace’s client' : 'stock client'
      const open = (): KafkaChangelog => new KafkaChangelog(topic, properties(brokers), isPatched)
      const engine = new FeatureEngine(spec, LIMITS)
      const intoState = async (): Promise<number> => {
        await restore(open(), { written, engine })
        return engine.size().tiles
      }
      for (const [what, run] of [
        ['into state', intoState],
        ['read alone', () => readAll(open(), plan)],
      ] as const) {
        const sample = await sampleOf(run, plan)
        cases.add(`${client}, ${what}`, { ...sample })
        screen.step(
          `round ${round} of ${rounds}, ${client}, ${what}: ${format(sample.rate)} tiles/s`,
        )
      }
    }
  }
  return {
    id: 'restore',
    title: `Restoring ${format(plan.tiles)} tiles`,
    how: `${format(plan.keys)} keys in ${plan.partitions} partitions; from the request to the last partition being ready.`,
    figures: FIGURES,
    drawn: ['rate', 'cpu'],
    cases: cases.all(),
    problems: [],
  }
}

/** Runs a way of reading all tiles. @param run tells how many came */
async function sampleOf(
  run: () => Promise<number>,
  { tiles }: Plan,
): Promise<{ readonly rate: number; readonly cpu: number }> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const read = await run()
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  invariant(read === tiles, `${read} tiles of ${tiles} came back`)
  return { rate: tiles / seconds, cpu: (user + system) / tiles }
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
  await fromCallback((done) => producer.connect({ topic, allTopics: false, timeout: 10_000 }, done))
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
      restoreGoesOn: nothing,
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
