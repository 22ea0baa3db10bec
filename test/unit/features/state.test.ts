import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTileKey } from '../../../src/features/tile-codec.ts'
import { ServiceError } from '../../../src/domain/errors.ts'
import { applied, engineOf, logOf, run, specOf, type Told } from '../../oracle/feature-runs.ts'

const SPEC = specOf({
  fields: { value: 'double' },
  lateness: '5s',
  features: [
    { name: 'n', operation: 'count', window: '1m', tile: '1s' },
    { name: 'd', operation: 'distinct', input_column: 'value', window: '1m', tile: '1s' },
  ],
})

const at = (key: string, seconds: number, value = 0): Told => [key, seconds, value]

/** A refusal that names the bound. */
function isRefusal(error: unknown): boolean {
  assert.ok(error instanceof ServiceError)
  assert.equal(error.code, 'STATE_KEYS_MAX')
  assert.equal(
    error.message,
    'state holds 2 keys within reach of their windows, bound STATE_KEYS_MAX=2',
  )
  return true
}

test('a key too many is refused loudly; the keys held are still served', () => {
  const engine = engineOf(SPEC, { keysMax: 2 })
  run(engine, logOf(at('a', 0), at('b', 1)))
  const [c, a] = logOf(at('c', 2), at('a', 2))
  assert.ok(c !== undefined && a !== undefined)
  assert.throws(() => applied(engine, c), isRefusal)
  engine.discard()
  assert.deepEqual(applied(engine, a), { kind: 'ok', row: [2, 1] })
  assert.equal(engine.size().keys, 2)
})

test('the bound is on the keys of all partitions together; a closed partition leaves room', () => {
  const engine = engineOf(SPEC, { keysMax: 2, partitions: [0, 1] })
  const [a, b, c] = logOf(at('a', 0), at('a', 0), at('c', 0))
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  run(engine, [a, { ...b, partition: 1 }])
  assert.throws(() => applied(engine, c), isRefusal)
  engine.discard()
  engine.close(1)
  assert.deepEqual(applied(engine, c), { kind: 'ok', row: [1, 1] })
})

test('the keys of a discarded unit leave room', () => {
  const engine = engineOf(SPEC, { keysMax: 2 })
  for (const entry of logOf(at('a', 0), at('b', 1))) applied(engine, entry)
  assert.deepEqual({ ...engine.size(), bytes: 0 }, { keys: 2, tiles: 2, bytes: 0 })
  engine.discard()
  assert.deepEqual(engine.size(), { keys: 0, tiles: 0, bytes: 0 })
  const [c, d] = logOf(at('c', 2), at('d', 3))
  assert.ok(c !== undefined && d !== undefined)
  assert.deepEqual(applied(engine, c), { kind: 'ok', row: [1, 1] })
  assert.deepEqual(applied(engine, d), { kind: 'ok', row: [1, 1] })
})

test('a key out of reach makes room for a new one, within a unit and taken back with it', () => {
  const engine = engineOf(SPEC, { keysMax: 1 })
  run(engine, logOf(at('a', 0)))
  // 60 s of window and 5 s of lateness: the tile of second 0 is seen up to stream time 64.999.
  const [tooSoon, inTime] = logOf(at('b', 64.999), at('b', 65))
  assert.ok(tooSoon !== undefined && inTime !== undefined)
  assert.throws(() => applied(engine, tooSoon))
  engine.discard()
  applied(engine, inTime)
  assert.equal(engine.size().keys, 1)
  engine.discard()
  assert.deepEqual({ ...engine.size(), bytes: 0 }, { keys: 1, tiles: 1, bytes: 0 })
  const [a] = logOf(at('a', 59))
  assert.ok(a !== undefined)
  assert.deepEqual(applied(engine, a), { kind: 'ok', row: [2, 1] })
})

test('a key that comes and makes room within one unit is counted once', () => {
  const engine = engineOf(SPEC, { keysMax: 1 })
  run(engine, logOf(at('a', 0, 1), at('b', 100, 2)))
  const alone = engineOf(SPEC, { keysMax: 1 })
  run(alone, logOf(at('b', 100, 2)))
  assert.deepEqual(engine.size(), alone.size())
})

test('tiles that no event in time can see any more go with the unit that touched their key', () => {
  const engine = engineOf(SPEC)
  const events = Array.from({ length: 1000 }, (_, second) => at('a', second, second))
  for (const told of events) run(engine, logOf(told))
  // The oldest event in time is at 994; it sees the tiles 935 to 994; 995 to 999 lie ahead of it.
  assert.equal(engine.size().tiles, 65)
  const kept = engine.size().bytes
  for (const told of events) run(engine, logOf(at('a', told[1] + 1000, told[1])))
  assert.equal(engine.size().tiles, 65)
  assert.equal(engine.size().bytes, kept)
})

