import { invariant } from '../../src/domain/errors.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'

const TILE_MS = 60_000
const FIRST_MS = 1_700_000_040_000
const UNIT_EVENTS = 5_000
const PARTITIONS = 4

/** What the engine is fed: an event per key and minute. */
export interface EngineLoad {
  readonly keys: number
  /** Events of each key before the measurement: its live tiles, of a window of that many minutes. */
  readonly tiles: number
  /** Events of each key that are measured. */
  readonly rounds: number
}

/** What that costs. */
export interface EngineResult {
  /** Tiles held before the measurement. */
  readonly tiles: number
  /** CPU time of an event that is measured. */
  readonly nsPerEvent: number
  /** What the engine takes its state to weigh at its most, bytes: `millrace_state_bytes`. */
  readonly estimatedBytes: number
  /** Memory that the state lives in, in V8's heap and outside it, bytes. */
  readonly liveBytes: number
  /** Rise of resident memory meanwhile, bytes; of meaning in a process of its own. */
  readonly residentBytes: number
  /** The same at its most, garbage and what is copied to grow included, to the end of the measurement. */
  readonly peakResidentBytes: number
}

/** So that compiled code and the heap's first growth are not counted to the state. */
const WARM_UP: EngineLoad = { keys: 1_000, tiles: 2, rounds: 50 }

/**
 * Feeds a feature engine of its own: the tiles first, then the events that are measured, each in a new
 * minute. A smaller one before it is not counted.
 */
export function feedEngine(spec: ModelSpec, load: EngineLoad): EngineResult {
  feed(spec, WARM_UP)
  return feed(spec, load)
}

function feed(spec: ModelSpec, { keys, tiles, rounds }: EngineLoad): EngineResult {
  const engine = new FeatureEngine(spec, { keysMax: keys, bytesMax: Infinity })
  for (let partition = 0; partition < PARTITIONS; partition++) engine.open(partition)
  const row = new Float64Array(engine.columns)
  let offset = 0
  let peak = 0
  let estimated = 0
  const round = (minute: number): void => {
    const timeMs = FIRST_MS + minute * TILE_MS
    for (let key = 0; key < keys; key++) {
      const event = { key: `user-${key}`, timeMs, id: '', values: [(key + minute) % 100] }
      const { kind } = engine.apply(key % PARTITIONS, offset++, event, -1, row, 0)
      invariant(kind === 'ok', `an event is ${kind}`)
      if (offset % UNIT_EVENTS === 0) engine.accept()
    }
    engine.accept()
    peak = Math.max(peak, process.memoryUsage.rss())
    estimated = Math.max(estimated, engine.size().bytes)
  }
  const before = memory()
  for (let minute = 0; minute < tiles; minute++) round(minute)
  const held = engine.size().tiles
  const after = memory()
  const cpu = process.cpuUsage()
  for (let minute = 0; minute < rounds; minute++) round(tiles + minute)
  const { user, system } = process.cpuUsage(cpu)
  return {
    tiles: held,
    estimatedBytes: estimated,
    nsPerEvent: ((user + system) * 1_000) / (keys * rounds),
    liveBytes: after.live - before.live,
    residentBytes: after.resident - before.resident,
    peakResidentBytes: peak - before.resident,
  }
}

/** After a collection of garbage, where the process allows for one; bytes. */
function memory(): { readonly live: number; readonly resident: number } {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { live: heapUsed + external, resident: rss }
}
