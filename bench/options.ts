import { parseArgs } from 'node:util'

/** The parts of the benchmark, in the order they run. */
export const PARTS = ['backlog', 'ceiling', 'latency', 'memory'] as const

export type Part = (typeof PARTS)[number]

export interface Options {
  readonly parts: ReadonlySet<Part>
  /** Events of a backlog. */
  readonly events: number
  /** Events of the memory run. */
  readonly memoryEvents: number
  readonly rounds: number
  /** Measured seconds of the latency run, after its warm-up. */
  readonly seconds: number
  /** Events a second of the latency run. */
  readonly rate: number
  readonly isJson: boolean
  readonly isProfiled: boolean
}

/** What was typed cannot be run; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `Usage: node bench/main.ts [options]
       node bench/main.ts peers [options]   the comparison with others: peers --help

Measures the service on a real broker and registry: events a second from a backlog, beside what the
same Kafka client does at most (ceiling); latency at a fixed rate; memory over a long run.

  --only PARTS        comma-separated: ${PARTS.join(', ')}  (default all)
  --events N          events of a backlog               (default 400000)
  --rounds N          rounds of backlog and ceiling     (default 3)
  --rate N            events/s of the latency run       (default 2000)
  --seconds N         measured seconds of that run      (default 20)
  --memory-events N   events of the memory run          (default 2000000)
  --quick             100000 events, 1 round, 10 s, 500000 events for memory
  --profile           writes a CPU profile of each service run to bench/results/
  --json              prints the results as JSON
  --help              prints this

KAFKA_BROKERS and SCHEMA_REGISTRY_URL, both set, are used in place of the testbed.
Exit status: 0 measured, correct and as fast as needed; 1 not so; 2 wrong usage.
`

const DEFAULTS = { events: 400_000, memoryEvents: 2_000_000, rounds: 3, seconds: 20 } as const
const QUICK = { events: 100_000, memoryEvents: 500_000, rounds: 1, seconds: 10 } as const
const RATE_DEFAULT = 2000

/**
 * Reads the command line; `undefined` when help was asked for.
 *
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const typed = parse(args)
  if (typed.help === true) return undefined
  const base = typed.quick === true ? QUICK : DEFAULTS
  return {
    parts: partsOf(typed.only),
    events: whole('--events', typed.events ?? base.events, 10_000),
    memoryEvents: whole('--memory-events', typed['memory-events'] ?? base.memoryEvents, 10_000),
    rounds: whole('--rounds', typed.rounds ?? base.rounds, 1),
    seconds: whole('--seconds', typed.seconds ?? base.seconds, 1),
    rate: whole('--rate', typed.rate ?? RATE_DEFAULT, 1),
    isJson: typed.json === true,
    isProfiled: typed.profile === true,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        events: { type: 'string' },
        rounds: { type: 'string' },
        rate: { type: 'string' },
        seconds: { type: 'string' },
        'memory-events': { type: 'string' },
        quick: { type: 'boolean' },
        profile: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function partsOf(typed: string | undefined): ReadonlySet<Part> {
  if (typed === undefined) return new Set(PARTS)
  const parts = typed.split(',').map((name) => {
    const part = PARTS.find((known) => known === name.trim())
    if (part !== undefined) return part
    throw new UsageError(`--only must name parts of ${PARTS.join(', ')}, got ${name}`)
  })
  return new Set(parts)
}

/** A whole number that was typed, or the default. @throws UsageError */
export function whole(option: string, typed: string | number, least: number): number {
  const value = Number(typed)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new UsageError(`${option} must be a whole number >= ${least}, got ${typed}`)
}
