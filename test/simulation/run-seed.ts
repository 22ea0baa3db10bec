import type { OutputRecord } from '../../src/domain/record.ts'
import { SimBroker } from './broker.ts'
import { differences } from './compare.ts'
import { isExplained } from './ends.ts'
import { Group } from './group.ts'
import { Instance } from './instance.ts'
import type { Cluster } from './instance.ts'
import { Operator } from './operator.ts'
import { expectedOutputs } from './oracle.ts'
import { write } from './workload.ts'
import { World } from './world.ts'
import type { Limits } from './world.ts'

const NAMES = ['a', 'b', 'c']
const PARTITIONS_MAX = 5
const FAULTS_END_MS = 20_000
/** Once everything is answered, whatever is still on its way has come after this. */
const QUIET_MS = 5_000
const PROGRESS_MAX_MS = 10 * 60_000
/** From the last word to whoever still works that it is to stop until all have. */
const STOP_MAX_MS = 10 * 60_000
const RESTART_MS = 1_000
/** From one look at an instance to the next, and in how many of them it is asked to stop. */
const LOOK_MS = 500
const STOP_SHARE = 0.2

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

/** One run of a seed, as it can be compared with another. */
interface Run {
  readonly world: World
  readonly broker: SimBroker
}

interface Life {
  isOver: boolean
  isWritten: boolean
  /** Instances that have not ended, dead ones included. */
  readonly running: Set<Instance>
}

/**
 * A few instances over a few partitions, with whatever the seed brings upon them. What is read at the end
 * must be what the oracle gives, and a second run must go the same way, step by step.
 */
export async function runSeed(seed: number, limits: Limits = {}): Promise<SeedResult> {
  const first = await run(seed, limits)
  const { world, broker } = first
  if (world.failures.length === 0) judge(first)
  if (world.failures.length === 0) {
    const difference = differenceOf(first, await run(seed, limits))
    if (difference !== undefined) world.fail(`a second run goes another way: ${difference}`)
  }
  const { failures, reached, trace, faults } = world
  const records = broker.inputs.reduce((sum, log) => sum + log.records.length, 0)
  return { seed, records, faults, failures, reached, trace }
}

async function run(seed: number, limits: Limits): Promise<Run> {
  const world = new World(seed, limits)
  const partitions = world.random.whole(1, PARTITIONS_MAX)
  const broker = new SimBroker(world, partitions)
  const group = new Group(world, partitions)
  const operator = new Operator(world, broker.watch)
  const cluster: Cluster = { world, broker, group, operator }
  world.endFaultsIn(FAULTS_END_MS)
  const life: Life = { isOver: false, isWritten: false, running: new Set() }
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
  if (!isDone) world.fail('no progress for ten minutes after the last fault')
  else if (world.failures.length === 0) await windDown(world, life)
  group.isClosed = true
  return { world, broker }
}

/** Whoever lives is asked to stop, and does; what it holds then is looked at. */
async function windDown(world: World, { running }: Life): Promise<void> {
  for (const instance of running) instance.stop()
  const hasEnded = (): boolean =>
    world.failures.length > 0 || [...running].every(({ caller }) => caller.isDead)
  if (!(await world.clock.pass(STOP_MAX_MS, hasEnded))) world.fail('a stop does not end')
}

/** Holds what a reader sees at the end against the oracle. */
function judge({ world, broker }: Run): void {
  for (const [partition, log] of broker.inputs.entries()) {
    const expected = expectedOutputs(log.visible(0), broker.watch.gapsOf(partition))
    for (const problem of differences(expected, broker.outputs[partition] ?? [])) {
      world.fail(`partition ${partition}: ${problem}`)
    }
    for (const { value, headers } of expected) {
      const [reason] = headers
      if (reason !== undefined) world.reach(reason)
      else if (value.startsWith('{"outcome":"predicted"')) world.reach('predicted')
    }
  }
}

/** Where two runs part; `undefined` when they do not. */
function differenceOf(first: Run, second: Run): string | undefined {
  const [one, other] = [first.world, second.world]
  const line = one.trace.findIndex((text, at) => text !== other.trace[at])
  if (line >= 0) return `${one.trace[line]}, and then ${other.trace[line]}`
  if (one.trace.length !== other.trace.length) return `${other.trace[one.trace.length]}`
  if (one.clock.digest !== other.clock.digest) return 'other waits'
  const isEqual = first.broker.outputs.every((records, partition) =>
    areEqual(records, second.broker.outputs[partition] ?? []),
  )
  return isEqual ? undefined : 'other outputs'
}

function areEqual(some: readonly OutputRecord[], others: readonly OutputRecord[]): boolean {
  if (some.length !== others.length) return false
  return some.every(({ topic, value }, at) => {
    const other = others[at]
    if (other === undefined || other.topic !== topic) return false
    return value === null ? other.value === null : (other.value?.equals(value) ?? false)
  })
}

/** A process and its successors: whoever fails or crashes is started again, as orchestrators do. */
async function live(cluster: Cluster, name: string, life: Life): Promise<void> {
  const { world } = cluster
  while (!life.isOver) {
    const instance = new Instance(cluster, name)
    const ending = { isOver: false }
    life.running.add(instance)
    void instance.run().then((error) => {
      ending.isOver = true
      life.running.delete(instance)
      if (error === undefined) {
        world.reach('ended-well')
        return
      }
      world.reach(`exit-${error.code}`)
      if (instance.isWorking && !isExplained(error, world)) {
        world.fail(`nothing explains that ${name} ends: ${error.code} ${error.message}`)
      }
      cluster.operator.ended(error)
    })
    while (!ending.isOver && !instance.caller.isDead && !life.isOver) {
      await world.clock.sleep(LOOK_MS)
      cluster.operator.look()
      if (world.fault('stop', STOP_SHARE) || instance.isOutdated) instance.stop()
    }
    world.note(`${name} has ended`)
    await world.clock.sleep(world.random.whole(RESTART_MS, RESTART_MS * 15))
  }
}

/** Whether nothing is left to answer: retention may have deleted the end of a log. */
function isAnswered({ inputs, committed }: SimBroker): boolean {
  return inputs.every((log, partition) => {
    const offset = committed.get(partition)?.offset ?? 0
    return !log.holdsFrom(Math.max(offset, log.bounds.first))
  })
}
