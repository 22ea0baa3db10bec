import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoopPhase } from '../../../src/loop/observer.ts'
import { HEARTBEAT_MAX_MS, live, ready, startup } from '../../../src/serving/health.ts'
import type { Health } from '../../../src/serving/health.ts'
import { NOW_MS, snapshotOf } from '../../fixtures/snapshot.ts'

const failing = ({ checks }: Health): readonly string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name)

test('a loop that moves is live, one that stands still is not', () => {
  const at = (silentMs: number): string =>
    live(snapshotOf({ heartbeatAtMs: NOW_MS - silentMs }), NOW_MS).status
  assert.equal(at(0), 'ok')
  assert.equal(at(HEARTBEAT_MAX_MS), 'ok')
  assert.equal(at(HEARTBEAT_MAX_MS + 1), 'fail')
})

test('during the start the process is live however long it takes', () => {
  const starting = snapshotOf({ phase: 'starting', heartbeatAtMs: 0 })
  assert.equal(live(starting, NOW_MS).status, 'ok')
})

test('trouble with Kafka or the registry makes a service unready, but not dead', () => {
  for (const code of ['KAFKA_UNAVAILABLE', 'REGISTRY_UNAVAILABLE', 'SOMETHING_NEW']) {
    const snapshot = snapshotOf({ trouble: [{ code, detail: 'away', sinceMs: NOW_MS }] })
    assert.equal(live(snapshot, NOW_MS).status, 'ok')
    assert.equal(startup(snapshot).status, 'ok')
    const health = ready(snapshot)
    assert.equal(health.status, 'fail')
    assert.equal(health.checks.find(({ ok }) => !ok)?.detail, `${code}: away`)
  }
})

test('a flood of dead letters alone makes a member unready', () => {
  const trouble = [{ code: 'DEAD_LETTER_FLOOD', detail: 'too many', sinceMs: NOW_MS }]
  const snapshot = snapshotOf({ phase: 'tripped', trouble })
  assert.deepEqual(failing(ready(snapshot)), ['DEAD_LETTER_FLOOD'])
  assert.equal(live(snapshot, NOW_MS).status, 'ok')
})

test('the start is over when the model is ready and the loop runs, with partitions or without', () => {
  assert.deepEqual(failing(startup(snapshotOf({ modelReady: false }))), ['model'])
  assert.deepEqual(failing(startup(snapshotOf({ phase: 'starting' }))), ['loop'])
  for (const phase of ['waiting-for-assignment', 'replaying', 'running'] as const) {
    assert.equal(startup(snapshotOf({ phase })).status, 'ok', phase)
  }
})

test('a start that waits says what for', () => {
  const trouble = [{ code: 'KAFKA_UNAVAILABLE', detail: 'no broker', sinceMs: NOW_MS }]
  const { checks } = startup(snapshotOf({ phase: 'starting', trouble }))
  assert.match(checks.map(({ detail }) => detail).join(), /waits for KAFKA_UNAVAILABLE: no broker/)
})

test('ready is a service that runs or stands by, in no other phase', () => {
  const expected = [
    ['starting', 'fail'],
    ['waiting-for-assignment', 'ok'],
    ['replaying', 'ok'],
    ['running', 'ok'],
    ['draining', 'fail'],
    ['stopped', 'fail'],
  ] as const satisfies readonly (readonly [LoopPhase, string])[]
  for (const [phase, status] of expected) {
    assert.equal(ready(snapshotOf({ phase })).status, status, phase)
  }
})

test('a replay makes a service unready and says how far it is', () => {
  const replay = [
    { partition: 0, done: 30, total: 100 },
    { partition: 1, done: 20, total: 50 },
  ]
  const health = ready(snapshotOf({ phase: 'replaying', replay }))
  assert.deepEqual(failing(health), ['replay'])
  assert.match(JSON.stringify(health), /50 of 150/)
})

test('a stopped loop is not live', () => {
  assert.equal(live(snapshotOf({ phase: 'stopped' }), NOW_MS).status, 'fail')
})
