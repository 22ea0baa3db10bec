import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAULT_KINDS, FULL, planFaults, QUICK, shortfall } from '../../../scripts/torture/plan.ts'
import { planRecords } from '../../../scripts/torture/records.ts'

const encode = (value: object): Buffer => Buffer.from(`\0\0\0\0\0${JSON.stringify(value)}`)

test('a seed says all of a run: its faults and its records', () => {
  assert.deepEqual(planFaults(3, FULL), planFaults(3, FULL))
  assert.notDeepEqual(planFaults(3, FULL), planFaults(4, FULL))
  assert.deepEqual(planRecords(3, 500, encode), planRecords(3, 500, encode))
  assert.notDeepEqual(planRecords(3, 500, encode), planRecords(4, 500, encode))
})

test('every fault comes as often as the size says', () => {
  for (const size of [QUICK, FULL]) {
    const faults = planFaults(1, size)
    for (const kind of FAULT_KINDS) {
      assert.equal(faults.filter((fault) => fault.kind === kind).length, size.counts[kind])
    }
  }
})

test('answers are lost while there is something to commit, and all that is planned happens or is told', () => {
  for (let seed = 0; seed < 100; seed++) {
    const last = planFaults(seed, QUICK).slice(-4)
    assert.ok(last.every(({ kind }) => !kind.startsWith('swallow')))
  }
  assert.deepEqual(shortfall(QUICK.counts, QUICK.counts), [])
  const { counts } = QUICK
  assert.deepEqual(shortfall(counts, { ...counts, add: 2, remove: 0 }), [])
  assert.deepEqual(shortfall(counts, { ...counts, 'swallow-end-txn': 1, add: 0, remove: 1 }), [
    'add or remove happened 1 times, 2 were planned',
    'swallow-end-txn happened 1 times, 2 were planned',
  ])
})

test('a full run kills at least 20 times, and its zombies outlive their session', () => {
  const faults = planFaults(1, FULL)
  assert.ok(faults.filter(({ kind }) => kind === 'kill').length >= 20)
  const zombies = faults.filter(({ kind }) => kind === 'zombie')
  assert.ok(zombies.length > 0 && zombies.every(({ lastsMs }) => lastsMs > 6_000))
})

test('one record in a hundred is poison, two are late', () => {
  const records = planRecords(1, 10_000, encode)
  const poison = records.filter(({ event }) => event === undefined)
  assert.ok(poison.length > 50 && poison.length < 150, `${poison.length}`)
  const reasons = new Set(poison.map((record) => record.poison))
  assert.equal(reasons.size, 4)
})
