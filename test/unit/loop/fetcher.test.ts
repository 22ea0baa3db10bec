import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputRecord } from '../../../src/domain/record.ts'
import { Fetcher } from '../../../src/loop/fetcher.ts'
import { Status } from '../../../src/loop/status.ts'
import type { Source } from '../../../src/source/port.ts'
import { Backoff } from '../../../src/runtime/backoff.ts'
import { FakeClock } from '../../fakes/clock.ts'

const SOME = [recordAt(0), recordAt(1)]
const ONE_MORE = [recordAt(2)]

test('staying in the group waits for the poll in flight, and keeps both in order', async () => {
  const polls: { answer: (records: readonly InputRecord[]) => void }[] = []
  const source: Pick<Source, 'poll' | 'pause'> = {
    poll: () => new Promise((answer) => polls.push({ answer })),
    pause: () => undefined,
  }
  const fetcher = fetcherOf(source)
  fetcher.start()
  const kept = fetcher.keepAlive()
  await settled()
  assert.equal(polls.length, 1, 'one poll at a time')
  polls[0]?.answer(SOME)
  await settled()
  polls[1]?.answer(ONE_MORE)
  await kept
  assert.deepEqual(await offsets(fetcher), [0, 1])
  assert.deepEqual(await offsets(fetcher), [2])
})

function fetcherOf(source: Pick<Source, 'poll' | 'pause'>): Fetcher {
  const clock = new FakeClock()
  const result = {
    kind: 'dead-letter',
    reason: 'undecodable',
    stage: 'decode',
    detail: '',
  } as const
  return new Fetcher({
    source,
    decoder: {
      decode: async (records) => records.map((record) => ({ record, schemaId: undefined, result })),
      readyCount: ({ length }) => length,
    },
    clock,
    backoff: new Backoff(10, 100, () => 0),
    observer: new Status(clock),
    recordsMax: 10,
  })
}

async function offsets(fetcher: Fetcher): Promise<number[]> {
  const { decoded } = await fetcher.take()
  return decoded.map(({ record }) => record.offset)
}

function recordAt(offset: number): InputRecord {
  return { topic: 'events', partition: 0, offset, timestamp: 0, key: null, value: null }
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
