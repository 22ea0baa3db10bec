/**
 * Measures what state costs: memory per key and tile, and time per event. See `--help`.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { invariant } from '../src/domain/errors.ts'
import { FeatureEngine } from '../src/features/engine.ts'
import { parseModelSpec } from '../src/features/spec.ts'
import { format } from './progress.ts'

const HELP = `Usage: node --expose-gc bench/state.ts [--keys N] [--tiles N] [--partitions N] [--json]

Feeds events of the benchmark's model to the feature engine, no broker, and tells what its state takes:
resident memory of the process and of the state, and time per event while it grows (a new tile each
time) and once it is there (a tile that exists, then a tile that drives an old one out).

  --keys N        entity keys in all (default 1000000)
  --tiles N       live tiles per key (default 10)
  --partitions N  partitions they are spread over (default 4)
  --json          prints the result as JSON
`
const MODEL = resolve(import.meta.dirname, 'model/model.yaml')
const TILE_MS = 60_000
const FIRST_MS = 1_700_000_040_000
const UNIT_EVENTS = 5_000
const MIB = 2 ** 20

process.exitCode = main()

function main(): number {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = { keys: text, tiles: text, partitions: text, json: flag, help: flag }
  const { values } = parseArgs({ options })
  if (values.help === true || globalThis.gc === undefined) {
    process.stdout.write(HELP)
    return values.help === true ? 0 : 2
  }
  const { keys = 1_000_000, tiles = 10, partitions = 4 } = values
  const result = measure(Number(keys), Number(tiles), Number(partitions))
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify(result, undefined, 2)}\n`
      : Object.entries(result)
          .map(([name, value]) => `${name.padEnd(24)}${format(value)}\n`)
          .join(''),
  )
  return 0
}

function measure(keys: number, tiles: number, partitions: number): Record<string, number> {
  const spec = parseModelSpec(readFileSync(MODEL, 'utf8'), 'model.yaml')
  const engine = new FeatureEngine(spec, { keysMax: keys, bytesMax: Infinity })
  for (let partition = 0; partition < partitions; partition++) engine.open(partition)
  const row = new Float64Array(engine.columns)
  const before = residentMiB()
  let offset = 0
  /** One event of each key, at the tile; ns per event. */
  const round = (tile: number): number => {
    const startedAt = performance.now()
    for (let key = 0; key < keys; key++) {
      const timeMs = FIRST_MS + tile * TILE_MS
      const event = { key: `user-${key}`, timeMs, id: '', values: [key % 100] }
      engine.apply(key % partitions, offset++, event, -1, row, 0)
      if (offset % UNIT_EVENTS === 0) engine.accept()
    }
    engine.accept()
    return ((performance.now() - startedAt) * 1e6) / keys
  }
  let growNs = 0
  for (let tile = 0; tile < tiles; tile++) growNs += round(tile) / tiles
  const size = engine.size()
  invariant(size.tiles === keys * tiles, `${size.tiles} tiles are held`)
  const resident = residentMiB()
  const sameTileNs = round(tiles - 1)
  // The window has gone past every tile, and every key gets a new one.
  const replacingNs = round(tiles + 1_000)
  return {
    keys,
    'tiles per key': tiles,
    'resident, MiB': resident,
    'resident before, MiB': before,
    'bytes per tile': ((resident - before) * MIB) / size.tiles,
    'bytes as estimated': size.bytes / size.tiles,
    'ns/event, growing': growNs,
    'ns/event, same tile': sameTileNs,
    'ns/event, replacing': replacingNs,
    'resident after, MiB': residentMiB(),
  }
}

function residentMiB(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().rss / MIB
}
