/**
 * Runs seeds of the simulation: see `--help`.
 */
import { suggestion } from '../src/domain/nearest.ts'
import { unreached } from '../test/simulation/recovery-rows.ts'
import { runSeed } from '../test/simulation/run-seed.ts'
import type { SeedResult } from '../test/simulation/run-seed.ts'
import { commandOf, shrink } from '../test/simulation/shrink.ts'
import { FAULTS } from '../test/simulation/world.ts'
import type { Fault, Limits } from '../test/simulation/world.ts'
import { runCommand, UsageError } from './options.ts'
import type { OptionValues } from './options.ts'

const SHOW_EVERY = 200
const TRACE_TAIL = 60
/** So many seeds meet every kind of fault and every row of the recovery. */
const ALL_REACHED_AFTER = 2_000

const HELP = `Usage: node scripts/simulate.ts [--seeds N] [--seed S] [--trace] [--json]
                                [--without kind,kind] [--faults N] [--records N]

Runs the production loop over a simulated broker, registry, model and clock, with faults from a seed, and
compares what a read-committed reader sees with a sequential fold over the input log. Each seed runs twice,
and must go the same way both times.

  --seeds N   how many seeds (default 1000; 1 with --trace)
  --seed S    the first one (default: any)
  --trace     prints what happened in each run; best with --seeds 1
  --json      prints the summary as JSON

  --without   kinds of fault that do not happen
  --faults N  no more faults than these
  --records N no more records than these

A failing run is shrunk: with fewer kinds of fault, faults and records while it still fails. Its trace's
end is printed with the command that repeats it. From ${ALL_REACHED_AFTER} seeds on, without limits, each kind of fault and
each row of the recovery must have been met.

Exit status: 0 all seeds hold; 1 one does not, or something was not met; 2 wrong usage.
`

const OPTIONS = {
  seeds: 'whole',
  seed: 'whole',
  trace: 'flag',
  json: 'flag',
  without: 'text',
  faults: 'whole',
  records: 'whole',
} as const

type Options = OptionValues<typeof OPTIONS>

/** What a run has come to. */
interface Summary {
  readonly first: number
  readonly count: number
  readonly seconds: number
  /** Of this process, by all its threads. */
  readonly cpuSeconds: number
  readonly reached: ReadonlyMap<string, number>
}

process.exitCode = await runCommand({ help: HELP, options: OPTIONS, run: simulate })

async function simulate(options: Options): Promise<number> {
  const { seeds: count = options.trace ? 1 : 1_000 } = options
  const { seed: first = Math.floor(Math.random() * 2 ** 31) } = options
  const limits = limitsOf(options)
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const reached = new Map<string, number>()
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed, limits)
    for (const [what, times] of result.reached) reached.set(what, (reached.get(what) ?? 0) + times)
    if (options.trace) process.stdout.write(`${result.trace.join('\n')}\n`)
    if (result.failures.length > 0) return fail(result, limits)
    const done = seed - first + 1
    if (done % SHOW_EVERY === 0) process.stderr.write(`${done} of ${count} seeds\n`)
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  report({ first, count, seconds, cpuSeconds: (user + system) / 1e6, reached }, options.json)
  const isAll = count >= ALL_REACHED_AFTER && Object.keys(limits).length === 0
  const missing = isAll ? unreached(reached) : []
  for (const what of missing) process.stderr.write(`never met: ${what}\n`)
  return missing.length === 0 ? 0 : 1
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

function limitsOf({ without, faults, records }: Options): Limits {
  return {
    ...(without !== undefined && { without: new Set(without.split(',').map(kindOf)) }),
    ...(faults !== undefined && { faultsMax: faults }),
    ...(records !== undefined && { recordsMax: records }),
  }
}

function kindOf(name: string): Fault {
  const kind = FAULTS.find((fault) => fault === name)
  if (kind !== undefined) return kind
  throw new UsageError(
    `no fault ${name}${suggestion(name, FAULTS)}; there are ${FAULTS.join(', ')}`,
  )
}

function report({ reached, ...run }: Summary, isJson: boolean): void {
  const { first, count, seconds, cpuSeconds } = run
  const perSecond = count / seconds
  const perCpuSecond = count / cpuSeconds
  const sorted = [...reached].toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (isJson) {
    const summary = { ...run, perSecond, perCpuSecond, reached: Object.fromEntries(sorted) }
    process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`)
    return
  }
  for (const [what, times] of sorted) process.stdout.write(`${what.padEnd(28)} ${times}\n`)
  process.stdout.write(
    `${count} seeds from ${first} hold, each run twice: ${perSecond.toFixed(0)} seeds/s, ` +
      `${perCpuSecond.toFixed(0)} seeds per CPU second\n`,
  )
}
