import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { encodeMetadata } from '../../../src/features/offset-metadata.ts'
import { FormerOwners, STALL_MS } from '../../../src/loop/former-owners.ts'
import { VirtualClock } from '../../simulation/virtual-clock.ts'

const POSITION = { streamTimeMs: 5, replayFrom: 1, replayStreamTimeMs: undefined }

function metadataBy(writer?: string): string {
  const layout = { hash: 1, text: 'one' }
  const by = writer === undefined ? {} : { writer }
  return encodeMetadata({ position: POSITION, layout, changelog: undefined, ...by })
}

/** Owners as `a` sees them; what is committed for each partition is given by its writer. */
function owners(writers: readonly (string | undefined)[], failWith?: Error) {
  const clock = new VirtualClock()
  const fenced: string[] = []
  const told: string[] = []
  const counted: string[] = []
  const made = new FormerOwners({
    instanceId: 'a',
    clock,
    fencing: {
      lastWritten: async (partitions) =>
        partitions.map((partition) => ({
          partition,
          offset: 1,
          metadata: metadataBy(writers[partition]),
        })),
      fence: async (instanceId) => {
        if (failWith !== undefined) throw failWith
        fenced.push(instanceId)
      },
    },
    events: {
      fenced: (instanceId, partitions) => told.push(`${instanceId}: ${partitions.join()}`),
      notFenced: (why) => told.push(why),
    },
    observer: { formerOwner: (result) => counted.push(result) },
  })
  return { made, clock, fenced, told, counted }
}

test('the former owners are fenced, each once, and this instance never', async () => {
  const { made, fenced, told, counted } = owners(['b', 'a', 'b', 'c', undefined])
  await made.fence([0, 1, 2, 3, 4])
  assert.deepEqual(fenced, ['b', 'c'])
  assert.equal(told[0], 'b: 0,1,2,3,4')
  assert.deepEqual(counted, ['fenced', 'fenced'])
})

test('an assignment fences once, the next one again', async () => {
  const { made, fenced } = owners(['b'])
  await made.fence([0])
  await made.fence([0])
  assert.deepEqual(fenced, ['b'])
  made.forget([0])
  await made.fence([0])
  assert.deepEqual(fenced, ['b', 'b'])
})

test('a fence that fails is told, and nothing else', async () => {
  const { made, told, counted } = owners(['b'], new ServiceError('KAFKA_UNAUTHORIZED', 'no rights'))
  await made.fence([0])
  assert.deepEqual(told, ['no rights'])
  assert.deepEqual(counted, ['refused'])
})

test('a request that stalls has them fenced, one that answers has not', async () => {
  const { made, clock, fenced } = owners(['b'])
  const answered = made.during([0], Promise.resolve(1))
  assert.equal(await answered, 1)
  await clock.pass(STALL_MS * 2, () => false)
  assert.deepEqual(fenced, [])
  const stalled = made.during([0], clock.sleep(STALL_MS * 2))
  await clock.pass(STALL_MS - 1, () => false)
  assert.deepEqual(fenced, [])
  await clock.pass(STALL_MS * 2, () => false)
  await stalled
  assert.deepEqual(fenced, ['b'])
})
