import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../../src/domain/event.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureEngine } from '../../src/features/engine.ts'

/** An event and what came of it. */
export interface Example {
  readonly event: Event
  /** Absent when nobody knows: the event enters the windows but is no row. */
  readonly label: 0 | 1 | undefined
}

/** Rows as the model sees them, with their labels. */
export interface Rows {
  /** `[rows, columns]`, row-major, NaN = null. */
  readonly values: Float32Array
  readonly labels: Uint8Array
  readonly columns: number
}

const KEYS_MAX = 1_000_000

/**
 * The rows that the service would compute: its own feature engine over all examples, in order.
 *
 * @param isWanted which of the labelled examples become rows; the others only fill the windows
 * @throws Error when an event is late or refused: examples must come in order of time
 */
export function computeRows(
  spec: ModelSpec,
  examples: readonly Example[],
  isWanted: (index: number) => boolean = () => true,
): Rows {
  const engine = new FeatureEngine(spec, { keysMax: KEYS_MAX, bytesMax: Infinity })
  engine.open(0)
  const { columns } = engine
  const row = new Float64Array(columns)
  const values = new Float32Array(examples.length * columns)
  const labels = new Uint8Array(examples.length)
  let count = 0
  for (const [index, { event, label }] of examples.entries()) {
    const applied = engine.apply(0, index, event, event.timeMs, row, 0)
    if (applied.kind !== 'ok') throw new Error(`example ${index} is ${applied.kind}`)
    engine.accept()
    if (label === undefined || !isWanted(index)) continue
    values.set(row, count * columns)
    labels[count++] = label
  }
  return { values: values.slice(0, count * columns), labels: labels.slice(0, count), columns }
}

/** Puts rows where `train.py` reads them. */
export function writeRows(folder: string, part: 'train' | 'test', { values, labels }: Rows): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${part}.rows`), values)
  writeFileSync(join(folder, `${part}.labels`), labels)
}
