import { readCommitted } from '../../test/harness/kafka.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { NOTHING_TO_REPLAY } from '../../src/features/stream-time.ts'
import type { Fold } from './expected.ts'
import type { InputPlan } from './records.ts'

/** What one event of a key would get: from the oracle, and from the state that the changelog gives. */
export interface Probe {
  readonly key: string
  readonly wanted: readonly (number | null)[]
  readonly found: readonly (number | null)[]
}

/**
 * The changelog, read committed and folded, against the oracle's state: both are asked what one more
 * event of every key would get, at its partition's stream time. Both are used up by it.
 */
export async function probeState(
  bed: Bed,
  records: readonly InputPlan[],
  { spec, oracle, expected }: Fold,
): Promise<readonly Probe[]> {
  const engine = new FeatureEngine(spec, { keysMax: Infinity, bytesMax: Infinity })
  const plans = new Map<string, InputPlan>()
  const streamTimes = new Map<number, number>()
  const counts = new Map<number, number>()
  for (const plan of records) {
    const offset = counts.get(plan.partition) ?? 0
    counts.set(plan.partition, offset + 1)
    plans.set(`${plan.partition}-${offset}`, plan)
  }
  const keys = new Map<string, InputPlan>()
  for (const { partition, offset, outcome, key } of expected) {
    const plan = plans.get(`${partition}-${offset}`)
    if (outcome !== 'predicted' || plan?.event === undefined) continue
    streamTimes.set(partition, Math.max(streamTimes.get(partition) ?? 0, plan.event.timeMs))
    keys.set(`${partition} ${key}`, plan)
  }
  for (const [partition, streamTimeMs] of streamTimes) {
    const replayed = { replayFrom: NOTHING_TO_REPLAY, replayStreamTimeMs: undefined }
    engine.open(partition, { streamTimeMs, ...replayed })
  }
  const changelog = `${bed.env['APP_ID']}-state`
  for (const record of await readCommitted(bed.brokers, changelog, bed.partitions)) {
    const [key, value] = [record.key ?? NO_BYTES, record.value ?? NO_BYTES]
    engine.restore(record.partition, {
      key: { buffer: key, at: 0, end: key.length },
      value: { buffer: value, at: 0, end: value.length },
    })
  }
  const out = new Float64Array(engine.columns)
  return [...keys.values()].flatMap(({ partition, event }) => {
    const timeMs = streamTimes.get(partition)
    if (event === undefined || timeMs === undefined) return []
    const probe = { ...event, timeMs, id: 'probe' }
    const offset = counts.get(partition) ?? 0
    const fate = oracle.next({ partition, offset, event: probe, recordTimestampMs: -1 })
    engine.apply(partition, offset, probe, -1, out, 0)
    const found = Array.from(out, (value) => (Number.isNaN(value) ? null : value))
    return [{ key: `${partition} ${event.key}`, wanted: fate.kind === 'ok' ? fate.row : [], found }]
  })
}

const NO_BYTES = Buffer.alloc(0)
