import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import type { Decoder } from '../../src/decode/port.ts'
import { ServiceError } from '../../src/domain/errors.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { Breaker } from '../../src/loop/breaker.ts'
import { Fetcher } from '../../src/loop/fetcher.ts'
import { FloodGate } from '../../src/loop/flood-gate.ts'
import { Loop } from '../../src/loop/loop.ts'
import { PartitionTable } from '../../src/loop/partitions.ts'
import { Processor } from '../../src/loop/processor.ts'
import { Status } from '../../src/loop/status.ts'
import { Tally } from '../../src/loop/tally.ts'
import { UnitOfWork } from '../../src/loop/unit-of-work.ts'
import { Backoff } from '../../src/runtime/backoff.ts'
import { JsonEncoder } from '../../src/sink/json-encoder.ts'
import { OutputPlan } from '../../src/sink/plan.ts'
import { FakeScorer } from '../fakes/scorer.ts'
import type { SimBroker } from './broker.ts'
import type { Group } from './group.ts'
import { SimChangelogReader } from './changelog-reader.ts'
import { SimProducer } from './producer.ts'
import { SimSource } from './source.ts'
import { TOPICS } from './topics.ts'
import type { Caller, World } from './world.ts'

const RECORDS_MAX = 8
const COMMIT_RECORDS_MAX = 20
const UNIT_DEADLINE_MS = 10_000
/** Short, so that it runs out in some of the seeds. */
const REBALANCE_DRAIN_MS = 15
const SCORING_MAX_MS = 20

/** The model of a simulated run: a score that depends on all of the row. */
export function scoreOf(row: Float32Array): number {
  return row.reduce((sum, value, at) => sum + (Number.isNaN(value) ? at : value * (at + 1)), 0)
}

/** What instances share. */
export interface Cluster {
  readonly world: World
  readonly broker: SimBroker
  readonly group: Group
  readonly spec: ModelSpec
}

/** One process: the production loop over simulated ports. */
export class Instance {
  readonly caller: Caller
  readonly #cluster: Cluster
  #loop: Loop | undefined

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster
    this.caller = { name, isDead: false, frozenUntilMs: 0 }
  }

  stop(): void {
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
      await this.#loop.run()
      await source.close()
      await producer.close()
      return undefined
    } catch (error) {
      // The process is gone; its session runs out, or its successor takes the place.
      this.caller.isDead = true
      if (error instanceof ServiceError && error.code !== 'INVARIANT_BROKEN') return error
      world.fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return undefined
    }
  }

  #compose(source: SimSource, producer: SimProducer): Loop {
    const { world, broker, spec } = this.#cluster
    const { clock } = world
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
    const identity = { name: spec.name, version: spec.version, modelSha256: '', specSha256: '' }
    const plan = new OutputPlan({
      topics: TOPICS,
      encoder: new JsonEncoder({ spec, identity }),
      identity: { appId: 's', instanceId: 's', modelName: 's', modelVersion: '1' },
      headerStyle: 'millrace',
    })
    const model = new FakeScorer(spec.features.length, (row) => [scoreOf(row)])
    const scorer = {
      score: async (rows: Float32Array, count: number) => {
        // Time in which the next poll comes back and the group changes its mind.
        await clock.sleep(world.random.whole(0, SCORING_MAX_MS))
        return model.score(rows, count)
      },
      close: () => model.close(),
    }
    const shared = { source, engine, scorer, plan, unit, tally, partitions, observer, clock }
    const events = this.#events()
    const fetcher = new Fetcher({ ...shared, decoder: this.#decoder(), recordsMax: RECORDS_MAX })
    const breaker = new Breaker({ ratioMax: 1, windowMs: 60_000, recordsMin: 1, pauseMs: 1_000 })
    return new Loop({
      ...shared,
      gate: new FloodGate({ ...shared, breaker, fetcher, events }),
      inputTopic: 'events',
      bounds: { intervalMs: 100, recordsMax: COMMIT_RECORDS_MAX },
      fetcher,
      changelog: new SimChangelogReader(world, broker, this.caller),
      rebalanceDrainMs: REBALANCE_DRAIN_MS,
      policy: { onMismatch: 'refuse', onGap: 'refuse' },
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

  #decoder(): Decoder {
    const { world, spec } = this.#cluster
    const decoder = new JsonDecoder(spec.event)
    return {
      decode: async (records) => {
        if (records.length > 0 && world.fault('registry-unavailable')) {
          throw new ServiceError('REGISTRY_UNAVAILABLE', 'the registry is away')
        }
        return decoder.decode(records)
      },
      rawFields: (record) => decoder.rawFields(record),
      trouble: () => undefined,
    }
  }

  #events() {
    const { world } = this.#cluster
    const { name } = this.caller
    const say = (line: string): void => world.note(`${name} ${line}`)
    return {
      assigned: (number: number) => say(`assigned ${number}`),
      released: (kind: string, number: number) => say(`${kind} ${number}`),
      located: ({
        partition,
        start,
        replayUntil,
      }: {
        partition: number
        start: number
        replayUntil: number
      }) => {
        if (start < replayUntil) world.reach('replay')
        say(`located ${partition} ${start} ${replayUntil}`)
      },
      restoring: (partition: number, offsets: number) => {
        if (offsets > 0) world.reach('restore')
        say(`restoring ${partition}, ${offsets} offsets`)
      },
      restored: ({ partition, tiles }: { partition: number; tiles: number }) =>
        say(`restored ${partition}, ${tiles} tiles`),
      changelogUnusable: (partition: number, problem: string) => {
        world.reach('changelog-unusable')
        // The input log makes up for it, so nothing else would tell.
        if (!world.reached.has('changelog-deleted')) world.fail(`${partition}: ${problem}`)
        say(`${partition}: ${problem}`)
      },
      committed: () => undefined,
      aborted: (cause: string) => {
        world.reach('aborted')
        say(`aborted: ${cause}`)
      },
      recovering: (error: ServiceError) => {
        world.reach(`recovering-${error.code}`)
        if (error.message.includes('took longer')) world.reach('drain-over')
        say(`recovering ${error.code}`)
      },
      recovered: (result: string) => {
        world.reach(`recovered-${result}`)
        say(`recovered ${result}`)
      },
      registryUnavailable: () => say('registry away'),
      breakerTripped: (why: string) => say(`tripped: ${why}`),
      breakerClosed: () => say('breaker closed'),
      registryBack: () => {
        world.reach('registry-back')
        say('registry back')
      },
      retrying: (error: ServiceError) => {
        world.reach(`retrying-${error.code}`)
        say(`retrying ${error.message}`)
      },
    }
  }
}
