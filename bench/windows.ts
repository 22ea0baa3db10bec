import { parseModelSpec } from '../src/features/spec.ts'
import type { Bench } from './bench.ts'
import { feedEngine } from './growth/engine.ts'
import { specText } from './growth/model-folder.ts'
import { Cases } from './result.ts'

const ROUNDS = 5
const KEYS = 1_000
/** Of a window of one hour, a minute each. */
const TILES = 60
const OPERATIONS = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'variance',
  'stddev',
  'first',
  'last',
  'seconds_since_previous',
  'distinct',
] as const

/** What each operation costs the feature engine. */
export const windowsBench: Bench = {
  summary: 'what each window operation costs the feature engine, no broker',
  help: `Feeds events of ${KEYS} keys to the feature engine, one feature at a time: a window of an hour with all its ${TILES} tiles
live, an event in each tile, so that every event merges all of them and drives an old one out.
`,
  options: {},
  run: async ({ isQuick, rounds = isQuick ? 1 : ROUNDS, screen }) => {
    const cases = new Cases()
    for (let round = 1; round <= rounds; round++) {
      for (const operation of OPERATIONS) {
        const input =
          operation === 'count' || operation === 'seconds_since_previous'
            ? {}
            : { input_column: 'value' }
        const feature = {
          name: 'feature',
          operation,
          window: '1h',
          tile: '1m',
          default: 0,
          ...input,
        }
        const { default: _default, ...counted } = feature
        const isCount = operation === 'count' || operation === 'distinct'
        const text = specText([isCount ? counted : feature])
        const { tiles, nsPerEvent } = feedEngine(parseModelSpec(text, 'model.yaml'), {
          keys: KEYS,
          tiles: TILES,
          rounds: TILES,
        })
        if (tiles !== KEYS * TILES) throw new Error(`${operation}: ${tiles} tiles are held`)
        cases.add(operation, { ns: nsPerEvent })
      }
      screen.step(`round ${round} of ${rounds}: ${OPERATIONS.length} operations`)
    }
    return [
      {
        id: 'windows',
        title: 'Window operations',
        how: `One feature over one hour, ${TILES} live tiles a key, ${KEYS} keys; the feature engine alone.`,
        figures: { ns: { title: 'CPU, ns per event', digits: 0 } },
        drawn: ['ns'],
        cases: cases.all(),
        problems: [],
      },
    ]
  },
}
