import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { layoutOf } from '../../src/drift/layout.ts'
import type { DriftLayout } from '../../src/drift/layout.ts'
import type { ServedRows } from '../../src/drift/make-reference.ts'
import type { Reference } from '../../src/drift/reference.ts'
import type { SeriesDrift } from '../../src/drift/report.ts'
import { DriftSketch } from '../../src/drift/sketch.ts'
import { DriftWatch } from '../../src/drift/watch.ts'

/** How large and how long a window is. */
export interface Window {
  readonly records: number
  readonly spanMs: number
}

/** Judges windows as the service does, one after the other. */
export class Judge {
  readonly series: number
  readonly #layout: DriftLayout
  readonly #reference: Reference

  constructor(reference: Reference, spec: ModelSpec) {
    this.#layout = layoutOf(reference, spec)
    this.#reference = reference
    this.series = this.#layout.series.length
  }

  /** Counts the events of a window. */
  count(rows: ServedRows): Float64Array {
    const sketch = new DriftSketch(this.#layout)
    const { length: records } = rows.timesMs
    const columns = rows.features.length / records
    const outputs = rows.scores.length / records
    for (let row = 0; row < records; row++) {
      sketch.add(rows.features, row * columns, rows.scores, row * outputs)
    }
    return sketch.counts
  }

  /** What is told of a complete window with these counts. */
  judge(counts: Float64Array, window: Window, falseAlarmsPerMonth: number): readonly SeriesDrift[] {
    const policy = { windowMs: 1, windowRecords: 1, falseAlarmsPerMonth }
    const [reference, layout] = [this.#reference, this.#layout]
    const watch = new DriftWatch({ reference, id: '', layout, policy })
    const { records, spanMs } = window
    watch.committed({ counts, records, fromMs: 0, toMs: spanMs, committedAtMs: 0 })
    return watch.report().series
  }
}

/** Rows `from` until before `to`. */
export function slice(rows: ServedRows, from: number, to: number): ServedRows {
  const { features, scores, timesMs } = rows
  const columns = features.length / timesMs.length
  const outputs = scores.length / timesMs.length
  return {
    features: features.subarray(from * columns, to * columns),
    scores: scores.subarray(from * outputs, to * outputs),
    timesMs: timesMs.subarray(from, to),
  }
}

/** One after the other, as if no time had been between them. */
export function joined(parts: readonly ServedRows[]): ServedRows {
  const all = (pick: (part: ServedRows) => Float64Array): Float64Array => {
    const result = new Float64Array(parts.reduce((sum, part) => sum + pick(part).length, 0))
    let at = 0
    for (const part of parts) {
      result.set(pick(part), at)
      at += pick(part).length
    }
    return result
  }
  return {
    features: all(({ features }) => features),
    scores: all(({ scores }) => scores),
    timesMs: inOrder(parts.map(({ timesMs }) => timesMs)),
  }
}

function inOrder(parts: readonly Float64Array[]): Float64Array {
  const times: number[] = []
  for (const part of parts) {
    const shift = (times.at(-1) ?? 0) - (part[0] ?? 0)
    for (const timeMs of part) times.push(timeMs + shift)
  }
  return Float64Array.from(times)
}
