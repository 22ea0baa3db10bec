import type { Event, FieldValue } from '../../src/domain/event.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import type { Expected, LogEntry } from './features.ts'

const KEYS_MAX = 1_000_000

/** A model's declaration as plain values; what is left out is of no interest to the test. */
export interface Declared {
  readonly fields: Readonly<Record<string, unknown>>
  readonly features: readonly object[]
  readonly lateness?: string
  readonly max_future_skew?: string
}

/** A spec from a declaration, through the parser that models go through. JSON is YAML. */
export function specOf({ fields, ...declared }: Declared): ModelSpec {
  const event = { key: '$record_key', time: '$record_timestamp', fields }
  const model = { file: 'm.onnx', input: 'x', outputs: [{ name: 'score', tensor: 'y' }] }
  const declaration = { name: 'tested', version: '1', event, model, ...declared }
  return parseModelSpec(JSON.stringify(declaration), 'tested.yaml')
}

/** An engine that owns the partitions. */
export function engineOf(
  spec: ModelSpec,
  {
    partitions = [0],
    keysMax = KEYS_MAX,
    bytesMax = Infinity,
  }: { partitions?: number[]; keysMax?: number; bytesMax?: number } = {},
): FeatureEngine {
  const engine = new FeatureEngine(spec, { keysMax, bytesMax })
  for (const partition of partitions) engine.open(partition)
  return engine
}

/** What becomes of one entry, in the oracle's words. */
export function applied(engine: FeatureEngine, entry: LogEntry): Expected {
  const { partition, offset, event, recordTimestampMs } = entry
  const out = new Float64Array(engine.columns)
  const result = engine.apply(partition, offset, event, recordTimestampMs, out, 0)
  if (result.kind === 'dead-letter') return { kind: result.kind }
  if (result.kind === 'late') return result
  return { kind: 'ok', row: Array.from(out, (value) => (Number.isNaN(value) ? null : value)) }
}

/** Applies a log, accepting the unit before each of the positions in `cuts` and at the end. */
export function run(
  engine: FeatureEngine,
  log: readonly LogEntry[],
  cuts: ReadonlySet<number> = new Set(),
): Expected[] {
  const outcomes = log.map((entry, index) => {
    if (cuts.has(index)) engine.accept()
    return applied(engine, entry)
  })
  engine.accept()
  return outcomes
}

/** An event of a test: its key, its time in seconds, its values, and what else matters. */
export type Told = readonly [key: string, atSeconds: number, ...values: FieldValue[]]

/** Events of partition 0, in log order, without record timestamps. */
export function logOf(...events: readonly Told[]): LogEntry[] {
  return events.map(([key, atSeconds, ...values], offset) => ({
    partition: 0,
    offset,
    event: eventOf(key, atSeconds * 1000, values),
    recordTimestampMs: -1,
  }))
}

function eventOf(key: string, timeMs: number, values: readonly FieldValue[]): Event {
  return { key, timeMs: Math.round(timeMs), id: `${key}@${timeMs}`, values }
}
