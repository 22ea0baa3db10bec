import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecentFigures } from '../../../src/loop/figures.ts'
import type { LoopSnapshot } from '../../../src/loop/observer.ts'
import { doing } from '../../../src/serving/doing.ts'
import { NOW_MS, recentOf, snapshotOf } from '../../fixtures/snapshot.ts'

/** Tone, state and sentence. */
function told(but: Partial<LoopSnapshot>, recent: Partial<RecentFigures> = {}): string {
  const { tone, state, sentence } = doing(snapshotOf(but), recentOf(recent), NOW_MS)
  return `${tone} | ${state} | ${sentence}`
}

function trouble(code: string, forMs = 12_300): Pick<LoopSnapshot, 'trouble'> {
  return { trouble: [{ code, detail: 'no answer', sinceMs: NOW_MS - forMs }] }
}

const QUIET = { recordsPerSecond: 0, p50Ms: undefined, p99Ms: undefined }
const [FIRST] = snapshotOf().partitions

function lagging(lag: number | undefined): Pick<LoopSnapshot, 'partitions'> {
  return { partitions: FIRST === undefined ? [] : [{ ...FIRST, lag }] }
}

test('a service that keeps up says how fast, and how slow its slowest are', () => {
  assert.equal(told({}), 'good | caught up | caught up, 2,031 events/s, P99 21 ms')
  assert.equal(
    told({}, { recordsPerSecond: 4.26, p99Ms: 1_432 }),
    'busy | catching up | catching up, 10 records behind, 4.3 events/s',
  )
  assert.equal(told(lagging(0), QUIET), 'good | caught up | caught up, waiting for events')
  assert.equal(told(lagging(undefined), QUIET), 'good | caught up | caught up, waiting for events')
})

test('what a second of work leaves behind is no backlog, more is', () => {
  assert.match(told(lagging(2_032)), /^good/)
  const behind = 'busy | catching up | catching up, 2,033 records behind, 2,031 events/s'
  assert.equal(told(lagging(2_033)), behind)
})

test('a restore says of which partitions, how far it is and how long it still takes', () => {
  const one = { partition: 3, done: 62, total: 100, records: 620, forMs: 13_000 }
  const alone = { phase: 'restoring', partitions: [], restore: [one] } as const
  assert.equal(told(alone), 'busy | restoring | restoring partition 3, 62 %, 8 s left')
  const two = { partition: 1, done: 0, total: 100, records: 0, forMs: 0 }
  assert.equal(
    told({ phase: 'restoring', restore: [one, two] }),
    'busy | restoring | restoring partitions 1 and 3, 31 %; the others go on, 2,031 events/s',
  )
  const many = [5, 6, 7, 8, 9].map((partition) => ({ ...one, partition }))
  assert.match(told({ ...alone, restore: many }), /restoring 5 partitions, 62 %, 8 s left$/)
  assert.match(told({ ...alone, restore: [] }), /asking how far there is to go$/)
})

test('a rebuild from the input log is told apart from a restore', () => {
  const replay = [{ partition: 0, done: 1, total: 3 }]
  const sentence = 'rebuilding partition 0 from the input log, 33 %'
  assert.equal(told({ phase: 'replaying', replay }), `busy | rebuilding | ${sentence}`)
})

test('a start says what it is at, or what it waits for', () => {
  const phase = 'starting'
  assert.match(told({ phase, modelReady: false }), /^busy .* starting: loading the model$/)
  assert.match(told({ phase }), /^busy .* starting: joining the group$/)
  assert.match(
    told({ phase, ...trouble('KAFKA_UNAVAILABLE') }),
    /^bad .* starting: waits for the brokers, which do not answer$/,
  )
  assert.match(told({ phase, ...trouble('REGISTRY_UNAVAILABLE') }), /waits for the schema registry/)
  assert.match(told({ phase, ...trouble('TOPIC_MISSING') }), /waits for TOPIC_MISSING$/)
})

test('a broker that is gone comes before whatever else would be going on', () => {
  const gone = 'bad | broker gone | broker gone for 12 s: nothing is committed until it is back'
  for (const phase of ['running', 'restoring', 'replaying', 'recovering', 'tripped'] as const) {
    assert.equal(told({ phase, ...trouble('KAFKA_UNAVAILABLE') }), gone, phase)
  }
  assert.match(told({ phase: 'draining', ...trouble('KAFKA_UNAVAILABLE') }), /^busy \| stopping/)
})

test('a flood, a registry that is gone and a recovery are told', () => {
  assert.match(told({ phase: 'tripped', ...trouble('DEAD_LETTER_FLOOD') }), /^bad \| tripped \|/)
  assert.match(told(trouble('REGISTRY_UNAVAILABLE')), /^bad \| registry gone \|/)
  assert.match(told({ phase: 'recovering' }), /^busy \| recovering \|/)
})

test('a service without work and one that ends say so', () => {
  assert.match(told({ phase: 'waiting-for-assignment', partitions: [] }), /^idle \| standing by \|/)
  assert.match(told({ phase: 'draining' }), /^busy \| stopping \|/)
  assert.equal(told({ phase: 'stopped' }), 'bad | stopped | stopped')
})
