import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Decoded, Decoder } from '../../../src/decode/port.ts'
import { ServiceError } from '../../../src/domain/errors.ts'
import { deadLetter } from '../../../src/domain/outcome.ts'
import type { InputRecord } from '../../../src/domain/record.ts'
import { PatientDecoder } from '../../../src/loop/patient-decoder.ts'
import { Backoff } from '../../../src/runtime/backoff.ts'
import { inputRecord } from '../../fixtures/records.ts'
import { VirtualClock } from '../../simulation/virtual-clock.ts'

type Away = 'refuses' | 'hangs'

/** Decodes records of partitions whose schema it has, of the others those before some offset. */
class OneSchemaAway implements Decoder {
  readonly away = new Map<number, Away>()
  /** Offset from which on the schema is needed. */
  from = 0
  asked = 0

  async decode(records: readonly InputRecord[]): Promise<readonly Decoded[]> {
    this.asked += 1
    const kinds = records.map((each) => this.#awayOf(each))
    if (kinds.includes('hangs')) return new Promise(() => undefined)
    if (kinds.includes('refuses')) throw new ServiceError('REGISTRY_UNAVAILABLE', 'schema 7: away')
    return records.map((each) => ({
      record: each,
      schemaId: 7,
      result: deadLetter('invalid-event', 'decode', ''),
    }))
  }

  readyCount(records: readonly InputRecord[]): number {
    const first = records.findIndex((each) => this.#awayOf(each) !== undefined)
    return first < 0 ? records.length : first
  }

  #awayOf({ partition, offset }: InputRecord): Away | undefined {
    return offset < this.from ? undefined : this.away.get(partition)
  }
}

function record(partition: number, offset: number): InputRecord {
  return inputRecord({ partition, offset, value: Buffer.alloc(1) })
}

function open() {
  const registry = new OneSchemaAway()
  const clock = new VirtualClock()
  const backoff = new Backoff(100, 1_000, () => 0)
  const decoder = new PatientDecoder({ decoder: registry, clock, backoff })
  /** Lets time pass until it answers. */
  const decode = async (...records: InputRecord[]) => {
    const state = { isDone: false }
    const decoding = decoder.decode(records).finally(() => {
      state.isDone = true
    })
    await clock.pass(10_000, () => state.isDone)
    const { decoded, blocked } = await decoding
    return { offsets: decoded.map((each) => [each.record.partition, each.record.offset]), blocked }
  }
  const unblockedAfter = async (ms: number): Promise<readonly number[]> => {
    const found = [...decoder.takeUnblocked()]
    const untilMs = clock.now() + ms
    while (clock.now() < untilMs) {
      const sleep = clock.sleep(50)
      await clock.pass(50, () => false)
      await sleep
      found.push(...decoder.takeUnblocked())
    }
    return found
  }
  return { registry, clock, decoder, decode, unblockedAfter }
}

for (const away of ['refuses', 'hangs'] as const) {
  test(`a registry that ${away} blocks the partition that needs it; the others are decoded, in order`, async () => {
    const { registry, decoder, decode } = open()
    registry.away.set(1, away)
    const { offsets, blocked } = await decode(
      record(0, 5),
      record(1, 3),
      record(0, 6),
      record(2, 1),
    )
    assert.deepEqual(offsets, [
      [0, 5],
      [0, 6],
      [2, 1],
    ])
    assert.deepEqual(blocked, [1])
    assert.equal(decoder.trouble?.code, 'REGISTRY_UNAVAILABLE')
  })
}

for (const away of ['refuses', 'hangs'] as const) {
  test(`what lies before the record whose schema ${away} is decoded, and it is asked for that record`, async () => {
    const { registry, decode, unblockedAfter } = open()
    registry.away.set(1, away)
    registry.from = 5
    const found = await decode(record(1, 3), record(0, 9), record(1, 4), record(1, 5), record(1, 6))
    assert.deepEqual(found.offsets, [
      [1, 3],
      [1, 4],
      [0, 9],
    ])
    assert.deepEqual(found.blocked, [1])
    registry.away.set(1, 'refuses')
    assert.deepEqual(await unblockedAfter(3_000), [])
    registry.from = 6
    assert.deepEqual(await unblockedAfter(5_000), [1])
  })
}

test('a schema that comes just after the time is over blocks nothing', async () => {
  const { registry, decode } = open()
  registry.away.set(1, 'hangs')
  registry.readyCount = (records) => {
    registry.away.clear()
    return records.length
  }
  const found = await decode(record(1, 3), record(1, 4))
  assert.deepEqual(found.blocked, [])
  assert.deepEqual(found.offsets, [
    [1, 3],
    [1, 4],
  ])
})

test('what still comes of a blocked partition is left out, and blocks it no second time', async () => {
  const { registry, decode } = open()
  registry.away.set(1, 'refuses')
  await decode(record(1, 3))
  registry.away.clear()
  assert.deepEqual(await decode(record(1, 4), record(0, 1)), { offsets: [[0, 1]], blocked: [] })
})

test('a blocked partition is handed back once its schema has come, and then decodes', async () => {
  const { registry, decoder, decode, unblockedAfter } = open()
  registry.away.set(1, 'refuses').set(2, 'refuses')
  await decode(record(1, 3), record(2, 8))
  assert.deepEqual(await unblockedAfter(5_000), [])
  registry.away.delete(2)
  assert.deepEqual(await unblockedAfter(5_000), [2])
  assert.notEqual(decoder.trouble, undefined)
  registry.away.delete(1)
  assert.deepEqual(await unblockedAfter(5_000), [1])
  assert.equal(decoder.trouble, undefined)
  const again = await decode(record(1, 3), record(2, 8))
  assert.deepEqual(again.offsets, [
    [1, 3],
    [2, 8],
  ])
})

test('it asks with back-off, one record at a time', async () => {
  const { registry, decode, unblockedAfter } = open()
  registry.away.set(1, 'refuses').set(2, 'refuses')
  await decode(record(1, 3), record(2, 8))
  const before = registry.asked
  await unblockedAfter(10_000)
  const asked = registry.asked - before
  assert.ok(asked >= 8 && asked <= 14, `asked ${asked} times in 10 s`)
})

test('what a rebalance took, or an abort reads again, is not waited for any more', async () => {
  const { registry, decoder, decode } = open()
  registry.away.set(1, 'refuses').set(2, 'refuses')
  await decode(record(1, 3), record(2, 8))
  decoder.retain((partition) => partition !== 1)
  assert.deepEqual(decoder.clear(), [2])
  assert.equal(decoder.trouble, undefined)
})

test('an error of another kind is not waited out', async () => {
  const { registry, decoder, clock } = open()
  registry.decode = () => Promise.reject(new Error('a bug'))
  const decoding = assert.rejects(decoder.decode([record(0, 1)]), /a bug/)
  await clock.pass(0, () => false)
  await decoding
})

test('what is decoded is not kept for as long as a schema would be waited for', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const pending: Promise<void>[] = []
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: () => {
      const sleeping = new Promise<void>(() => undefined)
      pending.push(sleeping)
      return sleeping
    },
  }
  const backoff = new Backoff(100, 1_000, () => 0)
  const decoder = new PatientDecoder({ decoder: new OneSchemaAway(), clock, backoff })
  const kept = await (async () => {
    const { decoded } = await decoder.decode([record(0, 1)])
    const [first] = decoded
    assert.ok(first !== undefined)
    return new WeakRef(first)
  })()
  await new Promise((resolve) => setTimeout(resolve, 1))
  collect()
  assert.equal(pending.length, 1, 'it still waits')
  assert.equal(kept.deref(), undefined)
})
