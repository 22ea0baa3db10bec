import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../src/domain/errors.ts'
import { replay } from '../../src/tools/dlq/replay.ts'
import type { ReplayOptions } from '../../src/tools/dlq/replay.ts'
import type { TransactionalProducer } from '../../src/sink/port.ts'
import { REPLAY_ALL } from '../fakes/replay.ts'
import { FakeBench } from '../fakes/workbench.ts'
import { STATELESS_SPEC } from '../fixtures/specs.ts'
import { SEED } from './seed.ts'

const RUNS_MAX = 6
const ALL: ReplayOptions = { ...REPLAY_ALL, includeLate: true }

/** How a run of the tool goes: which way, where it ends, and whether its last call still had its effect. */
const runs = fc.record({
  to: fc.constantFrom('input', 'predictions'),
  call: fc.constantFrom('begin', 'produce', 'commit', 'none'),
  /** How many such calls go well before. */
  after: fc.nat(6),
  hasEffect: fc.boolean(),
  limit: fc.integer({ min: 1, max: 8 }),
  rate: fc.integer({ min: 1, max: 4 }),
  /** Another run that begins once this one has read the queue. */
  isOvertaken: fc.boolean(),
})

type Run = typeof runs extends fc.Arbitrary<infer Value> ? Value : never

/** Letters, by whether they would pass. */
const queues = fc.array(fc.record({ isGood: fc.boolean(), partition: fc.nat(1) }), {
  maxLength: 20,
})

/** A bench whose next run goes as told. */
class FaultyBench extends FakeBench {
  run: Run | undefined

  override async producer(): Promise<TransactionalProducer> {
    const producer = await super.producer()
    const { run } = this
    if (run === undefined) return producer
    let left = run.after
    const faulty = async (call: Run['call'], effect: () => Promise<void>): Promise<void> => {
      if (call !== run.call || left-- > 0) return effect()
      if (run.hasEffect) await effect()
      throw new ServiceError('COMMIT_UNCERTAIN', 'as the test says')
    }
    return Object.assign(Object.create(producer) as TransactionalProducer, {
      beginTransaction: () => faulty('begin', () => producer.beginTransaction()),
      produce: async (...given: Parameters<TransactionalProducer['produce']>) => {
        if (run.call === 'produce' && left-- <= 0) throw new ServiceError('PRODUCER_FATAL', 'so')
        return producer.produce(...given)
      },
      commitTransaction: () => faulty('commit', () => producer.commitTransaction()),
      abortTransaction: () => producer.abortTransaction(),
    })
  }

  override async queue() {
    const queue = await super.queue()
    if (this.run?.isOvertaken === true) {
      this.run = undefined
      await replay(this, ALL)
    }
    return queue
  }
}

function valueOf(index: number): string {
  return JSON.stringify({ user_id: 'u', action: 'a', value: index })
}

/** What came back, either way: its number. */
function broughtBack(bench: FakeBench): number[] {
  const replayed = bench.replayed.map((value): number => JSON.parse(value).value)
  const answered = bench.written('features').map(({ value }) => Number(value['amount']))
  assert.equal(bench.written('predictions').length, answered.length)
  assert.equal(bench.written('audit').length, answered.length)
  return [...replayed, ...answered].toSorted((a, b) => a - b)
}

test('however runs end, whichever way they go, overtake each other and lose answers, each good letter is back once in the end', async () => {
  await fc.assert(
    fc.asyncProperty(queues, fc.array(runs, { maxLength: RUNS_MAX }), async (letters, planned) => {
      const bench = new FaultyBench()
      bench.spec = STATELESS_SPEC
      letters.forEach(({ isGood, partition }, index) => {
        bench.put({ value: isGood ? valueOf(index) : '{', partition })
      })
      for (const run of planned) {
        bench.run = run
        const { to, limit, rate } = run
        await replay(bench, { ...ALL, to, limit, rate }).catch((error: unknown) => {
          assert.ok(error instanceof ServiceError, String(error))
        })
        const back = broughtBack(bench)
        assert.equal(new Set(back).size, back.length, 'one came back twice')
      }
      bench.run = undefined
      await replay(bench, ALL)
      const good = letters.flatMap(({ isGood }, index) => (isGood ? [index] : []))
      assert.deepEqual(broughtBack(bench), good)
    }),
    { seed: SEED, numRuns: 500 },
  )
})
