import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimBroker } from './broker.ts'
import { SimChangelogReader } from './changelog-reader.ts'
import { TOPICS } from './topics.ts'
import { callerOf, World } from './world.ts'

const SETTLED_MS = 1_000

test('a reader sees records once they are committed, and never aborted ones', async () => {
  const { world, broker, read } = open()
  const epoch = broker.init('a')
  put(broker, ['a', epoch], { k: '1' })
  broker.abort('a', epoch)
  put(broker, ['a', epoch], { k: '2', l: '3' })
  assert.deepEqual(await read(), [])
  broker.commit('a', epoch)
  await world.clock.pass(SETTLED_MS, () => false)
  assert.deepEqual(await read(), ['k=2', 'l=3'])
})

test('the position passes a marker, up to the end of the log', async () => {
  const { world, broker, reader, read, call } = open()
  const epoch = broker.init('a')
  put(broker, ['a', epoch], { k: '1' })
  broker.commit('a', epoch)
  await world.clock.pass(SETTLED_MS, () => false)
  assert.deepEqual(await read(), ['k=1'])
  const { end } = await call(reader.bounds(0))
  assert.equal(end, 2)
  assert.equal(reader.position(0), end)
})

test('an open transaction holds the reader at its first record', async () => {
  const { world, broker, reader, read, call } = open()
  const [a, b] = [broker.init('a'), broker.init('b')]
  put(broker, ['a', a], { k: '1' })
  put(broker, ['b', b], { l: '2' })
  broker.commit('b', b)
  await world.clock.pass(SETTLED_MS, () => false)
  assert.deepEqual(await read(), [])
  assert.equal(reader.position(0), 0)
  assert.equal((await call(reader.bounds(0))).end, 3)
  broker.init('a')
  assert.deepEqual(await read(), ['l=2'])
  assert.equal(reader.position(0), 4)
})

test('compaction keeps the last value of each key at its offset', async () => {
  const { world, broker, read } = open()
  const epoch = broker.init('a')
  for (const entries of [{ k: '1', l: '1' }, { k: '2' }, { l: '3' }]) {
    put(broker, ['a', epoch], entries)
    broker.commit('a', epoch)
  }
  await world.clock.pass(SETTLED_MS, () => false)
  // Offsets: k=1, l=1, marker, k=2, marker, l=3, marker. What is newer than the part that was
  // compacted does not count, so l=1 stays.
  broker.states[0]?.compact(5, world.clock.now())
  assert.deepEqual(await read(), ['l=1', 'k=2', 'l=3'])
  broker.states[0]?.compact(7, world.clock.now())
  assert.deepEqual(await read(0), ['k=2', 'l=3'])
})

function open() {
  const world = new World(1, { faultsMax: 0 })
  const broker = new SimBroker(world, 1)
  const reader = new SimChangelogReader(world, broker, callerOf('r'))
  reader.open(0, 0)
  /** Lets virtual time pass until the call is answered. */
  const call = async <Value>(answer: Promise<Value>): Promise<Value> => {
    const state = { isOver: false }
    void answer.then(() => {
      state.isOver = true
    })
    await world.clock.pass(SETTLED_MS, () => state.isOver)
    return answer
  }
  const read = async (from?: number): Promise<string[]> => {
    if (from !== undefined) reader.open(0, from)
    const seen: string[] = []
    for (let polls = 0; polls < 20; polls += 1) {
      await call(
        reader.poll(3, ({ key, keyAt, keyEnd, value, valueAt, valueEnd }) => {
          const name = key.toString('utf8', keyAt, keyEnd)
          seen.push(`${name}=${value.toString('utf8', valueAt, valueEnd)}`)
        }),
      )
    }
    return seen
  }
  return { world, broker, reader, read, call }
}

function put(
  broker: SimBroker,
  [name, epoch]: readonly [string, number],
  entries: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(entries)) {
    const record = { key: Buffer.from(key), value: Buffer.from(value) }
    broker.produce(name, epoch, { topic: TOPICS.state, partition: 0, ...record })
  }
}
