import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import type { Decoder } from '../../src/decode/port.ts'
import { ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { Breaker } from '../../src/loop/breaker.ts'
import { Fetcher } from '../../src/loop/fetcher.ts'
import { FloodGate } from '../../src/loop/flood-gate.ts'
import type { InMemory } from '../../src/loop/in-memory.ts'
import { Loop } from '../../src/loop/loop.ts'
import { PartitionTable } from '../../src/loop/partitions.ts'
import { Processor } from '../../src/loop/processor.ts'
import { Status } from '../../src/loop/status.ts'
import { Tally } from '../../src/loop/tally.ts'
import { UnitOfWork } from '../../src/loop/unit-of-work.ts'
import { Backoff } from '../../src/runtime/backoff.ts'
import type { Scorer } from '../../src/inference/port.ts'
import { JsonEncoder } from '../../src/sink/json-encoder.ts'
import { OutputPlan } from '../../src/sink/plan.ts'
import { FakeScorer } from '../fakes/scorer.ts'
import { boundsOf, excess, NOTHING } from './bounds.ts'
import type { SimBroker } from './broker.ts'
import type { Group } from './group.ts'
import { SimChangelogReader } from './changelog-reader.ts'
import { eventsOf } from './events.ts'
import { fencingOf } from './fencing.ts'
import { SPEC, scoreRow } from './model.ts'
import type { Operator } from './operator.ts'
import { SimProducer } from './producer.ts'
import { BREAKER } from './settings.ts'
import type { Settings } from './settings.ts'
import { SimSource } from './source.ts'
import { TOPICS } from './topics.ts'
import { callerOf } from './world.ts'
import type { Caller, World } from './world.ts'

// Few, so that polls are often full: only then is the next batch read ahead.
const RECORDS_MAX = 4
const COMMIT_RECORDS_MAX = 12
const UNIT_DEADLINE_MS = 10_000
/** Short, so that it runs out in some of the seeds. */
const REBALANCE_DRAIN_MS = 12
const SCORING_MAX_MS = 20
const AWAY_MAX_MS = 5_000

/** What instances share. */
export interface Cluster {
  readonly world: World
  readonly broker: SimBroker
  readonly group: Group
  readonly operator: Operator
}

/** What an adapter throws that nobody has thought of. */
class UnknownError extends Error {}

/** One process: the production loop over simulated ports. */
export class Instance {
  readonly caller: Caller
  readonly #cluster: Cluster
  readonly #settings: Settings
  #loop: Loop | undefined
  #isStopping = false

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster
    this.#settings = cluster.operator.settings
    this.caller = callerOf(name)
    const { length: partitions } = cluster.broker.inputs
    const bounds = boundsOf({
      batchRecordsMax: RECORDS_MAX,
      commitRecordsMax: COMMIT_RECORDS_MAX,
      partitions,
    })
    this.caller.onCall = () => this.#mustHold(bounds)
  }

  /** Whether it must be started anew because its settings have changed. */
  get isOutdated(): boolean {
    return this.#settings !== this.#cluster.operator.settings
  }

  /** Whether it works, for as long as nobody asks it to stop. */
  get isWorking(): boolean {
    return this.#loop !== undefined && !this.#isStopping
  }

  stop(): void {
    this.#isStopping = true
    this.#loop?.stop()
  }

  /** Runs until it stops or fails; a crashed one never answers. @returns the error that ended it */
  async run(): Promise<ServiceError | undefined> {
    const { world, broker, group } = this.#cluster
    const source = new SimSource(world, broker, { group, caller: this.caller })
    const producer = new SimProducer(world, broker, { group, member: source.member })
    try {
      await producer.initTransactions()
      this.#loop = this.#compose(source, producer)
      if (this.#isStopping) this.#loop.stop()
      await this.#loop.run()
      this.#mustHold(NOTHING)
      await source.close()
      await producer.close()
      return undefined
    } catch (error) {
      // The process is gone; its session runs out, or its successor takes the place.
      this.caller.isDead = true
      if (error instanceof ServiceError && error.code !== 'INVARIANT_BROKEN') return error
      if (error instanceof UnknownError) return new ServiceError('INVARIANT_BROKEN', error.message)
      world.fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return undefined
    }
  }

  #mustHold(bounds: InMemory): void {
    const held = this.#loop?.inMemory()
    const what = held === undefined ? undefined : excess(held, bounds)
    if (what !== undefined) this.#cluster.world.fail(`${this.caller.name}: ${what}`)
  }

  #compose(source: SimSource, producer: SimProducer): Loop {
    const { world, broker } = this.#cluster
    const { clock } = world
    const { onGap, onMismatch, ratioMax, spec } = this.#settings
    const engine = new FeatureEngine(spec, { keysMax: 1_000, bytesMax: Infinity })
    const observer = new Status(clock)
    const partitions = new PartitionTable()
    const tally = new Tally(COMMIT_RECORDS_MAX + RECORDS_MAX)
    const backoff = (): Backoff => new Backoff(20, 1_000, () => world.random.next())
    const unit = new UnitOfWork({
      producer,
      clock,
      backoff: backoff(),
      deadlineMs: UNIT_DEADLINE_MS,
    })
    const identity = { name: SPEC.name, version: SPEC.version, modelSha256: '', specSha256: '' }
    const plan = new OutputPlan({
      topics: TOPICS,
      encoder: new JsonEncoder({ spec: SPEC, identity }),
      identity: { appId: 's', instanceId: 's', modelName: 's', modelVersion: '1' },
      headerStyle: 'millrace',
    })
    const scorer = this.#scorer()
    const shared = { source, engine, scorer, plan, unit, tally, partitions, observer, clock }
    const events = eventsOf(this.#cluster, this.caller)
    const decoder = this.#decoder()
    const recordsMax = RECORDS_MAX
    const fetcher = new Fetcher({ ...shared, decoder, recordsMax, backoff: backoff() })
    const breaker = new Breaker({ ...BREAKER, ratioMax })
    return new Loop({
      ...shared,
      gate: new FloodGate({ ...shared, breaker, fetcher, events }),
      inputTopic: 'events',
      instanceId: this.caller.name,
      fencing: fencingOf(world, broker, source),
      bounds: { intervalMs: 100, recordsMax: COMMIT_RECORDS_MAX },
      fetcher,
      changelog: new SimChangelogReader(world, broker, this.caller),
      rebalanceDrainMs: REBALANCE_DRAIN_MS,
      policy: { onMismatch, onGap },
      processor: new Processor({
        ...shared,
        auditTopic: TOPICS.audit,
        stateTopic: TOPICS.state,
        outputs: 1,
      }),
      events,
      backoff: backoff(),
    })
  }

  #scorer(): Scorer {
    const { world } = this.#cluster
    const model = new FakeScorer(SPEC.features.length, scoreRow)
    return {
      score: async (rows, count) => {
        // Time in which the next poll comes back and the group changes its mind.
        await world.clock.sleep(world.random.whole(0, SCORING_MAX_MS))
        await world.travel(this.caller)
        if (world.fault('worker-gone')) throw new UnknownError('the worker is gone')
        return model.score(rows, count)
      },
      close: () => model.close(),
    }
  }

  #decoder(): Decoder {
    const { world } = this.#cluster
    const decoder = new JsonDecoder(SPEC.event)
    /** From which offset on, and until when, the schema of a partition's records is not to be had. */
    const away = new Map<number, { readonly from: number; readonly untilMs: number }>()
    const isAway = ({ partition, offset }: InputRecord): boolean => {
      const { from, untilMs } = away.get(partition) ?? { from: 0, untilMs: 0 }
      return offset >= from && untilMs > world.clock.now()
    }
    return {
      decode: async (records) => {
        if (records.length > 0 && world.fault('registry-unavailable')) {
          const { partition, offset: from } = world.random.pick(records) ?? {
            partition: 0,
            offset: 0,
          }
          const untilMs = world.clock.now() + world.random.whole(0, AWAY_MAX_MS)
          away.set(partition, { from, untilMs })
        }
        if (records.some(isAway)) {
          throw new ServiceError('REGISTRY_UNAVAILABLE', 'the registry is away')
        }
        return decoder.decode(records)
      },
      readyCount: (records) => {
        const first = records.findIndex(isAway)
        return first < 0 ? records.length : first
      },
    }
  }
}
