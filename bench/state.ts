/**
 * Compares what state is taken to weigh with what becomes resident. See `--help`.
 */
import { runCommand } from '../scripts/options.ts'
import type { OptionValues } from '../scripts/options.ts'
import { usual } from './growth/curves.ts'
import type { EngineResult } from './growth/engine.ts'
import { measureEngine } from './growth/point.ts'
import { format } from './progress.ts'

const HELP = `Usage: node bench/state.ts [--json]

Feeds the feature engine alone, each time in a process of its own with the limits of the service (V8's heap, one
arena of the C library), and prints by key: what STATE_BYTES_MAX counts, what is live after a collection of
garbage and what is resident then, both before the windows move on, what is resident at its most, and how many
times what is counted that is.

  --json   prints the results as JSON
  --help   prints this
`
/** Keys and live tiles of each: enough that what V8 keeps for itself is little beside them. */
const LOADS = [
  [1_000_000, 1],
  [1_000_000, 2],
  [1_000_000, 10],
  [100_000, 100],
  [4_000, 1_000],
] as const
/** So that as many events as these come after the tiles, each driving one out. */
const EVENTS = 400_000
const NAMES = ['counted', 'live', 'resident', 'at most']
const OPTIONS = { json: 'flag' } as const

process.exitCode = await runCommand({ help: HELP, options: OPTIONS, run })

async function run({ json }: OptionValues<typeof OPTIONS>): Promise<number> {
  if (!json) process.stdout.write(`${row(['keys', 'tiles', ...NAMES, 'factor', 'at most, MB'])}\n`)
  for (const [keys, tiles] of LOADS) {
    const load = { keys, tiles, rounds: Math.ceil(EVENTS / keys), features: usual(tiles) }
    const result = await measureEngine(load)
    process.stdout.write(`${json ? JSON.stringify({ ...load, ...result }) : told(load, result)}\n`)
  }
  return 0
}

function told(load: { readonly keys: number; readonly tiles: number }, of: EngineResult): string {
  const bytes = [of.estimatedBytes, of.liveBytes, of.residentBytes, of.peakResidentBytes]
  return row([
    format(load.keys),
    format(load.tiles),
    ...bytes.map((each) => format(each / load.keys)),
    (of.peakResidentBytes / of.estimatedBytes).toFixed(2),
    format(of.peakResidentBytes / 1e6),
  ])
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(11)).join(' ')
}
