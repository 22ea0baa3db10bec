import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FeatureEngine } from '../../../src/features/engine.ts'
import { engineOf, logOf, run, specOf, type Told } from '../../oracle/feature-runs.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
/** Just above a power of two, where the map of the keys is largest for what is in it. */
const KEYS = 17_000

const UNITS = new Set(Array.from({ length: KEYS / 1_000 }, (_, unit) => unit * 1_000))

/** Bytes in V8's heap and outside it. */
function live(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function specWith(operation: 'sum' | 'distinct') {
  const window = { input_column: 'value', window: '1m', tile: '1s' }
  const features = ['a', 'b', 'c'].map((name) => ({ ...window, name, operation: 'sum' }))
  return specOf({
    fields: { value: 'double', shop: 'string' },
    features:
      operation === 'sum' ? features : [{ ...window, input_column: 'shop', name: 'd', operation }],
  })
}

/** An event of every key; in a function of its own, so that nothing but the engine holds on to them. */
function feed(engine: FeatureEngine, second: number, keyOf: (key: number) => string): void {
  const told = Array.from({ length: KEYS }, (_, key): Told => {
    // As a decoder makes them: in one piece.
    const name = Buffer.from(keyOf(key)).toString()
    return [name, second, key % 100, Buffer.from(`shop ${key % 1_000}`).toString()]
  })
  run(engine, logOf(...told), UNITS)
}

for (const { what, operation, tiles, keyOf } of [
  { what: 'one tile a key', operation: 'sum', tiles: 1, keyOf: (key: number) => `k${key}` },
  { what: 'ten tiles a key', operation: 'sum', tiles: 10, keyOf: (key: number) => `k${key}` },
  {
    what: 'long keys',
    operation: 'sum',
    tiles: 1,
    keyOf: (key: number) => `${key}`.padStart(120, 'a long name '),
  },
  {
    what: 'distinct values',
    operation: 'distinct',
    tiles: 5,
    keyOf: (key: number) => `k${key}`,
  },
] as const) {
  test(`state is counted as what it weighs, to a third: ${what}`, () => {
    const engine = engineOf(specWith(operation))
    run(engine, logOf(['first', 0, 0, 'shop']))
    const before = { counted: engine.size().bytes, live: live() }
    for (let second = 0; second < tiles; second++) feed(engine, second, keyOf)
    const weighs = live() - before.live
    // Asked after that, so that the state lives to be weighed.
    const counted = engine.size().bytes - before.counted
    const share = counted / weighs
    assert.ok(share > 2 / 3 && share < 4 / 3, `${counted} bytes counted of ${weighs}`)
  })
}
