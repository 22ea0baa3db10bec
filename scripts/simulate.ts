/**
 * Runs seeds of the simulation: see `--help`.
 */
import { parseArgs } from 'node:util'
import { runSeed } from '../test/simulation/run-seed.ts'
import type { SeedResult } from '../test/simulation/run-seed.ts'
import { commandOf, shrink } from '../test/simulation/shrink.ts'
import { FAULTS } from '../test/simulation/world.ts'
import type { Limits } from '../test/simulation/world.ts'

const HELP = `Usage: node scripts/simulate.ts [--seeds N] [--seed S] [--trace] [--json]
                                [--without kind,kind] [--faults N] [--records N]

Runs the production loop over a simulated broker, registry, model and clock, with faults from a seed, and
compares what a read-committed reader sees with a sequential fold over the input log.

  --seeds N   how many seeds (default 1000)
  --seed S    the first one (default: any)
  --trace     prints what happened in each run; best with --seeds 1
  --json      prints the summary as JSON

  --without   kinds of fault that do not happen
  --faults N  no more faults than these
  --records N no more records than these

A failing run is shrunk: with fewer kinds of fault, faults and records while it still fails. Its trace's
end is printed with the command that repeats it.

Exit status: 0 all seeds hold; 1 one does not; 2 wrong usage.
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
  const limits = limitsOf(options)
  if (limits === undefined) return 2
  const startedAt = performance.now()
  const reached = new Map<string, number>()
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed, limits)
    for (const [what, times] of result.reached) reached.set(what, (reached.get(what) ?? 0) + times)
    if (options.trace === true) process.stdout.write(`${result.trace.join('\n')}\n`)
    if (result.failures.length > 0) return fail(result, limits)
    const done = seed - first + 1
    if (done % SHOW_EVERY === 0) process.stderr.write(`${done} of ${count} seeds\n`)
  }
  const seconds = (performance.now() - startedAt) / 1_000
  report({ first, count, seconds, reached }, options.json === true)
  return 0
}

/** Shows a failing run, as small as it can be made unless limits were given. */
async function fail(failing: SeedResult, given: Limits): Promise<number> {
  const isGiven = Object.keys(given).length > 0
  const { limits, result } = isGiven ? { limits: given, result: failing } : await shrink(failing)
  const { seed, failures, records, faults, trace } = result
  process.stdout.write(`${trace.slice(-TRACE_TAIL).join('\n')}\n`)
  process.stdout.write(`seed ${seed}: ${failures[0]} (${records} records, ${faults} faults)\n`)
  process.stdout.write(`again: ${commandOf(seed, limits)}\n`)
  return 1
}

function limitsOf(options: NonNullable<ReturnType<typeof read>>): Limits | undefined {
  const names = options.without?.split(',') ?? []
  const unknown = names.find((name) => !FAULTS.some((kind) => kind === name))
  if (unknown !== undefined) {
    process.stderr.write(`no fault "${unknown}"; there are ${FAULTS.join(', ')}\n`)
    return undefined
  }
  return {
    ...(names.length > 0 && { without: new Set(FAULTS.filter((kind) => names.includes(kind))) }),
    ...(options.faults !== undefined && { faultsMax: Number(options.faults) }),
    ...(options.records !== undefined && { recordsMax: Number(options.records) }),
  }
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
      without: { type: 'string' },
      faults: { type: 'string' },
      records: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return undefined
  }
}