test('keys that no event in time can see any more go, so that memory does not grow', () => {
  const engine = engineOf(SPEC)
  let keysHeld = 0
  for (let second = 0; second < 5000; second++) {
    const fresh = Array.from({ length: 3 }, (_, index) => at(`${second}-${index}`, second, index))
    run(engine, logOf(...fresh))
    keysHeld = Math.max(keysHeld, engine.size().keys)
  }
  // 65 s in reach, three keys each, and what the sweeping hand has not come by yet.
  assert.ok(keysHeld < 65 * 3 + 2 * 64, `${keysHeld} keys held`)
  run(engine, logOf(at('last', 100_000)))
  for (let unit = 0; unit < 10; unit++) engine.accept()
  assert.deepEqual({ ...engine.size(), bytes: 0 }, { keys: 1, tiles: 1, bytes: 0 })
})

test('the weight of the state follows keys, tiles and distinct values, and returns to nothing', () => {
  const engine = engineOf(SPEC)
  run(engine, logOf(at('a', 0, 1)))
  const one = engine.size().bytes
  run(engine, logOf(at('a', 0, 2)))
  const two = engine.size().bytes
  run(engine, logOf(at('b', 0, 1)))
  assert.ok(one > 0 && two > one && engine.size().bytes === two + one)
  engine.close(0)
  assert.deepEqual(engine.size(), { keys: 0, tiles: 0, bytes: 0 })
})

test('the touched tiles of a unit are told once each, in order of their first change', () => {
  const engine = engineOf(SPEC)
  for (const entry of logOf(at('a', 1), at('b', 2), at('a', 1), at('a', 3))) applied(engine, entry)
  const told = () => {
    const tiles: string[] = []
    engine.changes((_, { key }) => {
      const tile = decodeTileKey({ buffer: key, at: 0, end: key.length })
      tiles.push(`${tile?.key} ${tile?.tileId}`)
    })
    return tiles
  }
  assert.deepEqual(told(), ['a 1', 'b 2', 'a 3'])
  engine.accept()
  assert.deepEqual(told(), [])
})

test('saturated values of a discarded unit are not counted', () => {
  const spec = specOf({
    fields: { value: 'double' },
    features: [
      { name: 'd', operation: 'distinct', input_column: 'value', distinct_max: 1, window: '1m' },
    ],
  })
  const engine = engineOf(spec)
  for (const entry of logOf(at('a', 0, 1), at('a', 0, 2))) applied(engine, entry)
  engine.discard()
  engine.accept()
  assert.equal(engine.saturated, 0)
})

test('a model without windows keeps no keys', () => {
  const features = [{ name: 'v', operation: 'field', input_column: 'value' }]
  const engine = engineOf(specOf({ fields: { value: 'double' }, features }), { keysMax: 0 })
  assert.deepEqual(run(engine, logOf(at('a', 0, 4))), [{ kind: 'ok', row: [4] }])
  assert.deepEqual(engine.size(), { keys: 0, tiles: 0, bytes: 0 })
})

test('a partition is used only between its opening and its closing', () => {
  const engine = engineOf(SPEC)
  const [a] = logOf(at('a', 0))
  assert.ok(a !== undefined)
  const broken = { code: 'INVARIANT_BROKEN' }
  assert.throws(() => engine.open(0), broken)
  assert.throws(() => applied(engine, { ...a, partition: 7 }), broken)
  applied(engine, a)
  engine.accept()
  engine.close(0)
  assert.throws(() => applied(engine, a), broken)
  engine.open(0)
  assert.deepEqual(applied(engine, a), { kind: 'ok', row: [1, 1] })
})

test('state that weighs too much is refused with the bound; what no window needs is dropped first', () => {
  const engine = engineOf(SPEC, { bytesMax: 4_000 })
  const events = Array.from({ length: 6 }, (_, key) => at(`k${key}`, 0, key))
  run(engine, logOf(...events))
  // 60 s of window and 5 s of lateness later, none of these is of use any more.
  run(engine, logOf(...events.map(([key, , value]) => at(`${key}-later`, 66, Number(value)))))
  const tooMany = Array.from({ length: 6 }, (_, key) => at(`k${key}-more`, 67, key))
  assert.throws(() => run(engine, logOf(...tooMany)), {
    code: 'STATE_BYTES_MAX',
    message: /^state weighs \d+ bytes within reach of its windows, bound STATE_BYTES_MAX=4000$/u,
  })
})
