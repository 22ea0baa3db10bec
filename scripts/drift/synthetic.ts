import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { gammaQuantile } from '../../src/drift/gamma.ts'
import { referenceOf } from '../../src/drift/make-reference.ts'
import type { ServedRows } from '../../src/drift/make-reference.ts'
import { parseReference } from '../../src/drift/reference.ts'
import { chanceOf } from '../../src/drift/threshold.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { Random } from '../../test/simulation/random.ts'
import { ENGAGEMENT_STEP_MS, engagementEvent } from '../train/engagement.ts'
import { ONE_NUMBER, Remembering } from './series.ts'
import { Judge } from './windows.ts'
import type { Window } from './windows.ts'

const MONTH_MS = 30 * 86_400_000
const REFERENCE_ROWS = 100_000
/** Each with a reference of its own: what was measured for it is uncertain, too. */
const REFERENCES = 10
const BINS = 10

/** Windows of a stream without drift. */
interface Windows {
  readonly records: number
  readonly windows: number
  /** Event time between two events; a second unless given. */
  readonly stepMs?: number
  /** False alarms a month that are asked for; 1 and 100 unless given. */
  readonly asked?: readonly number[]
}

/** Windows without drift, and what was told of them. */
export interface FalseAlarms {
  readonly process: string
  readonly records: number
  /** Event time of a window. */
  readonly spanMs: number
  readonly windows: number
  /** By false alarms a month: those to be expected, those found. */
  readonly rates: readonly { readonly asked: number; expected: number; found: number }[]
  /** What a formula for independent events would have told, at the first rate. */
  naive: number
}

/** Windows of a number whose neighbours are alike, `memory` of 0 to 1. */
export function rememberedAlarms(memory: number, of: Windows): FalseAlarms {
  const { stepMs = 1_000 } = of
  const result = emptyAlarms(`memory ${memory}`, { ...of, stepMs })
  for (let at = 0; at < REFERENCES; at++) {
    const random = new Random(1_000 * at + Math.round(memory * 1_000))
    const source = new Remembering(memory, () => random.next(), stepMs)
    const judge = new Judge(referenceOf(ONE_NUMBER, source.take(REFERENCE_ROWS)), ONE_NUMBER)
    for (let window = 0; window < of.windows / REFERENCES; window++) {
      count(result, judge, source.take(of.records))
    }
  }
  return result
}

/** The model `engagement` on a stream that never changes: real windows, real scores. */
export async function engagementAlarms(of: {
  readonly records: number
  readonly windows: number
}): Promise<FalseAlarms> {
  const folder = join(import.meta.dirname, '../../models/engagement')
  const specFile = join(folder, 'model.yaml')
  const spec = parseModelSpec(readFileSync(specFile, 'utf8'), specFile)
  const text = readFileSync(join(folder, 'reference.json'), 'utf8')
  const judge = new Judge(parseReference(text, 'reference.json', spec), spec)
  const scorer = await startScorer({ modelFile: join(folder, spec.model.file), spec, threads: 1 })
  const stream = engagementRows(spec, of.records)
  const result = emptyAlarms('model engagement', { ...of, stepMs: ENGAGEMENT_STEP_MS })
  for (let window = 0; window < of.windows; window++) {
    const { features, timesMs } = stream()
    const scores = await scorer.score(Float32Array.from(features), of.records)
    count(result, judge, { features, scores, timesMs })
  }
  await scorer.close()
  return result
}

function engagementRows(spec: ModelSpec, records: number): () => Omit<ServedRows, 'scores'> {
  const random = new Random(4_711)
  const engine = new FeatureEngine(spec, { keysMax: 1_000, bytesMax: Infinity })
  engine.open(0)
  let index = 0
  const next = (features: Float64Array, row: number): number => {
    const event = engagementEvent(spec, index, () => random.next())
    engine.apply(0, index++, event, event.timeMs, features, row * engine.columns)
    engine.accept()
    return event.timeMs
  }
  // The training data begins with empty windows, too, but once only.
  for (let warm = 0; warm < 1_000; warm++) next(new Float64Array(engine.columns), 0)
  return () => {
    const features = new Float64Array(records * engine.columns)
    const timesMs = Float64Array.from({ length: records }, (_, row) => next(features, row))
    return { features, timesMs }
  }
}

/** Share of windows in which a shift of so many standard deviations is found, at one false alarm a month. */
export function power(
  memory: number,
  of: { readonly records: number; readonly windows: number; readonly shift: number },
): number {
  const random = new Random(77)
  const source = new Remembering(memory, () => random.next())
  const judge = new Judge(referenceOf(ONE_NUMBER, source.take(REFERENCE_ROWS)), ONE_NUMBER)
  let found = 0
  for (let window = 0; window < of.windows; window++) {
    const rows = source.take(of.records, of.shift)
    const [number] = judge.judge(judge.count(rows), windowOf(rows), 1)
    if (number?.verdict === 'drift') found += 1
  }
  return found / of.windows
}

function emptyAlarms(
  process: string,
  { records, windows, stepMs, asked = [1, 100] }: Windows & { readonly stepMs: number },
): FalseAlarms {
  const rates = asked.map((each) => ({ asked: each, expected: 0, found: 0 }))
  return { process, records, spanMs: records * stepMs, windows, rates, naive: 0 }
}

function count(result: FalseAlarms, judge: Judge, rows: ServedRows): void {
  const counts = judge.count(rows)
  const window = windowOf(rows)
  const { spanMs } = window
  for (const [at, rate] of result.rates.entries()) {
    const series = judge.judge(counts, window, rate.asked)
    rate.expected += (rate.asked * spanMs) / MONTH_MS
    rate.found += series.filter(({ verdict }) => verdict === 'drift').length
    if (at > 0) continue
    const bound = independentBound(result.records, spanMs, series.length)
    result.naive += series.filter(({ psi }) => psi > bound).length
  }
}

/** From the first event to the one after the last. */
function windowOf({ timesMs }: ServedRows): Window {
  const { length: records } = timesMs
  const between = ((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)) / (records - 1)
  return { records, spanMs: records * between }
}

/** The bound for independent events: chi-squared with a degree of freedom less than bins. */
function independentBound(records: number, spanMs: number, series: number): number {
  const chance = chanceOf(spanMs, { falseAlarmsPerMonth: 1, series })
  const degrees = BINS - 1
  const wide = 1 / records + 1 / REFERENCE_ROWS
  return gammaQuantile(degrees, Math.sqrt(2 * degrees), chance) * wide
}
