import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker } from '../../../src/loop/breaker.ts'
import type { BreakerBounds, UnitCounts } from '../../../src/loop/breaker.ts'

const BOUNDS = { ratioMax: 0.5, windowMs: 32_000, recordsMin: 100, pauseMs: 5_000 }

function open(but: Partial<BreakerBounds> = {}): Breaker {
  return new Breaker({ ...BOUNDS, ...but })
}

function unit(records: number, dead: number): UnitCounts {
  return { records, deadLetters: new Map(dead === 0 ? [] : [['undecodable', dead]]) }
}

/** Units as `[atMs, records, dead letters]`, judged and then committed. @returns when it tripped */
function run(breaker: Breaker, units: readonly (readonly [number, number, number])[]): number[] {
  return units.flatMap(([atMs, records, dead]) => {
    if (breaker.judge(unit(records, dead), atMs) !== undefined) return [atMs]
    breaker.accept(unit(records, dead), atMs)
    return []
  })
}

test('a share above the bound trips; the bound itself does not', () => {
  assert.deepEqual(run(open(), [[0, 100, 50]]), [])
  assert.deepEqual(run(open(), [[0, 100, 51]]), [0])
})

test('it says how many, within what, and why, the most frequent reasons first', () => {
  const deadLetters = new Map([
    ['empty-value', 10],
    ['undecodable', 60],
    ['unknown-schema', 20],
    ['invalid-event', 5],
  ] as const)
  assert.equal(
    open().judge({ records: 100, deadLetters }, 0),
    '95 of 100 records within 32000 ms are dead letters: the share must be at most 0.5, got 0.950; ' +
      'undecodable 60, unknown-schema 20, empty-value 10',
  )
})

test('fewer records than the minimum say nothing, however bad they are', () => {
  assert.deepEqual(run(open(), [[0, 99, 99]]), [])
})

test('committed units and the open one count together towards the minimum', () => {
  const units = [
    [0, 60, 60],
    [10, 39, 39],
    [20, 1, 1],
  ] as const
  assert.deepEqual(run(open(), units), [20])
})

test('what was committed before the window does not count', () => {
  const bad = [0, 99, 99] as const
  assert.deepEqual(run(open(), [bad, [31_000, 1, 0]]), [31_000])
  assert.deepEqual(run(open(), [bad, [32_000, 1, 0]]), [])
})

test('a good past outweighs a few bad units, not a long flood', () => {
  const units = [
    [0, 1_000, 0],
    [100, 500, 500],
    [200, 500, 500],
    [300, 1, 1],
  ] as const
  assert.deepEqual(run(open(), units), [300])
})

test('1 never trips and 0 does at the first dead letter', () => {
  assert.deepEqual(run(open({ ratioMax: 1 }), [[0, 1_000, 1_000]]), [])
  assert.deepEqual(run(open({ ratioMax: 0 }), [[0, 1_000, 1]]), [0])
  assert.deepEqual(run(open({ ratioMax: 0 }), [[0, 1_000, 0]]), [])
})

test('it pauses from the trip on, and stays open until a unit is committed', () => {
  const breaker = open()
  assert.equal(breaker.pauseMs(1_000), 0)
  run(breaker, [[1_000, 100, 100]])
  assert.deepEqual(
    [breaker.isOpen, breaker.pauseMs(1_000), breaker.pauseMs(5_999)],
    [true, 5_000, 1],
  )
  assert.deepEqual([breaker.isOpen, breaker.pauseMs(6_000), breaker.pauseMs(9_000)], [true, 0, 0])
  assert.equal(breaker.judge(unit(10, 5), 9_000), undefined)
  assert.equal(breaker.isOpen, true)
  assert.equal(breaker.accept(unit(10, 5), 9_000), true)
  assert.equal(breaker.isOpen, false)
  assert.equal(breaker.accept(unit(10, 5), 9_000), false)
})

test('a probing unit is judged alone and whatever its size, and pauses anew', () => {
  const breaker = open()
  const units = [
    [0, 1_000, 0],
    [10, 1_500, 1_500],
    [5_010, 3, 2],
  ] as const
  assert.deepEqual(run(breaker, units), [10, 5_010])
  assert.equal(breaker.pauseMs(5_010), 5_000)
  assert.equal(breaker.trips, 2)
})

test('after it has closed, only what was committed since counts', () => {
  const units = [
    [0, 99, 99],
    [10, 99, 99],
    [5_010, 10, 0],
    [5_020, 89, 89],
    [5_030, 1, 1],
  ] as const
  assert.deepEqual(run(open(), units), [10, 5_030])
})

test('what it remembers of a window does not grow with the units in it', () => {
  const breaker = open({ recordsMin: 100_001, windowMs: 1_000_000 })
  const units = Array.from({ length: 100_000 }, (_, at) => [at, 1, 1] as const)
  assert.deepEqual(run(breaker, units), [])
  assert.deepEqual(run(breaker, [[100_000, 1, 1]]), [100_000])
})
