import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { compilePlan, FIRST_CELL, type TileGroup } from '../../src/features/plan.ts'
import { TileTable } from '../../src/features/tile-table.ts'
import { specOf } from '../oracle/feature-runs.ts'
import { SEED } from './seed.ts'

const SLOTS = 8

/** One cell besides the id, so that a page holds many blocks; and one so large that a page holds few. */
function groupOf(operations: readonly string[]): TileGroup {
  const features = operations.map((operation, index) => ({
    name: `f${index}`,
    operation,
    input_column: `v${index}`,
    window: '1m',
    tile: '1s',
  }))
  const fields = Object.fromEntries(operations.map((_, index) => [`v${index}`, 'double']))
  const [group] = compilePlan(specOf({ fields, features })).groups
  assert.ok(group !== undefined)
  return group
}

const SMALL = groupOf(['sum'])
const LARGE = groupOf(Array.from({ length: 90 }, () => 'variance'))

/** Puts tiles in, or takes some out; where and how many is taken within bounds. */
const step = fc.record({
  slot: fc.nat(SLOTS - 1),
  isInsert: fc.boolean(),
  place: fc.nat(1_000),
  count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 60 })),
})

test('whatever comes and goes, each key has its own tiles, and blocks have little room to spare', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(SMALL, LARGE),
      fc.array(step, { maxLength: 120 }),
      (group, steps) => {
        const table = new TileTable(group)
        /** What each slot should hold: tiles by their first value, in order. */
        const expected: number[][] = Array.from({ length: SLOTS }, () => [])
        let value = 0
        for (const { slot, isInsert, place, count } of steps) {
          table.select(slot)
          const own = expected[slot] ?? []
          const index = own.length === 0 ? 0 : place % (own.length + (isInsert ? 1 : 0))
          if (isInsert) {
            for (let i = 0; i < count; i++) {
              table.insert(index, ++value)
              table.cells[table.cellOf(index) + FIRST_CELL] = value
              own.splice(index, 0, value)
            }
          } else if (own.length > 0) {
            const taken = Math.min(count, own.length - index)
            table.remove(index, taken)
            own.splice(index, taken)
          }
        }
        let tiles = 0
        for (const [slot, own] of expected.entries()) {
          table.select(slot)
          const held = Array.from({ length: table.count }, (_, index) => [
            table.idAt(index),
            table.cells[table.cellOf(index) + FIRST_CELL],
          ])
          assert.deepEqual(
            held,
            own.map((each) => [each, each]),
          )
          tiles += own.length
        }
        // An eighth to a quarter by rounding up, and two classes before a block is left for a smaller one.
        const spare = table.heldCells - tiles * group.stride
        assert.ok(spare <= (tiles * 0.8 + 2 * SLOTS) * group.stride, `${spare} cells to spare`)
      },
    ),
    { seed: SEED, numRuns: 1000 },
  )
})

test('tiles that are gone leave their memory, however they were mixed with those that stay', () => {
  const table = new TileTable(SMALL)
  const before = process.memoryUsage().arrayBuffers
  // Grown side by side, tile by tile, so that every size of block is used by every key in turn.
  for (let tile = 0; tile < 60; tile++) {
    for (let slot = 0; slot < 5_000; slot++) table.select(slot).insert(tile, tile)
  }
  for (let slot = 0; slot < 5_000; slot++) if (slot % 50 !== 0) table.select(slot).remove(0, 59)
  const live = (100 * 60 + 4_900) * SMALL.stride * 8
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(table.heldCells * 8 < 1.1 * live, `${table.heldCells * 8} bytes held for ${live}`)
  assert.ok(held < 4 * live, `${held} bytes of arrays for ${live} of tiles`)
})
