import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseModelSpec } from '../src/features/spec.ts'
import type { Bench } from './bench.ts'
import { timeScorer } from './growth/scoring.ts'
import { Cases } from './result.ts'

const ROUNDS = 5
const MODEL = join(import.meta.dirname, 'model')
const BATCHES = [1, 4, 16, 64, 256, 1_000, 4_000] as const

/** What scoring costs by the size of a batch. */
export const inferenceBench: Bench = {
  summary: 'rows/s of the model, by batch size, no broker',
  help: `Scores rows of bench/model (100 trees, 7 features) through the service's own scorer, the hand-over to its thread
included, in batches of ${BATCHES.join(', ')} rows. Fails when a score depends on its batch.
`,
  options: {},
  run: async ({ isQuick, rounds = isQuick ? 1 : ROUNDS, screen }) => {
    const spec = parseModelSpec(readFileSync(join(MODEL, 'model.yaml'), 'utf8'), 'model.yaml')
    const plan = { modelFile: join(MODEL, 'model.onnx'), spec, isQuick }
    const cases = new Cases()
    const problems: string[] = []
    for (let round = 1; round <= rounds; round++) {
      for (const batch of BATCHES) {
        const { usPerRow, cpuUsPerRow, isInvariant } = await timeScorer(plan, batch)
        const figures = {
          rate: 1e6 / usPerRow,
          call: usPerRow * batch,
          row: usPerRow,
          cpu: cpuUsPerRow,
        }
        cases.add(String(batch), figures, batch)
        if (!isInvariant) problems.push(`a batch of ${batch} has other scores than its rows alone`)
      }
      screen.step(`round ${round} of ${rounds}: ${BATCHES.length} batch sizes`)
    }
    return [
      {
        id: 'inference',
        title: 'Scoring',
        how: 'The model of the benchmark, 100 trees over 7 features, one thread of ONNX Runtime.',
        figures: {
          rate: { title: 'rows/s', digits: 0 },
          call: { title: 'µs per call', digits: 0 },
          row: { title: 'µs per row', digits: 2 },
          cpu: { title: 'CPU µs per row, all threads', digits: 2 },
        },
        drawn: ['row', 'call'],
        axis: { label: 'rows in a batch', isLog: true },
        cases: cases.all(),
        problems,
      },
    ]
  },
}
