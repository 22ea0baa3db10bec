import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { UnitOfWork } from '../../../src/loop/unit-of-work.ts'
import type { OutputBatch } from '../../../src/sink/output-batch.ts'
import { Backoff } from '../../../src/runtime/backoff.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FakeLog, FakeProducer } from '../../fakes/producer.ts'

const OFFSETS = [{ topic: 'events', partition: 0, offset: 1, metadata: '' }]

function recordOf(value: string) {
  return { topic: 'out', partition: 0, key: null, value: Buffer.from(value) }
}

async function unitOver(producer: FakeProducer, clock = new FakeClock()): Promise<UnitOfWork> {
  await producer.initTransactions()
  const backoff = new Backoff(10, 100, () => 0)
  return new UnitOfWork({ producer, clock, backoff, deadlineMs: 1_000 })
}

test('records and offsets become visible together, at the commit', async () => {
  const log = new FakeLog()
  const unit = await unitOver(new FakeProducer(log))
  await unit.begin()
  unit.unsent.add(recordOf('a'))
  assert.equal(log.records.length, 0)
  await unit.commit(OFFSETS)
  assert.equal(log.records.length, 1)
  assert.equal(log.offsets.get('events-0')?.offset, 1)
  assert.equal(unit.isOpen, false)
})

test('an aborted unit leaves nothing', async () => {
  const log = new FakeLog()
  const unit = await unitOver(new FakeProducer(log))
  await unit.begin()
  unit.unsent.add(recordOf('a'))
  await unit.abort()
  assert.deepEqual([log.records.length, log.offsets.size, unit.isOpen], [0, 0, false])
})

test('a producer found fenced while it took records is not asked to abort', async () => {
  const producer = new FakeProducer(new FakeLog(), [{ call: 'produce', code: 'PRODUCER_FENCED' }])
  const unit = await unitOver(producer)
  await unit.begin()
  unit.unsent.add(recordOf('a'))
  await unit.flush()
  await assert.rejects(unit.abort(), { code: 'PRODUCER_FENCED' })
  assert.deepEqual(producer.calls, ['begin', 'produce'])
  await unit.renew()
  assert.equal(unit.isOpen, false)
})

test('a second begin joins the open transaction', async () => {
  const producer = new FakeProducer(new FakeLog())
  const unit = await unitOver(producer)
  await unit.begin()
  await unit.begin()
  assert.deepEqual(producer.calls, ['begin'])
})

test('a full queue loses nothing and keeps the order, although the buffer is reused', async () => {
  const log = new FakeLog()
  const full = { call: 'produce', code: 'PRODUCER_QUEUE_FULL' } as const
  const unit = await unitOver(new FakeProducer(log, [full, full]))
  const shared = Buffer.from('a')
  await unit.begin()
  for (const letter of ['a', 'b', 'c']) {
    shared.write(letter)
    unit.unsent.add({ topic: 'out', partition: 0, key: null, value: shared })
  }
  await unit.commit(OFFSETS)
  assert.deepEqual(
    log.records.map((record) => String(record.value)),
    ['a', 'b', 'c'],
  )
})

test('a retriable error is answered by the same call', async () => {
  const producer = new FakeProducer(new FakeLog(), [
    { call: 'sendOffsets', code: 'TRANSACTION_RETRIABLE' },
    { call: 'commit', code: 'TRANSACTION_RETRIABLE' },
  ])
  const unit = await unitOver(producer)
  await unit.begin()
  await unit.commit(OFFSETS)
  assert.deepEqual(producer.calls, ['begin', 'sendOffsets', 'sendOffsets', 'commit', 'commit'])
})

for (const [call, code, left] of [
  ['sendOffsets', 'TRANSACTION_ABORTABLE', 'nothing was committed'],
  ['commit', 'COMMIT_UNCERTAIN', 'one of the attempts may have been heard'],
] as const) {
  test(`retries of ${call} end at the deadline of the unit: ${left}`, async () => {
    const retriable = { call, code: 'TRANSACTION_RETRIABLE' } as const
    const faults = Array.from({ length: 100 }, () => retriable)
    const unit = await unitOver(new FakeProducer(new FakeLog(), faults))
    await unit.begin()
    await assert.rejects(unit.commit(OFFSETS), (error) => {
      assert(error instanceof ServiceError)
      assert.equal(error.code, code)
      assert.match(error.message, /bound 1000/)
      return true
    })
  })
}

test('an ambiguous commit is never tried again', async () => {
  const producer = new FakeProducer(new FakeLog(), [{ call: 'commit', code: 'COMMIT_UNCERTAIN' }])
  const unit = await unitOver(producer)
  await unit.begin()
  await assert.rejects(unit.commit(OFFSETS), { code: 'COMMIT_UNCERTAIN' })
  assert.deepEqual(producer.calls, ['begin', 'sendOffsets', 'commit'])
})

/** A producer that answers the first of some calls only when the test says so. */
class SlowProducer extends FakeProducer {
  answer: () => void = () => undefined
  readonly #slow: Set<string>

  constructor(log: FakeLog, slow: readonly string[]) {
    super(log)
    this.#slow = new Set(slow)
  }

  override async produce(batch: OutputBatch, from: number): Promise<number> {
    const taken = await super.produce(batch, from)
    await this.#asked('produce')
    return taken
  }

  override async sendOffsets(offsets: typeof OFFSETS): Promise<void> {
    await super.sendOffsets(offsets)
    await this.#asked('sendOffsets')
  }

  async #asked(call: string): Promise<void> {
    if (!this.#slow.delete(call)) return
    await new Promise<void>((resolve) => {
      this.answer = resolve
    })
  }
}

for (const slow of [['sendOffsets'], ['produce', 'sendOffsets']]) {
  test(`a commit that waits too long for ${slow[0]} is uncertain, and does not go on with a newer producer`, async () => {
    const log = new FakeLog()
    const producer = new SlowProducer(log, slow)
    const unit = await unitOver(producer)
    await unit.begin()
    unit.unsent.add(recordOf('a'))
    unit.hurry(500)
    await assert.rejects(unit.commit(OFFSETS), { code: 'COMMIT_UNCERTAIN' })
    const renewed = unit.renew()
    producer.answer()
    await renewed
    await unit.begin()
    unit.unsent.add(recordOf('b'))
    await unit.flush()
    producer.answer()
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(producer.calls.includes('commit'), false, 'the new unit was committed half done')
    assert.deepEqual([log.records.length, unit.isOpen], [0, true])
  })
}

test('a unit in a hurry that has no time left is not committed', async () => {
  const clock = new FakeClock()
  const producer = new FakeProducer(new FakeLog())
  const unit = await unitOver(producer, clock)
  await unit.begin()
  unit.hurry(100)
  await clock.sleep(200)
  await assert.rejects(unit.commit(OFFSETS), { code: 'TRANSACTION_ABORTABLE' })
  assert.deepEqual(producer.calls, ['begin'])
  await unit.abort()
  await unit.begin()
  await unit.commit(OFFSETS)
  assert.equal(producer.calls.at(-1), 'commit', 'the next unit is in no hurry')
})
