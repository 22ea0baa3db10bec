import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMetadata } from '../../../src/features/offset-metadata.ts'
import { locate } from '../../../src/loop/locate.ts'
import { offsetsOf } from '../../../src/loop/offsets.ts'
import { PartitionTable } from '../../../src/loop/partitions.ts'
import type { PartitionStart } from '../../../src/loop/partitions.ts'
import { applied, engineOf, logOf, specOf } from '../../oracle/feature-runs.ts'

const SPEC = specOf({
  fields: {},
  features: [{ name: 'n', operation: 'count', window: '10s' }],
})
const LOG = logOf(['k', 1], ['k', 2], ['other', 3])
const COMMITTED = { streamTimeMs: 9_000, replayFrom: 0, replayStreamTimeMs: undefined }

type Committed = Pick<PartitionStart, 'committed'>

/** A partition of which offsets 0 to 5 were answered before, read up to `position`. */
function readTo(position: number, { committed }: Committed = { committed: COMMITTED }) {
  const engine = engineOf(SPEC)
  const partitions = new PartitionTable()
  partitions.open({ partition: 0, start: 0, replayUntil: 5, committed }, 77)
  for (const entry of LOG) applied(engine, entry)
  const entry = partitions.get(0)
  assert(entry !== undefined)
  entry.position = position
  const parts = { inputTopic: 'events', instanceId: 'a', engine, partitions }
  return { engine, partitions, offsets: () => offsetsOf(parts) }
}

test('an offset that goes on says where the state lies, and how much of it there is', () => {
  const { engine, offsets } = readTo(7)
  const { advanced, readBack } = offsets()
  const [commit] = advanced
  assert.deepEqual([commit?.topic, commit?.partition, commit?.offset], ['events', 0, 7])
  const said = parseMetadata(commit?.metadata)
  assert.deepEqual(said?.changelog, { from: 77, tiles: 3 })
  assert.deepEqual(said?.position, engine.streamPosition(0))
  assert.equal(said?.writer, 'a')
  assert.deepEqual(readBack, [])
})

for (const position of [2, 5]) {
  test(`a partition read back to ${position} of 5 stands still, and its changelog counts no more`, () => {
    const { engine, offsets } = readTo(position)
    const { advanced, readBack } = offsets()
    const [commit] = readBack
    assert.deepEqual([advanced, readBack.length, commit?.offset], [[], 1, 5])
    // A successor does what we do: it reads the same part of the input log.
    const { layout, reachMs } = engine
    const found = locate({
      topic: 'events',
      stored: { partition: 0, offset: 5, metadata: commit?.metadata },
      bounds: { first: 0, end: 9 },
      layout,
      reachMs,
      policy: { onMismatch: 'refuse', onGap: 'refuse' },
    })
    assert.deepEqual([found.start, found.replayUntil, found.changelog], [0, 5, undefined])
    assert.deepEqual(found.committed, COMMITTED)
  })
}

test('a partition that did not move in the unit is not committed', () => {
  const { partitions, offsets } = readTo(2)
  partitions.accept()
  assert.deepEqual(offsets(), { advanced: [], readBack: [] })
})

test('with no stream position committed there is nothing to take back', () => {
  const { offsets } = readTo(2, { committed: undefined })
  assert.deepEqual(offsets(), { advanced: [], readBack: [] })
})
