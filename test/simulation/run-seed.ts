import type { InputRecord } from '../../src/domain/record.ts'
import { specOf } from '../oracle/feature-runs.ts'
import { SimBroker } from './broker.ts'
import { Group } from './group.ts'
import { Instance } from './instance.ts'
import type { Cluster } from './instance.ts'
import { differences, expectedAnswers, partitionOf } from './oracle.ts'
import { TOPICS } from './topics.ts'
import { World } from './world.ts'
import type { Limits } from './world.ts'

const SPEC = specOf({
  lateness: '2s',
  fields: { amount: { type: 'double', optional: true } },
  features: [
    { name: 'n', operation: 'count', window: '6s' },
    { name: 'total', operation: 'sum', input_column: 'amount', window: '6s' },
    { name: 'mean', operation: 'avg', input_column: 'amount', window: '3s' },
    { name: 'newest', operation: 'last', input_column: 'amount', window: '8s' },
    { name: 'since', operation: 'seconds_since_previous', window: '8s' },
  ],
})
const NAMES = ['a', 'b', 'c']
const KEYS = 4
const PARTITIONS_MAX = 5
const FAULTS_END_MS = 20_000
/** Once everything is answered, whatever is still on its way has come after this. */
const QUIET_MS = 5_000
const PROGRESS_MAX_MS = 10 * 60_000
const RESTART_MS = 1_000

/** What became of one seed. */
export interface SeedResult {
  readonly seed: number
  /** How many records were written. */
  readonly records: number
  /** How many faults happened. */
  readonly faults: number
  readonly failures: readonly string[]
  readonly reached: ReadonlyMap<string, number>
  readonly trace: readonly string[]
}

/** One run of a few instances over a few partitions, with whatever the seed brings upon them. */
export async function runSeed(seed: number, limits: Limits = {}): Promise<SeedResult> {
  const world = new World(seed, limits)
  const partitions = world.random.whole(1, PARTITIONS_MAX)
  const broker = new SimBroker(world, partitions)
  const group = new Group(world, partitions)
  const cluster: Cluster = { world, broker, group, spec: SPEC }
  watchCommits(world, broker)
  world.endFaultsIn(FAULTS_END_MS)
  const life = { isOver: false, isWritten: false }
  void write(world, broker, life)
  const count = world.random.whole(1, NAMES.length)
  for (const name of NAMES.slice(0, count)) void live(cluster, name, life)
  const endAtMs = world.clock.now() + FAULTS_END_MS
  let quietSinceMs = Infinity
  const isDone = await world.clock.pass(PROGRESS_MAX_MS, () => {
    if (world.failures.length > 0) return true
    if (!life.isWritten || !isAnswered(broker)) return false
    const nowMs = world.clock.now()
    quietSinceMs = Math.min(quietSinceMs, nowMs)
    return nowMs > Math.min(endAtMs, quietSinceMs + QUIET_MS)
  })
  life.isOver = true
  group.isClosed = true
  if (!isDone) world.fail('no progress for ten minutes after the last fault')
  if (world.failures.length === 0) {
    const expected = expectedAnswers(SPEC, broker.inputs)
    for (const problem of differences(SPEC, expected, broker.outputs)) world.fail(problem)
  }
  const { failures, reached, trace, faults } = world
  return { seed, records: broker.inputs.flat().length, faults, failures, reached, trace }
}

/** Appends records over some seconds, some of them late or no event at all. */
async function write(world: World, broker: SimBroker, life: { isWritten: boolean }): Promise<void> {
  const { random, clock } = world
  const records = Math.min(random.whole(20, 200), world.limits.recordsMax ?? Infinity)
  // Rare pauses leave a backlog, so that units stay open and records are read ahead of them.
  const pauses = random.pick([0.2, 0.05, 0.01]) ?? 0
  let timeMs = clock.now()
  for (let written = 0; written < records; written++) {
    const partition = random.whole(0, broker.inputs.length - 1)
    const log = broker.inputs[partition] ?? []
    timeMs += random.whole(0, 900)
    const amount = random.chance(0.1) ? null : random.whole(0, 400) / 4
    const record: InputRecord = {
      topic: 'events',
      partition,
      offset: log.length,
      timestamp: timeMs - (random.chance(0.1) ? random.whole(0, 5_000) : 0),
      key: Buffer.from(`k${random.whole(1, KEYS)}`),
      value: Buffer.from(random.chance(0.05) ? 'poison' : JSON.stringify({ amount })),
    }
    log.push(record)
    if (random.chance(pauses)) await clock.sleep(random.whole(0, 800))
  }
  life.isWritten = true
}

/** A process and its successors: whoever fails or crashes is started again, as orchestrators do. */
async function live(
  cluster: Cluster,
  name: string,
  life: { readonly isOver: boolean },
): Promise<void> {
  const { world } = cluster
  while (!life.isOver) {
    const instance = new Instance(cluster, name)
    const ending = { isOver: false }
    void instance.run().then((error) => {
      ending.isOver = true
      if (error !== undefined) world.reach(`exit-${error.code}`)
    })
    while (!ending.isOver && !instance.caller.isDead && !life.isOver) {
      await world.clock.sleep(100)
      if (world.fault('stop')) instance.stop()
    }
    world.note(`${name} has ended`)
    await world.clock.sleep(world.random.whole(RESTART_MS, RESTART_MS * 15))
  }
}

function isAnswered(broker: SimBroker): boolean {
  return broker.inputs.every(
    (log, partition) => (broker.committed.get(partition)?.offset ?? 0) === log.length,
  )
}

/** At every commit: the offsets say what the audits say, no more and no less. */
function watchCommits(world: World, broker: SimBroker): void {
  const audited = new Map<number, number>()
  broker.onCommit = (records) => {
    for (const record of records.filter(({ topic }) => topic === TOPICS.audit)) {
      const partition = partitionOf(record)
      audited.set(partition, (audited.get(partition) ?? 0) + 1)
    }
    for (const [partition, { offset }] of broker.committed) {
      const answers = audited.get(partition) ?? 0
      if (answers === offset) continue
      world.fail(`partition ${partition} is committed up to ${offset}, with ${answers} answers`)
    }
  }
}
