/**
 * Runs seeds of the simulation: see `--help`.
 */
import { parseArgs } from 'node:util'
import { runSeed } from '../test/simulation/run-seed.ts'

const HELP = `Usage: node scripts/simulate.ts [--seeds N] [--seed S] [--trace] [--json]

Runs the production loop over a simulated broker, registry, model and clock, with faults from a seed, and
compares what a read-committed reader sees with a sequential fold over the input log.

  --seeds N   how many seeds (default 1000)
  --seed S    the first one (default: any)
  --trace     prints what happened in each run; best with --seeds 1
  --json      prints the summary as JSON

Exit status: 0 all seeds hold; 1 one does not (it is printed with the end of its trace); 2 wrong usage.
`
const SHOW_EVERY = 200
const TRACE_TAIL = 60

process.exitCode = await main()

async function main(): Promise<number> {
  const options = read()
  if (options === undefined) return 2
  if (options.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const count = Number(options.seeds ?? (options.trace === true ? 1 : 1_000))
  const first = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))
  const startedAt = performance.now()
  const reached = new Map<string, number>()
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed)
    for (const [what, times] of result.reached) reached.set(what, (reached.get(what) ?? 0) + times)
    if (options.trace === true) process.stdout.write(`${result.trace.join('\n')}\n`)
    if (result.failures.length > 0) {
      const trace = result.trace.slice(-TRACE_TAIL).join('\n')
      process.stdout.write(`${trace}\nseed ${seed}: ${result.failures[0]}\n`)
      process.stdout.write(`again: node scripts/simulate.ts --seed ${seed} --trace\n`)
      return 1
    }
    const done = seed - first + 1
    if (done % SHOW_EVERY === 0) process.stderr.write(`${done} of ${count} seeds\n`)
  }
  const seconds = (performance.now() - startedAt) / 1_000
  report({ first, count, seconds, reached }, options.json === true)
  return 0
}

function report(
  run: {
    readonly first: number
    readonly count: number
    readonly seconds: number
    readonly reached: ReadonlyMap<string, number>
  },
  isJson: boolean,
): void {
  const { first, count, seconds, reached } = run
  const perSecond = count / seconds
  const sorted = [...reached].toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (isJson) {
    const summary = { first, count, seconds, perSecond, reached: Object.fromEntries(sorted) }
    process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`)
    return
  }
  for (const [what, times] of sorted) process.stdout.write(`${what.padEnd(28)} ${times}\n`)
  const rate = perSecond.toFixed(0)
  process.stdout.write(`${count} seeds from ${first} hold, ${rate} seeds/s\n`)
}

function read() {
  try {
    const options = {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return undefined
  }
}
