import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../src/domain/errors.ts'
import type { InputRecord } from '../../src/domain/record.ts'
import type { LogReader } from '../../src/source/log-port.ts'
import { exportLetters, importLetters } from '../../src/tools/dlq/exchange.ts'
import { readExposition } from '../../src/tools/dlq/exposition.ts'
import { replay } from '../../src/tools/dlq/replay.ts'
import { stats } from '../../src/tools/dlq/stats.ts'
import { QueueWatch } from '../../src/tools/dlq/watch.ts'
import { REPLAY_ALL } from '../fakes/replay.ts'
import { FakeBench } from '../fakes/workbench.ts'
import { SEED } from './seed.ts'

const GOOD = '{"user_id":"u","action":"x","value":2}'
const PARTITIONS_MAX = 3
const ALL = () => true

const partition = fc.nat(PARTITIONS_MAX - 1)
/** Few, so that letters and markers meet, and come twice. */
const sourceOffset = fc.nat(3)

/** What is appended to a dead-letter topic. */
const appended = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('letter' as const),
      partition,
      sourceOffset,
      /** Mostly that of the letter: in another one lies what somebody has moved. */
      sourcePartition: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, partition),
      reason: fc.constantFrom('undecodable', 'empty-value', 'of-another-version'),
      appId: fc.constantFrom('app', 'app', 'app', 'other'),
      failedAtSeconds: fc.nat(99),
    }),
  },
  // Also where no replay would write it: before its letter, or in another partition.
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('marker' as const),
      partition,
      sourceOffset,
      sourcePartition: partition,
    }),
  },
  fc.record({ kind: fc.constantFrom('gap' as const, 'foreign' as const), partition }),
)

/** What happens to it: by the service, by the tools, by others. */
const steps = fc.oneof(
  { weight: 12, arbitrary: appended },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      limit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('purge' as const), partition, offset: fc.nat(12) }),
  },
  fc.record({
    kind: fc.constantFrom('import' as const, 'export' as const, 'grow' as const, 'anew' as const),
  }),
)

type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never

/** Which calls of a round go wrong: all after so many. */
const outages = fc.option(
  fc.record({ call: fc.constantFrom('partitions', 'bounds', 'poll'), after: fc.nat(5) }),
  { nil: undefined, freq: 2 },
)

type Outage = typeof outages extends fc.Arbitrary<infer Value> ? Value : never

/** A reader to which the broker may be away, and whose topic may grow while it is read. */
class UnreliableReader implements LogReader {
  readonly #inner: LogReader
  #outage: Outage
  #left = 0
  #meanwhile: (() => Promise<void>) | undefined

  constructor(inner: LogReader) {
    this.#inner = inner
  }

  begin(outage: Outage, meanwhile?: () => Promise<void>): void {
    this.#outage = outage
    this.#left = outage?.after ?? 0
    this.#meanwhile = meanwhile
  }

  check(call: NonNullable<Outage>['call']): void {
    if (this.#outage?.call !== call || this.#left-- > 0) return
    throw new ServiceError('KAFKA_UNAVAILABLE', 'as the test says')
  }

  async bounds(each: number) {
    this.check('bounds')
    return this.#inner.bounds(each)
  }

  open(each: number, from: number): void {
    this.#inner.open(each, from)
  }

  /** The first one that fails has visited records, which count. */
  async poll(recordsMax: number, visit: (record: InputRecord) => void): Promise<number> {
    if (this.#left < 0) this.check('poll')
    const meanwhile = this.#meanwhile
    this.#meanwhile = undefined
    await meanwhile?.()
    const visited = await this.#inner.poll(recordsMax, visit)
    this.check('poll')
    return visited
  }

  position(each: number): number {
    return this.#inner.position(each)
  }

  close(each: number): void {
    this.#inner.close(each)
  }

  disconnect(): Promise<void> {
    return this.#inner.disconnect()
  }
}

async function take(bench: FakeBench, step: Step): Promise<void> {
  switch (step.kind) {
    case 'letter': {
      const at = Date.UTC(2026, 0, 5) + step.failedAtSeconds * 1000
      const failedAt = new Date(at).toISOString()
      return bench.put({
        ...step,
        value: GOOD,
        failedAt,
        partition: step.partition % bench.partitions,
      })
    }
    case 'marker': {
      const said = Buffer.from(`events/${step.sourcePartition}/${step.sourceOffset}`)
      const headers = [{ 'millrace.replayed': said }]
      return bench.putRecord({
        partition: step.partition % bench.partitions,
        key: said,
        value: said,
        headers,
      })
    }
    case 'replay': {
      await replay(bench, { ...REPLAY_ALL, includeLate: true, limit: step.limit })
      return undefined
    }
    case 'purge':
      return bench.deleteThrough(step)
    case 'export':
      bench.printed = ''
      await exportLetters(bench, { filter: ALL, all: true })
      bench.input = bench.printed.split('\n').filter((line) => line !== '')
      return undefined
    case 'import':
      await importLetters(bench, { json: true })
      return undefined
    case 'gap':
      return bench.putGap(step.partition % bench.partitions)
    case 'foreign':
      return bench.putRecord({
        partition: step.partition % bench.partitions,
        key: null,
        value: null,
      })
    case 'grow':
      if (bench.partitions < PARTITIONS_MAX) bench.addPartition()
      return undefined
    case 'anew':
      return bench.makeAnew()
    default:
      return step
  }
}

/** What `dlq stats` tells of the topic as it is. */
async function statsOf(bench: FakeBench): Promise<string> {
  bench.printed = ''
  await stats(bench, { filter: ALL, format: 'prometheus' })
  return bench.printed
}

/** A step, and how the topic is looked at after it, if at all. */
const looks = fc.record({
  step: steps,
  /** Rarely, so that there is more to read than one poll brings. */
  isLookedAt: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  outage: outages,
  /** Appended while what lay there before is read. */
  amid: fc.option(appended, { nil: undefined, freq: 3 }),
})

test('whatever happens to the topic, and while the broker is away, a watch tells what stats would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(looks, { maxLength: 80, size: 'max' }), async (planned) => {
      const bench = new FakeBench()
      const log = new UnreliableReader(bench.reader())
      const { appId, clock } = bench
      const partitions = async (): Promise<number> => {
        log.check('partitions')
        return bench.partitions
      }
      const watch = new QueueWatch({ log, partitions, appId, clock })
      for (const { step, isLookedAt, outage, amid } of planned) {
        await take(bench, step)
        // Offsets that went back are seen only until there are as many again.
        if (!isLookedAt && step.kind !== 'anew') continue
        const before = watch.metrics()
        log.begin(outage)
        const isRead = await watch.round().then(
          () => true,
          (error: unknown) => {
            assert.ok(error instanceof ServiceError, String(error))
            return false
          },
        )
        if (!isRead) assert.equal(watch.metrics(), before, 'nothing half read is told')
        const wanted = await statsOf(bench)
        const askedAtMs = clock.now()
        log.begin(undefined, async () => amid && take(bench, amid))
        await watch.round()
        assert.equal(watch.metrics(), wanted + readExposition(askedAtMs, appId))
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})
